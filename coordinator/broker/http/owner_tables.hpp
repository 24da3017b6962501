/// Who owns each partition of a topic in a group: a group's picture turned round, once for all who
/// ask.
#pragma once

#include <muster/core/view.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace muster::broker::http {

struct OwnerTable {
  struct Grant {
    std::int32_t owner = -1;  ///< Among the owners; -1: nobody.
    bool revoking = false;    ///< It is asked back, and not yet released.
    Token token = 0;
  };
  struct Owner {
    core::Shared<const core::Member> member;
    Epoch epoch = 0;
  };
  std::vector<Owner> owners;
  std::vector<Grant> grants;  ///< By partition.
};

[[nodiscard]] OwnerTable turn_round(const core::GroupView& group, const core::TopicRecord& topic);

/// Threads: on one loop. The tables asked for last are kept.
class OwnerTables {
 public:
  static constexpr std::size_t most = 32;

  /// `index`: of the group; a table of another index is made anew.
  [[nodiscard]] std::shared_ptr<const OwnerTable> find(const core::GroupView& group,
                                                       std::uint64_t index,
                                                       const core::TopicRecord& topic) const;
  std::shared_ptr<const OwnerTable> make(const core::GroupView& group, std::uint64_t index,
                                         const core::TopicRecord& topic);

 private:
  struct Entry {
    std::string group;
    TopicId topic;
    std::int32_t partitions = 0;
    std::uint64_t index = 0;
    std::shared_ptr<const OwnerTable> table;
  };
  std::list<Entry> entries_;  // made last, first
};

}  // namespace muster::broker::http
