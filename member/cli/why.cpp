#include "why.hpp"

#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "table.hpp"
#include "text.hpp"

#include <algorithm>
#include <map>
#include <ostream>
#include <tuple>

namespace muster::cli {
namespace {

constexpr std::size_t pairs_in_a_line = 4;

struct Flow {
  std::string from;
  std::string to;
  std::size_t partitions = 0;
};

/// Moves summed over topics, the largest first.
std::vector<Flow> flows_of(const EpochHistory& epoch) {
  std::map<std::pair<std::string, std::string>, std::size_t> sums;
  for (const Move& move : epoch.moves)
    sums[{move.from.value, move.to.value}] += move.partitions.partitions.size();
  std::vector<Flow> flows;
  flows.reserve(sums.size());
  for (const auto& [pair, sum] : sums) flows.push_back({pair.first, pair.second, sum});
  std::sort(flows.begin(), flows.end(), [](const Flow& a, const Flow& b) {
    return std::tie(b.partitions, a.from, a.to) < std::tie(a.partitions, b.from, b.to);
  });
  return flows;
}

std::string flow_words(const Flow& flow) {
  const std::string from = flow.from.empty() ? " without an owner" : " from " + shown(flow.from);
  const std::string to = flow.to.empty() ? " to nobody" : " to " + shown(flow.to);
  return std::to_string(flow.partitions) + from + to;
}

std::string moves_words(const EpochHistory& epoch) {
  if (epoch.moved == 0) return "nothing moved";
  const auto flows = flows_of(epoch);
  std::string text = count_of(epoch.moved, "partition") + " moved";
  std::size_t told = 0;
  for (std::size_t i = 0; i < flows.size() && i < pairs_in_a_line; ++i) {
    text += (i == 0 ? ": " : ", ") + flow_words(flows[i]);
    told += flows[i].partitions;
  }
  if (told > 0 && told < epoch.moved)
    text += ", " + std::to_string(epoch.moved - told) + " more between others";
  return text;
}

std::string phases_words(const EpochHistory& epoch, bool newest) {
  const bool released = epoch.revoked.count() >= 0;
  const bool settled = epoch.settled.count() >= 0;
  const std::string given_up =
      released && epoch.moved > 0 ? "given up after " + duration(epoch.revoked) + ", " : "";
  if (settled) return given_up + "settled after " + duration(epoch.settled);
  return given_up + (newest ? "not settled yet" : "superseded before it settled");
}

void print_moves(const EpochHistory& epoch, const TopicNames& names, std::ostream& out) {
  if (epoch.moves.empty()) return;
  Table table({{"TOPIC"}, {"PARTITIONS"}, {"FROM"}, {"TO"}});
  std::size_t told = 0;
  for (const Move& move : epoch.moves) {
    const std::string name = names.find(move.partitions.topic);
    table.add({name.empty() ? hex(move.partitions.topic) : shown(name),
               ranges(move.partitions.partitions), shown_or_dash(move.from.value),
               shown_or_dash(move.to.value)});
    told += move.partitions.partitions.size();
  }
  table.print(out);
  if (told < epoch.moved)
    out << "and " << epoch.moved - told << " more: the history keeps no longer list\n";
}

}  // namespace

std::string clause(Reason reason, std::string_view trigger) {
  std::string who = trigger.empty() ? "somebody" : shown(trigger);
  switch (reason) {
    case Reason::none:
      return trigger.empty() ? "no reason was kept" : who;
    case Reason::member_joined:
      return who + " joined";
    case Reason::member_left:
      return who + " left";
    case Reason::session_expired:
      return who + " was silent for its session timeout";
    case Reason::progress_stalled:
      return who + " made no progress within max.poll.interval";
    case Reason::rebalance_timeout:
      return who + " did not give up its partitions in time";
    case Reason::expelled_by_operator:
      return "an operator expelled " + who;
    case Reason::member_fenced_itself:
      return who + " had stopped by itself and came back";
    case Reason::subscription_changed:
      return who + " changed its subscription";
    case Reason::capacity_changed:
      return who + " changed its weight";
    case Reason::status_changed:
      return "the status of " + who + " changed";
    case Reason::topic_created:
      return "topic " + who + " was created";
    case Reason::topic_grown:
      return "topic " + who + " grew";
    case Reason::topic_deleted:
      return "topic " + who + " was deleted";
    case Reason::broker_restarted:
      return "the broker restarted";
    case Reason::restored:
      return "a backup was restored";
    case Reason::operator_request:
      return "an operator asked for " + (trigger.empty() || trigger == "operator" ? "it" : who);
    case Reason::group_deleted:
      return "the group was deleted";
    case Reason::heartbeat_late:
      return "a heartbeat of " + who + " was late";
    case Reason::heartbeats_missed:
      return who + " missed two heartbeats";
    case Reason::heartbeat_resumed:
      return who + " beats again";
    case Reason::broker_stalled:
      return "the broker itself was away";
    case Reason::answers_without_beats:
      return who + " answered but did not beat";
    case Reason::overload_reported:
      return who + " says that it is overloaded";
    case Reason::broker_stopped:
    case Reason::outbox_full:
    case Reason::registered:
    case Reason::reregistered:
    case Reason::replaced:
    case Reason::deregistered:
    case Reason::status_reported:
    case Reason::maintenance_began:
    case Reason::maintenance_ended:
    case Reason::node_dead:
    case Reason::node_changed:
    case Reason::flapping:
    case Reason::steady:
    case Reason::service_silent:
    case Reason::zone_silent:
    case Reason::heard_again:
    case Reason::protection_expired:
    case Reason::protection_ended:
    case Reason::probe_bad:
    case Reason::probes_missed:
    case Reason::probe_passed:
      return std::string(in_words(reason));
    case Reason::static_member_replaced:
      return who + " was replaced by its newer self";
  }
  return who;
}

std::string sentence(const EpochHistory& epoch, bool newest, Wall now) {
  return "epoch " + std::to_string(epoch.epoch) + " · " + clock_time(epoch.started_at, now) +
         " · " + std::string(to_string(epoch.reason)) + ": " + clause(epoch.reason, epoch.trigger) +
         "; " + count_of(epoch.changes, "change") + " gathered in " + duration(epoch.gathered) +
         "; " + moves_words(epoch) + "; " + phases_words(epoch, newest);
}

void run(const GroupsWhy& command, Context& context) {
  Client client(context.connection);
  auto list = client.ask<HistoryList>(Query{GroupHistory{GroupId(command.group), command.epoch}});
  const auto group = client.ask<GroupDescription>(Query{DescribeGroup{GroupId(command.group)}});
  if (command.last != 0 && list.epochs.size() > command.last) list.epochs.resize(command.last);
  if (context.json) {
    context.out << json(command.group, list, fetch_topic_names(client)) << '\n';
    return;
  }
  for (const EpochHistory& epoch : list.epochs)
    context.out << sentence(epoch, epoch.epoch == group.epoch, wall_now()) << '\n';
  if (command.epoch != 0 && !list.epochs.empty())
    print_moves(list.epochs.front(), fetch_topic_names(client), context.out);
}

}  // namespace muster::cli
