/// What a member owns, in the application's hand: a partition, its fencing token, and the question
/// "may I still work on it?".
#pragma once

#include <muster/types.hpp>

#include <memory>
#include <string>

namespace muster {

namespace member {
struct Grant;
}

/// One partition as it was granted to this member: a small value, cheap to copy, usable on any
/// thread and after the Member itself is gone (it is then never valid).
class Ownership {
 public:
  Ownership() = default;
  explicit Ownership(std::shared_ptr<const member::Grant> grant) : grant_(std::move(grant)) {}

  [[nodiscard]] const TopicName& topic() const;
  [[nodiscard]] const TopicId& topic_id() const;
  [[nodiscard]] PartitionIndex partition() const;
  [[nodiscard]] TopicPartition topic_partition() const { return {topic_id(), partition()}; }

  /// The fencing token: pass it on with every write to an outside system, which then refuses
  /// whatever carries a lower one. Strictly larger for each later owner of the partition.
  [[nodiscard]] Token token() const;

  /// Whether the work may go on now.
  ///
  /// Gives    false for ever once the grant was revoked and released, was taken away, or the member
  ///          fenced itself: no later than the broker can give the partition to somebody else. It
  ///          compares CLOCK_BOOTTIME with a deadline by itself, so it is right even on a thread
  ///          that wakes up after a suspend before anything else does.
  /// Threads  any; lock-free, a few tens of nanoseconds.
  [[nodiscard]] bool valid() const noexcept;

  /// The same grant: same member, partition and token.
  friend bool operator==(const Ownership&, const Ownership&) = default;

 private:
  std::shared_ptr<const member::Grant> grant_;
};

}  // namespace muster
