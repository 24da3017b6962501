#include "view_directory.hpp"

#include "address.hpp"
#include "name.hpp"

#include <algorithm>

namespace muster::broker::dns {
/// Revisions are durable and only rise, so their sum does, too.
ViewDirectory::ViewDirectory(Views views, OwnerTables& owners)
    : views_(std::move(views)), owners_(owners) {
  for (const auto& view : views_) picture_ += view->revision;
}

/// Of a service whose statuses are still those of the run before, what there is is told; but it is
/// not said that there is nothing.
Directory::Service ViewDirectory::service(std::string_view name) const {
  const auto* const found = of(name).services.find(name);
  if (found == nullptr) return {};
  const core::ServiceView& service = **found;
  return {service.sure ? Known::yes : Known::unsure, service.record->index, &service};
}

void ViewDirectory::instances(const Service& service, const Filter& filter,
                              std::vector<Endpoint>& out) const {
  const auto& view = *static_cast<const core::ServiceView*>(service.source);
  out.reserve(view.instances.size());
  view.instances.for_each([&](std::string_view, const core::InstanceView& instance) {
    const core::InstanceRecord& record = *instance.record;
    const core::Choice choice = core::choice_of(record, view.is_protected());
    if (choice == core::Choice::withheld) return;
    const auto is_tag = [&](const std::string& tag) { return same_letters(tag, filter.tag); };
    if (!filter.tag.empty() && std::ranges::none_of(record.info.tags, is_tag)) return;
    if (!filter.zone.empty() && !same_letters(record.info.zone, filter.zone)) return;
    out.push_back({record.id.value, record.info.address, record.info.port, record.info.weight,
                   static_cast<std::uint8_t>(choice), &record});
  });
}

std::vector<std::string> ViewDirectory::texts(const Endpoint& instance) const {
  const auto& record = *static_cast<const core::InstanceRecord*>(instance.source);
  std::vector<std::string> out{"instance=" + record.id.value};
  if (!record.info.zone.empty()) out.push_back("zone=" + record.info.zone);
  for (const MetaEntry& entry : record.info.meta) out.push_back(entry.key + "=" + entry.value);
  return out;
}

Directory::Node ViewDirectory::node(std::string_view name) const {
  const auto* const found = of(name).nodes.find(name);
  if (found == nullptr) return {};
  const core::NodeRecord& record = *found->record;
  Node node{Known::yes, record.address, {"status=" + std::string{to_string(record.status)}}};
  if (!record.zone.empty()) node.texts.push_back("zone=" + record.zone);
  return node;
}

Known ViewDirectory::group(std::string_view group) const {
  return find_group(std::string{group}) != nullptr ? Known::yes : Known::no;
}

Known ViewDirectory::topic(std::string_view group, std::string_view topic) const {
  const bool known = views_[0]->topics.find(topic) != nullptr;
  return known ? this->group(group) : Known::no;
}

Directory::Owner ViewDirectory::owner(std::string_view group, std::string_view topic,
                                      PartitionIndex partition) const {
  const std::string name{group};
  const auto* const found = find_group(name);
  const auto* const record = views_[0]->topics.find(topic);
  if (found == nullptr || record == nullptr || partition >= (*record)->partitions) return {};
  const TopicPartition wanted{(*record)->id, partition};
  const OwnerTables::Found holder =
      owners_.find(name, *found, wanted, OwnerTables::Effort::bounded);
  Owner owner;
  owner.known = holder.unsure ? Known::unsure : Known::yes;
  if (holder.member == nullptr) return owner;
  owner.owned = true;
  const core::Member& member = *holder.member->record;
  const HostPort at = split_host_port(member.address());
  owner.address = at.host;
  owner.port = at.port;
  const Holding held = holding_of(*holder.member, wanted);
  owner.texts = {"member=" + std::string{member.id()}, "address=" + std::string{member.address()},
                 "token=" + std::to_string(held.token), "epoch=" + std::to_string(held.epoch),
                 "status=" + std::string{to_string(member.status())}};
  return owner;
}

std::uint32_t ViewDirectory::serial() const {
  return static_cast<std::uint32_t>(picture_);
}

const core::View& ViewDirectory::of(std::string_view name) const {
  return *views_[core::shard_of(name, static_cast<std::uint32_t>(views_.size()))];
}

const std::shared_ptr<const core::GroupView>* ViewDirectory::find_group(
    const std::string& group) const {
  return of(group).groups.find(group);
}

}  // namespace muster::broker::dns
