/// The beginning of a conversation with a broker, over a blocking socket: connect, greet, join.
#pragma once

#include "fleet.hpp"

#include <codec.hpp>

#include <muster/messages.hpp>

#include <cstdint>
#include <span>
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
/// The same for an instance.
[[nodiscard]] RegisterOk enrol(int socket, const Register& request);

/// For Traffic::cut, where every answer is of one kind: frames of other kinds are pushes, and
/// passed over; a refusal throws.
[[nodiscard]] Cut cut_answer(std::uint32_t connection, std::span<const std::byte> bytes,
                             wire::Kind answer);

}  // namespace muster::load
