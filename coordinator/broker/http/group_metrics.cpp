#include "group_metrics.hpp"

#include "../metrics.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace muster::broker::http {
namespace {

using Type = MetricsText::Type;

struct Row {
  std::string name;
  std::shared_ptr<const core::GroupView> group;
};

/// The first `most` of all shards together: that many of each, sorted and cut.
std::vector<Row> first_groups(const Host& host, std::uint32_t most, std::size_t& all) {
  std::vector<Row> rows;
  for (const auto& view : host.views()) {
    all += view->groups.size();
    std::uint32_t taken = 0;
    view->groups.for_each_from(std::string{}, [&](const std::string& name, const auto& group) {
      if (taken++ == most) return false;
      rows.push_back({name, group});
      return true;
    });
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.name < b.name; });
  if (rows.size() > most) rows.resize(most);
  return rows;
}

/// The newest rebalance that has come to its end; null if none has.
const EpochHistory* last_settled(const core::GroupView& group) {
  const EpochHistory* found = nullptr;
  group.history.for_each([&](Epoch, const auto& record) {
    if (record->epoch.settled.count() >= 0) found = &record->epoch;
  });
  return found;
}

}  // namespace

std::string group_metrics(const Host& host, std::uint32_t most) {
  std::size_t all = 0;
  const std::vector<Row> rows = first_groups(host, most, all);
  MetricsText text;
  const auto family = [&](std::string_view name, Type type, std::string_view help, auto value) {
    text.family(name, type, help);
    for (const Row& row : rows) value(row, MetricsText::Label{"group", row.name});
  };
  family("muster_group_members", Type::gauge, "Members of the group.",
         [&](const Row& row, MetricsText::Label label) {
           text.value(row.group->members.size(), {label});
         });
  family("muster_group_epoch", Type::gauge, "The group's epoch.",
         [&](const Row& row, MetricsText::Label label) {
           text.value(static_cast<std::uint64_t>(row.group->record->epoch), {label});
         });
  family("muster_group_rebalances_total", Type::counter, "Epochs that the group has come to.",
         [&](const Row& row, MetricsText::Label label) {
           text.value(static_cast<std::uint64_t>(row.group->record->epoch), {label});
         });
  family("muster_group_rebalancing", Type::gauge, "1: the members do not yet have their targets.",
         [&](const Row& row, MetricsText::Label label) {
           const bool settled =
               row.group->state == GroupState::stable || row.group->state == GroupState::empty;
           text.value(settled ? 0 : 1, {label});
         });
  family("muster_group_last_rebalance_seconds", Type::gauge,
         "The last finished rebalance: from its target to the last grant.",
         [&](const Row& row, MetricsText::Label label) {
           if (const auto* const last = last_settled(*row.group))
             text.seconds(last->settled, {label});
         });
  family("muster_group_last_rebalance_moved", Type::gauge,
         "Partitions that changed their owner in it.",
         [&](const Row& row, MetricsText::Label label) {
           if (const auto* const last = last_settled(*row.group)) text.value(last->moved, {label});
         });
  text.gauge("muster_groups_without_series",
             "Groups beyond the bound http-metrics-groups, which have no series of their own.",
             all - rows.size());
  return text.take();
}

}  // namespace muster::broker::http
