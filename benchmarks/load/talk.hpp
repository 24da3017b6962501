/// The beginning of a conversation with a broker, over a blocking socket: connect, greet, join.
#pragma once

#include <muster/messages.hpp>

#include <cstdint>
#include <string>

namespace muster::load {

/// A connected, blocking socket. Throws with the address.
[[nodiscard]] int connect_to(const std::string& host, std::uint16_t port);

/// Says Hello for a connection whose members are in `group`, and waits for the answer. Throws if it
/// is refused.
void greet(int socket, const std::string& group);

/// Joins, and waits for the answer; pushes that come before it are passed over. Throws if it is
/// refused.
[[nodiscard]] JoinOk join(int socket, const Join& request);

}  // namespace muster::load
