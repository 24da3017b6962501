/// `muster top`: an overview that refreshes itself.
#include "backoff.hpp"
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "table.hpp"
#include "text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <thread>
#include <tuple>

namespace muster::cli {
namespace {

constexpr std::string_view home_and_clear = "\033[H\033[J";

/// A group may vanish between the list and its description.
void add_group(Client& client, const GroupId& group, Overview& overview) {
  try {
    overview.groups.push_back(client.ask<GroupDescription>(Query{DescribeGroup{group}}));
  } catch (const Refused& refused) {
    if (refused.errc() != Errc::unknown_group) throw;
  }
}

/// The largest groups, as many as there is room for.
Overview look(Client& client, std::size_t most) {
  Overview out;
  out.server = client.server().text();
  out.server_name = client.broker().server_name;
  out.store_uuid = client.broker().store_uuid;
  out.topics = client.ask<TopicList>(Query{ListTopics{}});
  auto list = client.ask<GroupList>(Query{ListGroups{}});
  out.group_count = list.groups.size();
  std::sort(list.groups.begin(), list.groups.end(),
            [](const GroupSummary& a, const GroupSummary& b) {
              return std::tie(b.members, a.group) < std::tie(a.members, b.group);
            });
  if (list.groups.size() > most) list.groups.resize(most);
  for (const GroupSummary& group : list.groups) add_group(client, group.group, out);
  return out;
}

/// "4 healthy, 1 critical": the statuses that occur, in the ladder's order.
std::string statuses(const GroupDescription& group) {
  std::map<Status, std::size_t> counts;
  for (const MemberDescription& member : group.members) ++counts[member.status];
  std::string out;
  for (const auto& [status, count] : counts)
    out += (out.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(to_string(status));
  return out.empty() ? "-" : out;
}

std::pair<std::size_t, std::size_t> partitions_of(const GroupDescription& group) {
  std::size_t assigned = 0;
  std::size_t revoking = 0;
  for (const MemberDescription& member : group.members) {
    for (const OwnedPartitions& part : member.assigned) assigned += part.partitions.size();
    for (const OwnedPartitions& part : member.revoking) revoking += part.partitions.size();
  }
  return {assigned, revoking};
}

void print(const Overview& overview, std::ostream& out) {
  const std::string broker = overview.server_name.empty() ? "broker" : shown(overview.server_name);
  out << broker << " at " << shown(overview.server) << " · store "
      << shown_or_dash(overview.store_uuid) << " · " << clock_time(wall_now(), wall_now()) << '\n'
      << count_of(overview.topics.topics.size(), "topic") << " · "
      << count_of(overview.group_count, "group");
  if (overview.group_count > overview.groups.size())
    out << ", the largest " << overview.groups.size() << " shown";
  out << "\n\n";
  constexpr auto right = Table::Align::right;
  Table table({{"GROUP"},
               {"STATE"},
               {"EPOCH", right},
               {"MEMBERS", right},
               {"ASSIGNED", right},
               {"REVOKING", right},
               {"STATUSES"}});
  for (const GroupDescription& group : overview.groups) {
    const auto [assigned, revoking] = partitions_of(group);
    table.add({shown(group.group.value), std::string(to_string(group.state)),
               std::to_string(group.epoch), std::to_string(group.members.size()),
               std::to_string(assigned), std::to_string(revoking), statuses(group)});
  }
  table.print(out);
}

void show(const Overview& overview, bool first, Context& context) {
  if (context.json) {
    context.out << json(overview) << '\n';
  } else {
    if (context.terminal)
      context.out << home_and_clear;
    else if (!first)
      context.out << '\n';
    print(overview, context.out);
  }
  if (!context.out.flush()) throw Failure(Exit::output_failed, "the output could not be written");
}

}  // namespace

void run(const Top& command, Context& context) {
  std::optional<Client> client(context.connection);
  Backoff backoff;
  for (std::uint64_t round = 0; command.rounds == 0 || round < command.rounds;) {
    try {
      if (!client) client.emplace(context.connection);
      show(look(*client, command.groups), round == 0, context);
      backoff.reset();
      if (++round != command.rounds) std::this_thread::sleep_for(command.every);
    } catch (const Lost& lost) {
      // Rounds are counted by scripts, which want to know; whoever watches wants to go on watching.
      if (command.rounds != 0) throw;
      context.notes << "muster: " << lost.what() << "; trying again" << std::endl;
      client.reset();
      backoff.sleep();
    }
  }
}

}  // namespace muster::cli
