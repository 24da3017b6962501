#include "json.hpp"

#include "story.hpp"
#include "text.hpp"
#include "told.hpp"

#include <answers_json.hpp>
#include <event_json.hpp>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace muster::cli {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

std::string written(const value& document) {
  return shown_json(boost::json::serialize(document));
}

wire::TopicNameOf names_in(const TopicNames& names) {
  return [&names](const TopicId& topic) { return names.find(topic); };
}

value text(std::string_view from) {
  return value(as_utf8(from));
}
value text_or_null(std::string_view from) {
  return from.empty() ? value(nullptr) : text(from);
}
template <class List, class Make>
array each(const List& list, Make make) {
  array out;
  out.reserve(list.size());
  for (const auto& item : list) out.emplace_back(make(item));
  return out;
}

value token_text(Token token) {
  return value(std::to_string(token));
}

object partitions_of(const TopicId& id, const std::vector<PartitionIndex>& partitions,
                     const TopicNames& names) {
  object out;
  out["topic"] = text_or_null(names.find(id));
  out["topic_id"] = hex(id);
  out["partitions"] = each(partitions, [](PartitionIndex p) { return value(p); });
  return out;
}

array owned(const std::vector<OwnedPartitions>& list, const TopicNames& names) {
  return each(list, [&](const OwnedPartitions& part) {
    object out = partitions_of(part.topic, part.partitions, names);
    out["tokens"] = each(part.tokens, token_text);
    return out;
  });
}

object topic_object(const TopicDescription& topic) {
  object out;
  out["topic"] = text(topic.name.value);
  out["topic_id"] = hex(topic.id);
  out["partitions"] = topic.partitions;
  return out;
}

template <class Number>
bool parse_number(const std::string& printed, Number& out) {
  const char* const end = printed.data() + printed.size();
  const auto [stop, error] = std::from_chars(printed.data(), end, out);
  return error == std::errc{} && stop == end;
}

/// Numbers as numbers; JSON has no NaN and no infinity, so those stay text.
value sample_value(const std::string& printed) {
  std::int64_t whole = 0;
  if (parse_number(printed, whole)) return value(whole);
  double number = 0;
  return parse_number(printed, number) && std::isfinite(number) ? value(number) : text(printed);
}

object sample_object(const Sample& sample) {
  object labels;
  for (const auto& [name, label] : sample.labels) labels[as_utf8(name)] = text(label);
  object out;
  out["name"] = text(sample.name);
  out["labels"] = std::move(labels);
  out["value"] = sample_value(sample.value);
  return out;
}

array part_array(const std::vector<AssignmentChange::Part>& parts) {
  return each(parts, [](const AssignmentChange::Part& part) {
    object out;
    out["topic"] = text(part.topic);
    out["partitions"] = each(part.partitions, [](PartitionIndex p) { return value(p); });
    out["tokens"] = each(part.tokens, token_text);
    return out;
  });
}

object overview_group(const GroupDescription& group) {
  object statuses;
  for (const MemberDescription& member : group.members) {
    value& count = statuses[to_string(member.status)];
    count = count.is_null() ? 1 : count.as_int64() + 1;
  }
  object out;
  out["group"] = text(group.group.value);
  out["state"] = to_string(group.state);
  out["epoch"] = group.epoch;
  out["members"] = group.members.size();
  out["statuses"] = std::move(statuses);
  return out;
}

}  // namespace

std::string json(const TopicList& list) {
  return told([&](wire::JsonWriter& w) { wire::append_json(w, list); });
}

std::string json(const TopicDescription& topic) {
  return told([&](wire::JsonWriter& w) { wire::append_topic(w, topic); });
}

std::string json(const std::string& topic, const TopicChanged& changed) {
  object out = topic_object({TopicName(topic), changed.id, changed.partitions});
  out["catalogue_version"] = changed.catalogue_version;
  return written(out);
}

std::string json(const Done&) {
  object out;
  out["done"] = true;
  return written(out);
}

std::string json(const GroupList& list) {
  return told([&](wire::JsonWriter& w) { wire::append_json(w, list); });
}

std::string json(const GroupDescription& group, const TopicNames& names) {
  return told([&](wire::JsonWriter& w) { wire::append_json(w, group, names_in(names)); });
}

std::string json_members(const GroupDescription& group, const TopicNames& names) {
  return told([&](wire::JsonWriter& w) {
    w.open('{');
    w.field("group", group.group.value);
    w.each("members", group.members, [&](const MemberDescription& member) {
      wire::append_member(w, member, names_in(names));
    });
    w.close('}');
  });
}

std::string json(const std::string& group, const OffsetList& list) {
  return told([&](wire::JsonWriter& w) { wire::append_json(w, group, list); });
}

std::string json(const std::string& group, const HistoryList& list, const TopicNames& names) {
  return told([&](wire::JsonWriter& w) { wire::append_json(w, group, list, names_in(names)); });
}

std::string json(const Event& event, const std::string& store_uuid, const TopicNames& names) {
  std::string out;
  wire::append_event_json(out, event, store_uuid, names_in(names));
  return shown_json(out);
}

std::string json(const Story& story, const TopicNames& names) {
  const auto held = [](const Story::Member& member, bool revoking) {
    std::vector<OwnedPartitions> out;
    for (const auto& [partition, holding] : member.partitions) {
      if (holding.revoking != revoking) continue;
      if (out.empty() || out.back().topic != partition.topic)
        out.push_back({partition.topic, {}, {}});
      out.back().partitions.push_back(partition.partition);
      out.back().tokens.push_back(holding.token);
    }
    return out;
  };
  object out;
  out["groups"] = each(story.groups(), [&](const auto& group) {
    object one;
    one["group"] = text(group.first);
    one["members"] = each(group.second, [&](const auto& member) {
      object who;
      who["member"] = text(member.first);
      who["status"] = to_string(member.second.status);
      who["assigned"] = owned(held(member.second, false), names);
      who["revoking"] = owned(held(member.second, true), names);
      return who;
    });
    return one;
  });
  return written(out);
}

std::string json(const std::vector<Sample>& samples) {
  object out;
  out["metrics"] = each(samples, sample_object);
  return written(out);
}

std::string json(const AssignmentChange& change) {
  object out;
  out["group"] = text(change.group);
  out["member"] = text(change.member);
  out["owned"] = part_array(change.owned);
  out["assigned"] = part_array(change.assigned);
  out["revoked"] = part_array(change.revoked);
  out["lost"] = part_array(change.lost);
  return written(out);
}

std::string json(const Overview& overview) {
  object out;
  out["server"] = overview.server;
  out["server_name"] = text(overview.server_name);
  out["store_uuid"] = text(overview.store_uuid);
  out["topics"] = overview.topics.topics.size();
  out["group_count"] = overview.group_count;
  out["groups"] = each(overview.groups, overview_group);
  return written(out);
}

std::string json_failure(Exit exit, std::string_view code, std::string_view sentence) {
  object failure;
  failure["exit"] = static_cast<int>(exit);
  failure["code"] = text_or_null(code);
  failure["message"] = text(sentence);
  object out;
  out["error"] = std::move(failure);
  return written(out);
}

}  // namespace muster::cli
