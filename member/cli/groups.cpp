/// `muster groups`: who is in a group, in which status, and who owns what. (Its history is in
/// why.cpp, its offsets in offsets.cpp.)
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "table.hpp"
#include "text.hpp"

#include <map>
#include <ostream>

namespace muster::cli {
namespace {

constexpr auto right = Table::Align::right;

/// A topic that is no longer in the catalogue is shown by its id.
std::string topic_cell(const TopicId& id, const TopicNames& names) {
  const std::string name = names.find(id);
  return name.empty() ? hex(id) : shown(name);
}

/// "orders:0-15,20 users:3", or "-".
std::string work_cell(const std::vector<OwnedPartitions>& list, const TopicNames& names) {
  std::string out;
  for (const OwnedPartitions& part : list) {
    if (part.partitions.empty()) continue;
    out += (out.empty() ? "" : " ") + topic_cell(part.topic, names) + ":" + ranges(part.partitions);
  }
  return out.empty() ? "-" : out;
}

std::size_t size_of(const std::vector<OwnedPartitions>& list) {
  std::size_t sum = 0;
  for (const OwnedPartitions& part : list) sum += part.partitions.size();
  return sum;
}

GroupDescription describe(Client& client, const std::string& group) {
  return client.ask<GroupDescription>(Query{DescribeGroup{GroupId(group)}});
}

void print_group_facts(const GroupDescription& group, Context& context) {
  print_facts(context.out, {{"group", shown(group.group.value)},
                            {"type", std::string(to_string(group.type))},
                            {"state", std::string(to_string(group.state))},
                            {"assignor", shown_or_dash(group.assignor)},
                            {"epoch", std::to_string(group.epoch)},
                            {"assignment epoch", std::to_string(group.assignment_epoch)},
                            {"term", std::to_string(group.term)},
                            {"members", std::to_string(group.members.size())}});
}

void print_work_by_member(const GroupDescription& group, const TopicNames& names,
                          Context& context) {
  Table table(
      {{"MEMBER"}, {"STATUS"}, {"EPOCH", right}, {"COUNT", right}, {"ASSIGNED"}, {"REVOKING"}});
  for (const MemberDescription& member : group.members)
    table.add({shown(member.member.value), std::string(to_string(member.status)),
               std::to_string(member.member_epoch), std::to_string(size_of(member.assigned)),
               work_cell(member.assigned, names), work_cell(member.revoking, names)});
  table.print(context.out);
}

struct Holder {
  std::string member;
  Token token = 0;
  bool revoking = false;
};

/// One line per partition, in the order of topics and numbers.
void print_work_by_partition(const GroupDescription& group, const TopicNames& names,
                             Context& context) {
  std::map<std::pair<std::string, PartitionIndex>, Holder> holders;
  const auto gather = [&](const MemberDescription& member, const std::vector<OwnedPartitions>& list,
                          bool revoking) {
    for (const OwnedPartitions& part : list)
      for (std::size_t i = 0; i < part.partitions.size(); ++i) {
        const Token token = i < part.tokens.size() ? part.tokens[i] : 0;
        holders[{topic_cell(part.topic, names), part.partitions[i]}] = {member.member.value, token,
                                                                        revoking};
      }
  };
  for (const MemberDescription& member : group.members) {
    gather(member, member.assigned, false);
    gather(member, member.revoking, true);
  }
  Table table({{"TOPIC"}, {"PARTITION", right}, {"MEMBER"}, {"TOKEN", right}, {"STATE"}});
  for (const auto& [key, holder] : holders)
    table.add({key.first, std::to_string(key.second), shown(holder.member),
               std::to_string(holder.token), holder.revoking ? "revoking" : "assigned"});
  table.print(context.out);
}

}  // namespace

void run(const GroupsList& command, Context& context) {
  Client client(context.connection);
  const auto list = client.ask<GroupList>(Query{ListGroups{command.prefix}});
  if (context.json) {
    context.out << json(list) << '\n';
    return;
  }
  Table table({{"GROUP"}, {"TYPE"}, {"STATE"}, {"EPOCH", right}, {"MEMBERS", right}});
  for (const GroupSummary& group : list.groups)
    table.add({shown(group.group.value), std::string(to_string(group.type)),
               std::string(to_string(group.state)), std::to_string(group.epoch),
               std::to_string(group.members)});
  table.print(context.out);
}

void run(const GroupsDescribe& command, Context& context) {
  Client client(context.connection);
  const GroupDescription group = describe(client, command.group);
  const TopicNames names = fetch_topic_names(client);
  if (context.json) {
    context.out << json(group, names) << '\n';
    return;
  }
  print_group_facts(group, context);
  context.out << '\n';
  if (command.partitions)
    print_work_by_partition(group, names, context);
  else
    print_work_by_member(group, names, context);
}

void run(const GroupsMembers& command, Context& context) {
  Client client(context.connection);
  const GroupDescription group = describe(client, command.group);
  if (context.json) {
    context.out << json_members(group, fetch_topic_names(client)) << '\n';
    return;
  }
  Table table({{"MEMBER"},
               {"STATUS"},
               {"EPOCH", right},
               {"CLIENT"},
               {"HOST"},
               {"ADDRESS"},
               {"SOFTWARE"},
               {"SESSION", right},
               {"WEIGHT", right},
               {"ZONE"},
               {"TOPICS"}});
  for (const MemberDescription& member : group.members) {
    std::string topics;
    for (const TopicName& topic : member.topics)
      topics += (topics.empty() ? "" : ",") + shown(topic.value);
    table.add({shown(member.member.value), std::string(to_string(member.status)),
               std::to_string(member.member_epoch), shown_or_dash(member.client.client_id),
               shown_or_dash(member.client.host), shown_or_dash(member.client.address),
               shown_or_dash(member.client.software_name), duration(member.session_timeout),
               std::to_string(member.weight), shown_or_dash(member.zone),
               topics.empty() ? "-" : topics});
  }
  table.print(context.out);
}

void run(const GroupsDelete& command, Context& context) {
  Client client(context.connection);
  const auto done = client.ask<Done>(Request{DeleteGroup{GroupId(command.group)}});
  if (context.json)
    context.out << json(done) << '\n';
  else
    context.out << "group " << shown(command.group) << " deleted\n";
}

void run(const GroupsAlter& command, Context& context) {
  Client client(context.connection);
  const AlterGroup request{GroupId(command.group), command.assignor,
                           command.first_assignment_delay};
  const auto done = client.ask<Done>(Request{request});
  if (context.json)
    context.out << json(done) << '\n';
  else
    context.out << "group " << shown(command.group) << " altered\n";
}

void run(const MembersExpel& command, Context& context) {
  Client client(context.connection);
  const ExpelMember request{GroupId(command.group), MemberId(command.member), command.why};
  const auto done = client.ask<Done>(Request{request});
  if (context.json)
    context.out << json(done) << '\n';
  else
    context.out << "member " << shown(command.member) << " of " << shown(command.group)
                << " expelled\n";
}

}  // namespace muster::cli
