/// The `--json` output: one document for each answer. docs/cli.md lists the fields; they are never
/// renamed or dropped within a major version, others may be added.
///
/// 64-bit tokens are decimal strings, times RFC 3339 in UTC, durations whole milliseconds with the
/// unit in the field's name. Text that is no UTF-8 has U+FFFD in place of each odd byte.
#pragma once

#include "exit.hpp"
#include "names.hpp"

#include <muster/messages.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace muster::cli {

[[nodiscard]] std::string json(const TopicList& list);
[[nodiscard]] std::string json(const TopicDescription& topic);
[[nodiscard]] std::string json(const std::string& topic, const TopicChanged& changed);
[[nodiscard]] std::string json(const Done& done);
[[nodiscard]] std::string json(const GroupList& list);
[[nodiscard]] std::string json(const GroupDescription& group, const TopicNames& names);
/// Only the members of the group.
[[nodiscard]] std::string json_members(const GroupDescription& group, const TopicNames& names);
[[nodiscard]] std::string json(const std::string& group, const OffsetList& list);
[[nodiscard]] std::string json(const std::string& group, const HistoryList& list,
                               const TopicNames& names);
[[nodiscard]] std::string json(const Event& event, const std::string& store_uuid,
                               const TopicNames& names);

[[nodiscard]] std::string json(const ServiceList& list);
[[nodiscard]] std::string json(const ServiceResult& result);
[[nodiscard]] std::string json(const RegisterOk& registered);
[[nodiscard]] std::string json(const NodeList& list);

class Story;
/// Who owns what, in the words of `groups describe`.
[[nodiscard]] std::string json(const Story& story, const TopicNames& names);

struct Sample {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string value;  ///< As printed by the broker.
};
[[nodiscard]] std::string json(const std::vector<Sample>& samples);

/// What `join` tells its command and prints: what the member owns now, and what has just changed.
struct AssignmentChange {
  std::string group;
  std::string member;
  struct Part {
    std::string topic;
    std::vector<PartitionIndex> partitions;
    std::vector<Token> tokens;
    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> owned;
  std::vector<Part> assigned;
  std::vector<Part> revoked;
  std::vector<Part> lost;
};
[[nodiscard]] std::string json(const AssignmentChange& change);

/// One round of `top`.
struct Overview {
  std::string server;
  std::string server_name;
  std::string store_uuid;
  TopicList topics;
  std::vector<GroupDescription> groups;
  std::size_t group_count = 0;
};
[[nodiscard]] std::string json(const Overview& overview);

/// A failure, for standard error.
[[nodiscard]] std::string json_failure(Exit exit, std::string_view code, std::string_view sentence);

}  // namespace muster::cli
