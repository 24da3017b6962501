#include "target.hpp"

#include "assert.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace muster::core {
namespace {

/// The topics that exist and that some member subscribes to, sorted by id.
std::vector<std::shared_ptr<const TopicRecord>> topics_of(const State& state, const Group& group) {
  std::map<TopicId, std::shared_ptr<const TopicRecord>> topics;
  const MemberProfile* last = nullptr;
  group.members.for_each([&](std::string_view, const MemberView& member) {
    const MemberProfile* profile = &member.record->profile();
    if (profile == last) return;  // most members are alike
    last = profile;
    for (const TopicName& name : profile->topics)
      if (const auto* topic = state.topic(name.value)) topics.emplace((*topic)->id, *topic);
  });
  std::vector<std::shared_ptr<const TopicRecord>> out;
  for (auto& [id, topic] : topics) out.push_back(std::move(topic));
  return out;
}

std::uint32_t index_of(const Layout& layout, const TopicId& id) {
  const auto it =
      std::lower_bound(layout.topics.begin(), layout.topics.end(), id,
                       [](const auto& t, const TopicId& wanted) { return t->id < wanted; });
  return it != layout.topics.end() && (*it)->id == id
             ? static_cast<std::uint32_t>(it - layout.topics.begin())
             : assign::nobody;
}

assign::Member member_of(const Layout& layout, const State& state, const Member& record) {
  assign::Member member;
  for (const TopicName& name : record.profile().topics)
    if (const auto* topic = state.topic(name.value))
      member.topics.push_back(index_of(layout, (*topic)->id));
  std::sort(member.topics.begin(), member.topics.end());
  member.weight = record.status() == Status::maintenance ? 0 : record.profile().weight;
  member.takes_new = takes_new(record) || record.status() == Status::maintenance;
  return member;
}

/// Enters the member's present target as the owner of its slots. True: it names what is gone.
bool place(Layout& layout, assign::MemberIndex index, const TargetRecord& target) {
  const auto& subscribed = layout.problem.members[index].topics;
  bool stale = false;
  for (const TopicPartitions& topic : target.partitions) {
    const std::uint32_t t = index_of(layout, topic.topic);
    if (t == assign::nobody || !std::binary_search(subscribed.begin(), subscribed.end(), t)) {
      stale = true;
      continue;
    }
    for (const PartitionIndex p : topic.partitions) {
      const std::uint32_t slot = layout.first_slot[t] + static_cast<std::uint32_t>(p);
      if (slot < layout.first_slot[t + 1]) {
        layout.problem.owner[slot] = index;
      } else {
        stale = true;
      }
    }
  }
  return stale;
}

/// The member that went and should have owned it, the last one if there were several; or nobody.
std::string former_owner(const Departed& departed, const TopicPartition& where) {
  for (auto it = departed.rbegin(); it != departed.rend(); ++it)
    for (const TopicPartitions& topic : (*it)->partitions)
      if (topic.topic == where.topic &&
          std::binary_search(topic.partitions.begin(), topic.partitions.end(), where.partition))
        return (*it)->member.value;
  return {};
}

}  // namespace

Layout layout_of(const State& state, const Group& group) {
  Layout layout;
  layout.topics = topics_of(state, group);
  layout.first_slot.push_back(0);
  for (const auto& topic : layout.topics) {
    layout.problem.partitions.push_back(topic->partitions);
    layout.first_slot.push_back(layout.first_slot.back() +
                                static_cast<std::uint32_t>(topic->partitions));
  }
  layout.problem.owner.assign(layout.first_slot.back(), assign::nobody);
  group.members.for_each([&](std::string_view, const MemberView& member) {
    const auto index = static_cast<assign::MemberIndex>(layout.members.size());
    layout.members.push_back(&member);
    layout.problem.members.push_back(member_of(layout, state, *member.record));
    layout.held_back = layout.held_back || !layout.problem.members.back().takes_new;
    layout.stale.push_back(member.target && place(layout, index, *member.target));
  });
  return layout;
}

std::vector<NewTarget> new_targets(const Layout& layout, const assign::Plan& plan) {
  std::vector<bool> concerned = layout.stale;
  for (const assign::Change& change : plan.changes) {
    if (change.from != assign::nobody) concerned[change.from] = true;
    if (change.to != assign::nobody) concerned[change.to] = true;
  }
  std::vector<std::vector<TopicPartitions>> lists(layout.members.size());
  for (std::size_t t = 0; t < layout.topics.size(); ++t)
    for (std::uint32_t slot = layout.first_slot[t]; slot < layout.first_slot[t + 1]; ++slot) {
      const assign::MemberIndex owner = plan.owner[slot];
      if (owner == assign::nobody || !concerned[owner]) continue;
      auto& list = lists[owner];
      if (list.empty() || list.back().topic != layout.topics[t]->id)
        list.push_back({layout.topics[t]->id, {}});
      list.back().partitions.push_back(static_cast<PartitionIndex>(slot - layout.first_slot[t]));
    }
  std::vector<NewTarget> out;
  for (std::size_t m = 0; m < lists.size(); ++m)
    if (concerned[m])
      out.push_back({std::string{layout.members[m]->record->id()}, std::move(lists[m])});
  return out;
}

std::vector<Move> moves_of(const Legend& legend, const std::vector<assign::Change>& changes,
                           std::size_t most) {
  std::size_t partitions_left = 1'000;
  std::map<std::tuple<std::string, std::string, std::size_t>, TopicPartitions> moves;
  std::size_t topic = 0;
  for (const assign::Change& change : changes) {
    if (partitions_left == 0) break;
    while (change.slot >= legend.first_slot[topic + 1]) ++topic;
    const TopicPartition where{legend.topics[topic]->id,
                               static_cast<PartitionIndex>(change.slot - legend.first_slot[topic])};
    std::string from = change.from == assign::nobody ? former_owner(legend.departed, where)
                                                     : legend.members[change.from];
    std::string to = change.to == assign::nobody ? std::string{} : legend.members[change.to];
    const auto key = std::tuple{std::move(from), std::move(to), topic};
    auto it = moves.find(key);
    if (it == moves.end()) {
      if (moves.size() == most) continue;
      it = moves.emplace(key, TopicPartitions{where.topic, {}}).first;
    }
    it->second.partitions.push_back(where.partition);
    --partitions_left;
  }
  std::vector<Move> out;
  for (auto& [key, partitions] : moves)
    out.push_back({MemberId{std::get<0>(key)}, MemberId{std::get<1>(key)}, std::move(partitions)});
  return out;
}

bool takes_new(const Member& member) {
  return member.status() == Status::healthy || member.status() == Status::overloaded;
}

const assign::Assignor& assignor_of(const Group& group, const GroupRecord& record) {
  std::string_view chosen = record.settings.assignor;
  std::map<std::string_view, std::uint32_t> votes;
  if (chosen.empty()) {
    group.members.for_each([&](std::string_view, const MemberView& member) {
      const std::string& wanted = member.record->profile().assignor;
      if (!wanted.empty()) ++votes[wanted];
    });
    std::uint32_t most = 0;
    for (const auto& [name, count] : votes)
      if (count > most) {
        most = count;
        chosen = name;
      }
  }
  if (chosen.empty()) chosen = assign::default_assignor;
  const assign::Assignor* assignor = assign::find_assignor(chosen);
  // A stored name may be of an assignor that this version no longer has.
  if (assignor == nullptr) assignor = assign::find_assignor(assign::default_assignor);
  MUSTER_ASSERT(assignor != nullptr, "the default assignor exists");
  return *assignor;
}

}  // namespace muster::core
