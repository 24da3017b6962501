/// One handler per message, each in the file of its name. A message without a handler does not
/// link.
#pragma once

#include "turn.hpp"

#include <muster/core/effects.hpp>
#include <muster/messages.hpp>

namespace muster::core {

void handle(Turn& turn, const Join& join);
void handle(Turn& turn, const Resume& resume);
void handle(Turn& turn, const Pong& pong);
void handle(Turn& turn, const Release& release);
void handle(Turn& turn, const Update& update);
void handle(Turn& turn, const Leave& leave);
void handle(Turn& turn, const Commit& commit);
void handle(Turn& turn, const CreateTopic& create);
void handle(Turn& turn, const GrowTopic& grow);
void handle(Turn& turn, const Stopping& stopping);
void handle(Turn& turn, const DeleteTopic& remove);
void handle(Turn& turn, const AlterOffsets& alter);
void handle(Turn& turn, const DeleteGroup& remove);
void handle(Turn& turn, const ExpelMember& expel);
void handle(Turn& turn, const AlterGroup& alter);
void handle(Turn& turn, const Register& request);
void handle(Turn& turn, const BeatInstance& beat);
void handle(Turn& turn, const Report& report);
void handle(Turn& turn, const Deregister& request);
void handle(Turn& turn, const SetMaintenance& request);
void handle(Turn& turn, const EndProtection& request);
void handle(Turn& turn, const RegisterNode& request);
void handle(Turn& turn, const BeatNode& beat);
void handle(Turn& turn, const DeregisterNode& request);

void handle(Turn& turn, const Loaded& loaded, Parts& parts);
void handle(Turn& turn, const Tick& tick, Parts& parts);
void handle(Turn& turn, const Woke& woke);
void handle(Turn& turn, const CatalogueChange& change);
void handle(Turn& turn, const NodesChange& change);
void handle(Turn& turn, const Probed& probed);

/// The part of a heartbeat that is not routine: it ended a status, was the first in this run, or
/// found no progress for too long. The routine part is in shard.cpp.
void handle_notable(Turn& turn, const Heartbeat& beat, std::uint32_t slot);

/// The slot of a member's handle; refuses the request if it is not bound to its connection.
[[nodiscard]] std::optional<std::uint32_t> session_of(Turn& turn, SessionHandle handle);
/// The same, whoever's session it is.
[[nodiscard]] std::optional<std::uint32_t> any_session_of(Turn& turn, SessionHandle handle);

/// A member that has moved on to a newer connection says nothing on an older one any more: what
/// comes from there was sent before. Refuses it. True: that is so.
[[nodiscard]] bool said_before(Turn& turn, std::uint32_t slot);

/// True if the setting is within its bounds; refuses the request otherwise.
[[nodiscard]] bool within(Turn& turn, std::string_view setting, Millis value, Millis least,
                          Millis most);

/// Refuses names of topics that break the rule, and too many of them. True: all is well.
[[nodiscard]] bool valid_subscription(Turn& turn, const std::vector<TopicName>& topics);

/// Waits for a catalogue that this shard has not seen yet. True: it is parked, do nothing.
[[nodiscard]] bool parked_for_catalogue(Turn& turn, std::uint64_t version);

}  // namespace muster::core
