/// The answers to operators' queries as JSON: the one form in which `muster --json` and the HTTP
/// door tell them. docs/cli.md is its reference.
///
/// Fields are only ever added. Tokens are decimal strings, times RFC 3339 in UTC, durations whole
/// milliseconds with the unit in the field's name; what does not exist is null.
#pragma once

#include "event_json.hpp"

#include <muster/messages.hpp>

#include <string_view>
#include <vector>

namespace muster::wire {

class JsonWriter;

void append_topic(JsonWriter& w, const TopicDescription& topic);
void append_group_summary(JsonWriter& w, const GroupSummary& group);
void append_member(JsonWriter& w, const MemberDescription& member, const TopicNameOf& name_of);
void append_owned(JsonWriter& w, const std::vector<OwnedPartitions>& list,
                  const TopicNameOf& name_of);
void append_epoch(JsonWriter& w, const EpochHistory& epoch, const TopicNameOf& name_of);
void append_offset(JsonWriter& w, const CommittedOffset& offset);

/// The fields of a group without its members, into an open object.
void append_group_fields(JsonWriter& w, const GroupDescription& group);

/// {"catalogue_version": …, "topics": […]}
void append_json(JsonWriter& w, const TopicList& list);
void append_json(JsonWriter& w, const GroupList& list);
void append_json(JsonWriter& w, const GroupDescription& group, const TopicNameOf& name_of);
void append_json(JsonWriter& w, std::string_view group, const OffsetList& list);
void append_json(JsonWriter& w, std::string_view group, const HistoryList& list,
                 const TopicNameOf& name_of);

}  // namespace muster::wire
