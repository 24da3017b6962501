/// Groups: who is in them, what they have, and why.
#include "door_parts.hpp"
#include "handlers.hpp"
#include "lookup.hpp"

#include <muster/core/describe.hpp>
#include <muster/core/view.hpp>

#include <answers_json.hpp>
#include <json_writer.hpp>

#include <algorithm>

namespace muster::broker::http {
namespace {

using GroupPtr = std::shared_ptr<const core::GroupView>;

/// A group in its shard's picture.
struct Found {
  std::shared_ptr<const core::View> view;
  const core::GroupView* group = nullptr;
};

Found find(const Call& call) {
  const std::string& name = call.captures.front();
  Found out;
  out.view = call.host.view(core::shard_of(name, call.host.shards()));
  if (const auto* const group = out.view->groups.find(name)) out.group = group->get();
  return out;
}

Response unknown(const Call& call) {
  ReplyBody body =
      core::answer(call.host.views(), DescribeGroup{GroupId(std::string(call.captures.front()))});
  const auto* const refusal = std::get_if<Refusal>(&body);
  return failure(Errc::unknown_group, refusal != nullptr ? refusal->message : "it was not there");
}

Lookup lookup_of(const Call& call, const Found& found) {
  Lookup out;
  out.version = {nullptr, found.view->revision, call.host.view(0)->catalogue_version};
  out.subject = Subject{Subject::Kind::group, call.captures.front()};
  out.index = group_index(*found.group);
  return out;
}

wire::TopicNameOf names_of(Call& call) {
  TopicNames& names = call.loop.topic_names;
  names.update(*call.host.view(0));
  return [&names](const TopicId& id) { return names.find(id); };
}

std::string parameter_or(const Call& call, std::string_view name, std::string fallback = {}) {
  const std::string* const value = call.parameter(name);
  return value == nullptr ? fallback : *value;
}

GroupSummary summary_of(const core::GroupView& group) {
  return {group.record->id, group.record->type, group.state, group.record->epoch,
          static_cast<std::uint32_t>(group.members.size())};
}

/// One more than `limit`, if there are more.
GroupList page_of_groups(const Call& call, std::uint64_t limit) {
  const std::string prefix = parameter_or(call, "prefix");
  const std::string after = parameter_or(call, "after");
  GroupList page;
  for (const auto& view : call.host.views()) {
    std::uint64_t taken = 0;
    view->groups.for_each_from(std::max(prefix, after),
                               [&](const std::string& name, const GroupPtr& group) {
                                 if (name == after) return true;
                                 if (!name.starts_with(prefix) || taken++ > limit) return false;
                                 page.groups.push_back(summary_of(*group));
                                 return true;
                               });
  }
  std::sort(page.groups.begin(), page.groups.end(),
            [](const GroupSummary& a, const GroupSummary& b) { return a.group < b.group; });
  if (page.groups.size() > limit + 1) page.groups.resize(limit + 1);
  return page;
}

/// The partitions with offsets from the `from`th on, one more than `limit`, if there are more; of
/// one topic, if one is asked for.
std::vector<TopicPartition> page_of_offsets(const Call& call, const core::GroupView& group,
                                            std::uint64_t from, std::uint64_t limit) {
  std::vector<TopicPartition> page;
  TopicPartition first;
  const std::string* const topic = call.parameter("topic");
  if (topic != nullptr) {
    const auto catalogue = call.host.view(0);
    const auto* const found = catalogue->topics.find(*topic);
    if (found == nullptr) return page;
    first.topic = (*found)->id;
  }
  std::uint64_t passed = 0;
  group.offsets.for_each_from(first, [&](const TopicPartition& partition, const auto&) {
    if (topic != nullptr && partition.topic != first.topic) return false;
    if (passed++ < from) return true;
    page.push_back(partition);
    return page.size() <= limit;
  });
  return page;
}

/// The members from `after` on, into an open object, with `next` if there are more.
void append_members(Call& call, wire::JsonWriter& w, const core::GroupView& group,
                    std::uint64_t limit) {
  const std::string after = parameter_or(call, "after");
  const auto name_of = names_of(call);
  std::string last;
  bool more = false;
  std::uint64_t taken = 0;
  w.key("members");
  w.open('[');
  group.members.for_each_from(std::string_view{after},
                              [&](std::string_view id, const core::MemberView& member) {
                                if (!after.empty() && id == after) return true;
                                if ((more = taken++ == limit)) return false;
                                wire::append_member(w, core::describe(member), name_of);
                                last = id;
                                return true;
                              });
  w.close(']');
  if (more) w.field("next", last);
}

Outcome answer_members(Call& call, bool with_group) {
  const Found found = find(call);
  if (found.group == nullptr) return unknown(call);
  const auto limit = page_limit(call);
  if (const auto* const wrong = std::get_if<Response>(&limit)) return *wrong;
  return answer_lookup(call, lookup_of(call, found), [&] {
    std::string body;
    wire::JsonWriter w(body);
    w.open('{');
    if (with_group) {
      wire::append_group_fields(w, core::describe(*found.group, found.view->term));
    } else {
      w.field("group", found.group->record->id.value);
    }
    append_members(call, w, *found.group, std::get<std::uint64_t>(limit));
    w.close('}');
    return body;
  });
}

}  // namespace

Outcome list_groups(Call& call) {
  const auto limit = page_limit(call);
  if (const auto* const wrong = std::get_if<Response>(&limit)) return *wrong;
  Lookup lookup;
  for (const auto& view : call.host.views()) lookup.version.number += view->revision;
  return answer_lookup(call, std::move(lookup), [&] {
    GroupList page = page_of_groups(call, std::get<std::uint64_t>(limit));
    const bool more = page.groups.size() > std::get<std::uint64_t>(limit);
    if (more) page.groups.pop_back();
    std::string body;
    wire::JsonWriter w(body);
    w.open('{');
    w.each("groups", page.groups,
           [&](const GroupSummary& group) { wire::append_group_summary(w, group); });
    if (more) w.field("next", page.groups.back().group.value);
    w.close('}');
    return body;
  });
}

Outcome get_group(Call& call) {
  return answer_members(call, true);
}

Outcome list_members(Call& call) {
  return answer_members(call, false);
}

Outcome list_offsets(Call& call) {
  const Found found = find(call);
  if (found.group == nullptr) return unknown(call);
  Lookup lookup = lookup_of(call, found);
  lookup.subject.reset();  // its index does not rise with commits
  lookup.index = 0;
  const auto limit = page_limit(call);
  if (const auto* const wrong = std::get_if<Response>(&limit)) return *wrong;
  const auto from = number_parameter(call, "from", 0, 0, UINT32_MAX);
  if (const auto* const wrong = std::get_if<Response>(&from)) return *wrong;
  return answer_lookup(call, std::move(lookup), [&] {
    const GroupId group(std::string(call.captures.front()));
    const auto begin = std::get<std::uint64_t>(from);
    const auto most = std::get<std::uint64_t>(limit);
    FetchOffsets query{group, page_of_offsets(call, *found.group, begin, most)};
    const bool more = query.partitions.size() > most;
    if (more) query.partitions.pop_back();
    OffsetList list;  // a query without partitions would mean all of them
    if (!query.partitions.empty())
      list = std::get<OffsetList>(core::answer(call.host.views(), query));
    std::string body;
    wire::JsonWriter w(body);
    w.open('{');
    w.field("group", group.value);
    w.key("offsets");
    w.open('[');
    for (const CommittedOffset& offset : list.offsets) wire::append_offset(w, offset);
    w.close(']');
    if (more) w.field("next", begin + most);
    w.close('}');
    return body;
  });
}

Outcome get_why(Call& call) {
  const Found found = find(call);
  if (found.group == nullptr) return unknown(call);
  const auto epoch = number_parameter(call, "epoch", 0, 1, INT32_MAX);
  if (const auto* const wrong = std::get_if<Response>(&epoch)) return *wrong;
  const GroupHistory query{GroupId(std::string(call.captures.front())),
                           static_cast<Epoch>(std::get<std::uint64_t>(epoch))};
  ReplyBody reply;
  if (query.epoch != 0) {
    reply = core::answer(call.host.views(), query);
    if (const auto* const refusal = std::get_if<Refusal>(&reply))
      return failure(refusal->code, refusal->message);
  }
  return answer_lookup(call, lookup_of(call, found), [&] {
    if (query.epoch == 0) reply = core::answer(call.host.views(), query);
    std::string body;
    wire::JsonWriter w(body);
    const auto* const history = std::get_if<HistoryList>(&reply);
    wire::append_json(w, query.group.value, history != nullptr ? *history : HistoryList{},
                      names_of(call));
    return body;
  });
}

}  // namespace muster::broker::http
