/// `muster groups offsets` and `muster offsets`: what a group has committed, and how an operator
/// sets it.
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "table.hpp"
#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <ostream>

namespace muster::cli {
namespace {

const TopicDescription& find(const TopicList& list, const std::string& name) {
  const auto it =
      std::find_if(list.topics.begin(), list.topics.end(),
                   [&](const TopicDescription& topic) { return topic.name.value == name; });
  if (it == list.topics.end()) throw Failure(Exit::refused, "there is no topic " + shown(name));
  return *it;
}

std::vector<PartitionIndex> partitions_of(const TopicRanges& part, const TopicDescription& topic) {
  if (part.partitions) return *part.partitions;
  std::vector<PartitionIndex> all(static_cast<std::size_t>(topic.partitions));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Calls f(topic partition, the part that names it) in the order of the command line.
template <class F>
void for_each_partition(Client& client, const std::vector<TopicRanges>& parts, F f) {
  const auto list = client.ask<TopicList>(Query{ListTopics{}});
  for (const TopicRanges& part : parts) {
    const TopicDescription& topic = find(list, part.topic);
    for (const PartitionIndex p : partitions_of(part, topic)) f(TopicPartition{topic.id, p}, part);
  }
}

void alter(Client& client, const AlterOffsets& request, const char* verb, Context& context) {
  const auto done = client.ask<Done>(Request{request});
  if (context.json)
    context.out << json(done) << '\n';
  else
    context.out << count_of(request.offsets.size(), "offset") << " of group "
                << shown(request.group.value) << ' ' << verb << '\n';
}

void print_table(const OffsetList& list, std::ostream& out) {
  constexpr auto right = Table::Align::right;
  Table table({{"TOPIC"},
               {"PARTITION", right},
               {"OFFSET", right},
               {"COMMITTED"},
               {"TOKEN", right},
               {"METADATA"}});
  const Wall now = wall_now();
  for (const CommittedOffset& offset : list.offsets) {
    const bool none = offset.offset < 0;
    table.add({offset.topic.empty() ? hex(offset.partition.topic) : shown(offset.topic.value),
               std::to_string(offset.partition.partition),
               none ? "-" : std::to_string(offset.offset), clock_time(offset.committed_at, now),
               offset.token == 0 ? "-" : std::to_string(offset.token),
               shown_or_dash(offset.metadata)});
  }
  table.print(out);
}

}  // namespace

std::optional<TopicRanges> parse_topic_ranges(std::string_view text, bool with_offset) {
  TopicRanges out;
  if (with_offset) {
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view number = text.substr(equals + 1);
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), out.offset);
    if (error != std::errc{} || end != number.data() + number.size() || out.offset < 0)
      return std::nullopt;
    text = text.substr(0, equals);
  }
  const std::size_t colon = text.find(':');
  out.topic = text.substr(0, colon);
  if (out.topic.empty()) return std::nullopt;
  if (colon == std::string_view::npos) return out;
  out.partitions = parse_ranges(text.substr(colon + 1));
  return out.partitions ? std::optional(out) : std::nullopt;
}

void run(const GroupsOffsets& command, Context& context) {
  Client client(context.connection);
  FetchOffsets query{GroupId(command.group), {}};
  if (!command.only.empty())
    for_each_partition(client, command.only, [&](const TopicPartition& p, const TopicRanges&) {
      query.partitions.push_back(p);
    });
  const auto list = client.ask<OffsetList>(Query{query});
  if (context.json)
    context.out << json(command.group, list) << '\n';
  else
    print_table(list, context.out);
}

void run(const OffsetsSet& command, Context& context) {
  Client client(context.connection);
  AlterOffsets request{GroupId(command.group), {}};
  for_each_partition(client, command.offsets,
                     [&](const TopicPartition& p, const TopicRanges& part) {
                       OffsetCommit commit;
                       commit.partition = p;
                       commit.offset = part.offset;
                       commit.metadata = command.metadata;
                       request.offsets.push_back(std::move(commit));
                     });
  alter(client, request, "set", context);
}

void run(const OffsetsDelete& command, Context& context) {
  Client client(context.connection);
  AlterOffsets request{GroupId(command.group), {}};
  for_each_partition(client, command.partitions, [&](const TopicPartition& p, const TopicRanges&) {
    OffsetCommit removal;
    removal.partition = p;
    request.offsets.push_back(std::move(removal));
  });
  alter(client, request, "deleted", context);
}

}  // namespace muster::cli
