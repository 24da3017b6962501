#include <muster/core/describe.hpp>
#include <muster/core/view.hpp>

#include "holdings.hpp"
#include "names.hpp"
#include "registry_query.hpp"

#include <algorithm>

namespace muster::core {
namespace {

const View& view_of(Views views, const std::string& group) {
  return *views[shard_of(group, static_cast<std::uint32_t>(views.size()))];
}

const GroupView* find_group(Views views, const GroupId& id) {
  const auto* group = view_of(views, id.value).groups.find(id.value);
  return group == nullptr ? nullptr : group->get();
}

ReplyBody unknown(const GroupId& id) {
  return Refusal{Errc::unknown_group, "group " + quoted(id.value) + " does not exist"};
}

CommittedOffset describe(const OffsetRecord& record) {
  CommittedOffset out;
  out.partition = record.partition;
  out.offset = record.offset;
  out.leader_epoch = record.leader_epoch;
  out.metadata = record.metadata;
  out.committed_at = record.committed_at;
  out.token = record.token;
  return out;
}

struct Answer {
  Views views;

  ReplyBody operator()(const ListTopics& query) const {
    const View& catalogue = *views.front();
    TopicList list;
    list.catalogue_version = catalogue.catalogue_version;
    for_prefix(catalogue.topics, query.prefix,
               [&](const std::shared_ptr<const TopicRecord>& topic) {
                 list.topics.push_back({topic->name, topic->id, topic->partitions});
               });
    return list;
  }

  ReplyBody operator()(const ListGroups& query) const {
    GroupList list;
    for (const auto& view : views)
      for_prefix(view->groups, query.prefix, [&](const std::shared_ptr<const GroupView>& group) {
        list.groups.push_back({group->record->id, group->record->type, group->state,
                               group->record->epoch,
                               static_cast<std::uint32_t>(group->members.size())});
      });
    std::sort(list.groups.begin(), list.groups.end(),
              [](const GroupSummary& a, const GroupSummary& b) { return a.group < b.group; });
    return list;
  }

  ReplyBody operator()(const DescribeGroup& query) const {
    const GroupView* group = find_group(views, query.group);
    if (group == nullptr) return unknown(query.group);
    GroupDescription out = core::describe(*group, view_of(views, query.group.value).term);
    group->members.for_each([&](std::string_view, const MemberView& member) {
      out.members.push_back(core::describe(member));
    });
    return out;
  }

  ReplyBody operator()(const FetchOffsets& query) const {
    const GroupView* group = find_group(views, query.group);
    OffsetList list;
    if (query.partitions.empty() && group != nullptr)
      group->offsets.for_each([&](const TopicPartition&, const auto& record) {
        list.offsets.push_back(describe(*record));
      });
    for (const TopicPartition& partition : query.partitions) {
      const auto* record = group == nullptr ? nullptr : group->offsets.find(partition);
      list.offsets.push_back(record != nullptr ? describe(**record) : CommittedOffset{});
      list.offsets.back().partition = partition;
    }
    name_topics(list);
    return list;
  }

  ReplyBody operator()(const GroupHistory& query) const {
    const GroupView* group = find_group(views, query.group);
    if (group == nullptr) return unknown(query.group);
    HistoryList list;
    if (query.epoch != 0) {
      const auto* entry = group->history.find(query.epoch);
      if (entry == nullptr)
        return Refusal{Errc::unknown_epoch, "epoch " + std::to_string(query.epoch) + " of group " +
                                                quoted(query.group.value) + " is not kept"};
      list.epochs.push_back((*entry)->epoch);
      return list;
    }
    group->history.for_each(
        [&](Epoch, const auto& record) { list.epochs.push_back(record->epoch); });
    std::reverse(list.epochs.begin(), list.epochs.end());
    return list;
  }

  ReplyBody operator()(const ReadEvents& query) const {
    constexpr std::uint32_t most = 10'000;
    if (query.limit < 1 || query.limit > most)
      return Refusal{Errc::out_of_range, "limit " + std::to_string(query.limit) +
                                             " is not within 1 to " + std::to_string(most)};
    EventList list;
    for (std::size_t shard = 0; shard < views.size(); ++shard) {
      std::uint64_t next = shard < query.after.size() ? query.after[shard] : 0;
      views[shard]->events.for_each_from(next + 1, [&](std::uint64_t number, const auto& event) {
        if (list.events.size() >= query.limit) return false;
        next = number;
        if (!query.group || event->group == query.group->value) list.events.push_back(*event);
        return true;
      });
      list.next.push_back(next);
    }
    return list;
  }

  ReplyBody operator()(const ListServices& query) const { return list_services(views, query); }
  ReplyBody operator()(const LookupService& query) const { return look_up(views, query); }
  ReplyBody operator()(const ListNodes& query) const { return list_nodes(views, query); }

  ReplyBody operator()(const ReadMetrics&) const {
    return Refusal{Errc::invalid_request, "metrics are the host's to answer"};
  }

  void name_topics(OffsetList& list) const {
    std::vector<std::pair<TopicId, TopicName>> names;
    views.front()->topics.for_each(
        [&](const std::string&, const auto& topic) { names.emplace_back(topic->id, topic->name); });
    std::sort(names.begin(), names.end());
    for (CommittedOffset& offset : list.offsets) {
      const auto it =
          std::lower_bound(names.begin(), names.end(), offset.partition.topic,
                           [](const auto& entry, const TopicId& id) { return entry.first < id; });
      if (it != names.end() && it->first == offset.partition.topic) offset.topic = it->second;
    }
  }
};

}  // namespace

ShardIndex shard_of(std::string_view name, std::uint32_t shards) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const char c : name) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1'099'511'628'211ULL;
  }
  return static_cast<ShardIndex>(hash % shards);
}

MemberDescription describe(const MemberView& member) {
  const Member& record = *member.record;
  const MemberProfile& profile = record.profile();
  MemberDescription out;
  out.member = MemberId{record.id()};
  if (const auto instance = record.instance()) out.instance = InstanceId{*instance};
  out.client = record.client();
  out.status = record.status();
  out.topics = profile.topics;
  out.session_timeout = profile.session_timeout;
  out.weight = profile.weight;
  out.zone = profile.zone;
  if (member.current) {
    out.member_epoch = member.current->member_epoch;
    out.assigned = owned(member.current->assigned);
    out.revoking = owned(member.current->revoking);
  }
  if (member.target) out.target = member.target->partitions;
  return out;
}

GroupDescription describe(const GroupView& group, Term term) {
  GroupDescription out;
  out.group = group.record->id;
  out.type = group.record->type;
  out.state = group.state;
  out.assignor = group.record->assignor;
  out.epoch = group.record->epoch;
  out.assignment_epoch = group.record->assignment_epoch;
  out.term = term;
  return out;
}

ReplyBody answer(std::span<const std::shared_ptr<const View>> views, const Query& query) {
  return std::visit(Answer{views}, query);
}

}  // namespace muster::core
