/// Record → State: the only code that changes the durable state.
#pragma once

#include "state.hpp"

namespace muster::core {

/// Applies records to the one State it is given. Used for recovery (records from outside, checked)
/// and for every change that a handler emits (the same path).
///
/// It also hands out the slots in which members' sessions live: a member keeps its slot from its
/// record to its tombstone. Slots mean nothing after a restart and never reach an effect.
class Replay {
 public:
  explicit Replay(State& state) : state_(state) {}

  /// Errors: store_corrupt if the value does not fit its key, or belongs to a group or member that
  /// is not there; the state is then unchanged.
  [[nodiscard]] Result<void> apply(const Record& record);

  /// Before the first record of an image: `used` are the slots of its members in their order,
  /// `free` those to be taken later, from the end.
  void expect(Revision revision, std::uint64_t last_event, const std::vector<std::uint32_t>& used,
              const std::vector<std::uint32_t>& free);

  /// Forgets the oldest events beyond so many bytes, but for the last one. It is no record: what
  /// the ring holds follows from the events themselves.
  void bound_events(std::uint64_t most);

  /// Names of groups that changed since the last call; `topics_changed` and so on likewise.
  struct Touched {
    std::set<std::string> groups;
    std::set<std::string> services;
    bool any = false;
    const std::string* last = nullptr;  // of `groups`
  };
  [[nodiscard]] Touched take_touched();
  /// Something beside the records has changed what is seen of this service.
  void touch_service(const std::string& service) {
    touched_.any = true;
    touched_.services.insert(service);
  }

 private:
  [[nodiscard]] Result<void> apply_meta(const Record& record);
  [[nodiscard]] Result<void> apply_topic(const Record& record);
  [[nodiscard]] Result<void> apply_group(const Record& record);
  [[nodiscard]] Result<void> apply_member(const Record& record);
  [[nodiscard]] Result<void> apply_target(const Record& record);
  [[nodiscard]] Result<void> apply_current(const Record& record);
  [[nodiscard]] Result<void> apply_offset(const Record& record);
  [[nodiscard]] Result<void> apply_history(const Record& record);
  [[nodiscard]] Result<void> apply_silence(const Record& record);
  [[nodiscard]] Result<void> apply_event(const Record& record);
  // replay_registry.cpp
  [[nodiscard]] Result<void> apply_service(const Record& record);
  [[nodiscard]] Result<void> apply_instance(const Record& record);
  [[nodiscard]] Result<void> apply_node(const Record& record);
  [[nodiscard]] Result<void> apply_departed(const Record& record);

  // Records of one group come one after another: it looks first whether it is the last one.
  void touch(const RecordKey& key);
  Group* find_group(const std::string& id);
  std::uint32_t take_slot();
  void give_back(std::uint32_t slot);
  Service* find_service(const std::string& name);
  [[nodiscard]] Result<void> put_instance(Service& service,
                                          const std::shared_ptr<const InstanceRecord>& value,
                                          const RecordKey& key);
  [[nodiscard]] Result<void> put_member(Group& group, const MemberRecord& value,
                                        const RecordKey& key);
  [[nodiscard]] Result<void> erase_member(Group& group, const RecordKey& key);
  void subscribe(Group& group, const std::string& id, const MemberProfile& profile);
  void unsubscribe(Group& group, const std::string& id, const MemberProfile& profile);
  [[nodiscard]] MemberView* change_member(Group& group, const std::string& id);
  static void index_target(Group& group, const TargetRecord& target, std::uint32_t slot,
                           std::uint32_t value);
  static void index_current(Group& group, const CurrentRecord& current, std::uint32_t slot,
                            bool hold);
  static std::vector<Holding>& holdings(Group& group, const TopicId& topic,
                                        const std::vector<PartitionIndex>& partitions);
  void forget_deleted_topics(Group& group);

  State& state_;
  Touched touched_;
};

}  // namespace muster::core
