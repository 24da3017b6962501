/// What one member owns and is giving up: whole steps in, differences for the application out.
///
/// A step is the whole present state; a newer one replaces an older one. The difference to what the
/// member had tells the application what is new, what to stop (Release follows once it has), and
/// what it lost without being asked. No clocks, no frames: session.cpp knows those.
#pragma once

#include "grant.hpp"

#include <muster/messages.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace muster::member {

/// One partition with the token it was granted with.
struct Held {
  TopicPartition partition;
  Token token = 0;
  friend auto operator<=>(const Held&, const Held&) = default;
};

class Holdings {
 public:
  /// What a step changes; each list is sorted by partition.
  struct Difference {
    std::vector<Held> lost;     ///< Taken without a chance to give it up: first of all, stop.
    std::vector<Held> revoked;  ///< Stop, commit, then confirm(ticket).
    std::vector<Held> assigned;
    std::uint32_t ticket = 0;  ///< Of `revoked`; 0 if that is empty.
  };

  /// The step's number is not lower than step(): a repeat (after Resume) is applied like a new one.
  /// `release_until` is by when the broker must know that what the step revokes is released.
  Difference apply(const Step& step, Mono release_until);

  /// The application has given up what it was told of under this ticket. Tickets are never reused,
  /// where the numbers of steps start anew with each membership: so a callback that returns late
  /// confirms nothing that it was not told.
  void confirm(std::uint32_t ticket);
  /// The step to name in a Release now, if there is one that was not named since it was last told:
  /// every partition that it and all steps before it revoke has been given up.
  [[nodiscard]] std::optional<std::uint32_t> take_release();
  /// The broker has answered the Release of this step.
  void release_answered(std::uint32_t step);
  /// From then on the broker may expel the whole member, for not having released; never if it waits
  /// for nothing. A Release that is out changes nothing: it may be lost.
  [[nodiscard]] Mono release_until() const { return release_until_; }

  /// Everything is lost at once; gives what was still held. The number and epoch of the step stay.
  std::vector<Held> clear();
  /// A new member starts: steps are counted anew.
  void start_over();

  /// Whether this token may still be worked and committed with.
  [[nodiscard]] bool holds(const TopicPartition& partition, Token token) const;
  [[nodiscard]] std::vector<Held> held() const;
  [[nodiscard]] std::uint32_t step() const { return step_; }
  [[nodiscard]] Epoch epoch() const { return epoch_; }

 private:
  struct Entry {
    Token token = 0;
    std::uint32_t ticket = 0;  ///< Under which it was asked back; 0: owned.
    std::uint32_t step = 0;    ///< That asked it back.
  };

  std::map<TopicPartition, Entry> entries_;
  Mono release_until_ = never;
  std::vector<std::uint32_t>
      to_release_;  ///< Steps that revoke something and were not released; rising.
  std::uint32_t last_ticket_ = 0;
  std::uint32_t step_ = 0;
  Epoch epoch_ = 0;
};

}  // namespace muster::member
