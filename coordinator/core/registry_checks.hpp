/// What a registration may say. Each refuses the request and gives false if it may not.
#pragma once

#include "turn.hpp"

#include <muster/messages.hpp>

namespace muster::core {

[[nodiscard]] bool valid_registration(Turn& turn, const Register& request);
[[nodiscard]] bool valid_registration(Turn& turn, const RegisterNode& request);
/// An operator's or check's words.
[[nodiscard]] bool valid_words(Turn& turn, const std::string& words);
/// Tags and meta in their order, each once.
[[nodiscard]] InstanceInfo in_order(InstanceInfo info);
/// Whether this principal may change or end what `owner` registered.
[[nodiscard]] bool may_unseat(Turn& turn, const std::string& resource, const std::string& owner);

}  // namespace muster::core
