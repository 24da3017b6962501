#include "view.hpp"

#include <algorithm>

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

std::shared_ptr<ServiceView> picture_of(const Service& service, bool sure) {
  auto view = std::make_shared<ServiceView>();
  view->record = service.record;
  view->instances = service.instances;
  view->departed = service.departed;
  view->counts = service.counts;
  view->tags.reserve(service.tags.size());
  for (const auto& [tag, count] : service.tags) view->tags.push_back(tag);
  view->sure = sure;
  return view;
}

void show_registry(View& view, const Parts& parts, const std::set<std::string>& touched) {
  const RegistryState& registry = parts.state.registry();
  const ShardMeta& meta = parts.state.meta();
  view.nodes = registry.nodes();
  view.names_index = std::max<std::uint64_t>(1, meta.names_index);
  view.absent_index = std::max<std::uint64_t>(1, meta.service_floor);
  view.newest_index = std::max(view.newest_index, view.absent_index);
  for (const std::string& name : touched) {
    if (const Service* service = registry.service(name)) {
      view.services.put(name, picture_of(*service, !parts.registry.unsure.contains(name)));
      view.newest_index = std::max(view.newest_index, service->record->index);
    } else {
      view.services.erase(name);
    }
  }
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
  show_registry(*view, parts, touched.services);
  parts.view = std::move(view);
  return parts.view;
}

}  // namespace muster::core
