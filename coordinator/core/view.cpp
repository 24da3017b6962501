#include "view.hpp"

namespace muster::core {
namespace {

std::shared_ptr<const GroupView> picture_of(const Group& group, const Rebalance& rebalance) {
  auto view = std::make_shared<GroupView>();
  view->record = group.record;
  view->state = state_of(group, rebalance);
  view->members = group.members;
  view->offsets = group.offsets;
  view->history = group.history;
  return view;
}

}  // namespace

GroupState state_of(const Group& group, const Rebalance& rebalance) {
  if (group.members.empty()) return GroupState::empty;
  if (group.record->epoch > group.record->assignment_epoch) return GroupState::assigning;
  return rebalance.unsettled.empty() ? GroupState::stable : GroupState::reconciling;
}

std::shared_ptr<const View> newest_view(Parts& parts) {
  const Replay::Touched touched = parts.replay.take_touched();
  if (parts.view && !touched.any) return parts.view;
  // A reader may still hold the last one: a new object, which shares its chunks.
  auto view = parts.view ? std::make_shared<View>(*parts.view) : std::make_shared<View>();
  const State& state = parts.state;
  view->shard = parts.options.index;
  view->revision = state.revision();
  view->term = state.meta().term;
  view->catalogue_version = state.meta().catalogue_version;
  view->topics = state.topics();
  view->events = state.events();
  for (const std::string& id : touched.groups) {
    if (const Group* group = state.group(id)) {
      view->groups.put(id, picture_of(*group, parts.rebalances.groups[id]));
    } else {
      view->groups.erase(id);
    }
  }
  parts.view = std::move(view);
  return parts.view;
}

}  // namespace muster::core
