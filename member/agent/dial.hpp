/// How agent and guard reach a broker.
#pragma once

#include "../link.hpp"

#include <string>
#include <vector>

namespace muster::agent {

/// Random bits, for jitter.
[[nodiscard]] std::uint64_t random_seed();
/// `servers`: HOST:PORT each, tried in turn. Throws std::invalid_argument if one is not.
[[nodiscard]] member::LinkOptions link_options(const std::vector<std::string>& servers,
                                               const std::string& client_name);

}  // namespace muster::agent
