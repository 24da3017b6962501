/// Who holds each partition of a group: the broker's picture turned round, so that a question does
/// not search all members. One for all doors of a loop.
#pragma once

#include <muster/core/view.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace muster::broker {

/// How a member holds one partition.
struct Holding {
  Token token = 0;
  Epoch epoch = 0;        ///< Of the member at the grant.
  bool revoking = false;  ///< It is asked back, and not yet released: its own until then.
};
/// `partition` is one of the member's.
[[nodiscard]] Holding holding_of(const core::MemberView& member, const TopicPartition& partition);

/// Tables of the groups that were asked for. A table is made when it is needed and used as a hint
/// for as long as it proves right: what it says is looked up in the newest picture. So an answer is
/// true at every moment, however old the table is.
///
/// Threads: one.
class OwnerTables {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Group = std::shared_ptr<const core::GroupView>;

  struct Limits {
    std::size_t groups = 256;
    std::size_t partitions = 4'000'000;  ///< Of all tables, 4 bytes each.
  };
  /// What may be done for an answer. Bounded: making tables takes no more than a tenth of the time;
  /// until the next may be made, the answer is unsure. For who asks where others wait behind it.
  enum class Effort : std::uint8_t { bounded, whatever_it_takes };
  struct Found {
    bool unsure = false;
    const core::MemberView* member = nullptr;  ///< Null: nobody. Lives as long as the group's view.
  };

  OwnerTables(Limits limits, std::function<Time()> now) : limits_(limits), now_(std::move(now)) {}

  [[nodiscard]] Found find(const std::string& name, const Group& group,
                           const TopicPartition& partition, Effort effort);
  [[nodiscard]] std::size_t made() const { return made_; }

 private:
  struct Table {
    Group of;
    std::vector<const core::MemberView*> members;           // in `of`
    std::map<TopicId, std::vector<std::uint32_t>> holders;  // by partition: 1 + place in members
    std::size_t partitions = 0;
    Time next;  // not made anew before

    [[nodiscard]] const core::MemberView* look(const Group& group,
                                               const TopicPartition& partition) const;
    void enter(const std::vector<core::Granted>& grants);
  };

  [[nodiscard]] static Table make(const Group& group);
  void keep(const std::string& name, Table table);

  const Limits limits_;
  const std::function<Time()> now_;
  std::map<std::string, Table> tables_;
  std::size_t partitions_ = 0;
  std::size_t made_ = 0;
};

}  // namespace muster::broker
