/// The naive coordinator's book: what the durable records say, kept as plainly as can be, and every
/// promise that a sequence of records alone can break, checked as each becomes durable.
///
/// It knows nothing of the core's own bookkeeping: it reads records as a stranger would.
#pragma once

#include "witness.hpp"

#include <muster/core/record.hpp>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace muster::sim {

struct BookedMember {
  std::shared_ptr<const core::MemberRecord> record;
  std::shared_ptr<const core::TargetRecord> target;
  std::shared_ptr<const core::CurrentRecord> current;
};

struct BookedGroup {
  std::shared_ptr<const core::GroupRecord> record;
  std::map<std::string, BookedMember> members;
  std::map<TopicPartition, std::shared_ptr<const core::OffsetRecord>> offsets;
  std::map<TopicPartition, std::pair<std::string, Token>> holders;
};

struct BookedShard {
  Revision revision = 0;
  Term term = 0;
  Token newest_token = 0;
  std::uint64_t event = 0;
  std::uint64_t oldest_event = 1;
  Epoch epoch_floor = 0;
  std::uint64_t catalogue = 0;
  std::map<TopicId, std::shared_ptr<const core::TopicRecord>> topics;
  std::map<std::string, BookedGroup> groups;
  // Never forgotten, whatever is deleted.
  std::map<std::string, Epoch> highest_epoch;
  std::map<std::string, std::uint64_t> event_sequence;  // of groups that exist
  std::map<std::pair<std::string, TopicPartition>, Token> highest_token;
};

class Ledger {
 public:
  Ledger(std::uint32_t shards, Witness& witness) : shards_(shards), witness_(witness) {}

  /// Records that have become durable, in order.
  void take(ShardIndex shard, std::span<const core::Record> records);

  [[nodiscard]] const BookedShard& shard(ShardIndex shard) const { return shards_[shard]; }
  [[nodiscard]] const std::vector<BookedShard>& shards() const { return shards_; }
  [[nodiscard]] const BookedGroup* group(const std::string& id) const;
  /// Whether a group of this name is or ever was durable.
  [[nodiscard]] bool was_there(const std::string& group) const;
  [[nodiscard]] const BookedMember* member(const std::string& group, const std::string& id) const;
  [[nodiscard]] Witness& witness() { return witness_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }

  /// Whether this commit has ever become durable.
  [[nodiscard]] bool took_effect(const std::string& group, const TopicPartition& where, Token token,
                                 std::uint32_t sequence) const {
    return effects_.contains(effect(group, where, token, sequence));
  }

  /// An operator has asked for this: from then on such records are no surprise.
  void operator_wrote(const std::string& group, const TopicPartition& where) {
    operators_.insert({group, where});
  }

  /// Called when a member is first asked to give something back.
  std::function<void(ShardIndex, Revision, const std::string& member)> on_revoking;
  /// Called with each durable step, before any of the others.
  std::function<void(std::span<const core::Record>)> on_step;
  /// Called when a note that a member is silent is withdrawn.
  std::function<void(const std::string& member)> on_withdrawn;
  /// Called for each durable event.
  std::function<void(ShardIndex, const Event&)> on_event;

 private:
  struct Step;
  void take_step(ShardIndex shard, std::span<const core::Record> records);
  void take_meta(BookedShard& shard, const core::Record& record);
  void take_topic(BookedShard& shard, const core::Record& record, Step& step);
  void take_group(BookedShard& shard, const core::Record& record, Step& step);
  void take_member(BookedShard& shard, const core::Record& record, Step& step);
  void take_target(BookedShard& shard, const core::Record& record);
  void take_current(ShardIndex index, BookedShard& shard, const core::Record& record);
  void take_offset(BookedShard& shard, const core::Record& record, const Step& step);
  void take_event(ShardIndex index, BookedShard& shard, const core::Record& record, Step& step);
  void check_step(BookedShard& shard, const Step& step);
  void fail(std::string_view invariant, const core::Record& record, const std::string& what);

  std::vector<BookedShard> shards_;
  Witness& witness_;
  std::uint64_t records_ = 0;
  std::set<std::pair<std::string, TopicPartition>> operators_;

  using Effect = std::tuple<std::string, TopicPartition, Token, std::uint32_t>;
  static Effect effect(const std::string& group, const TopicPartition& where, Token token,
                       std::uint32_t sequence) {
    return {group, where, token, sequence};
  }
  std::set<Effect> effects_;
};

/// What a record is about, for people.
[[nodiscard]] std::string describe(const core::RecordKey& key);
[[nodiscard]] std::string describe(const TopicPartition& where);

}  // namespace muster::sim
