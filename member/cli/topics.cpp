/// `muster topics`: the catalogue of declared topics.
#include "client.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "table.hpp"
#include "text.hpp"

#include <algorithm>
#include <ostream>

namespace muster::cli {
namespace {

/// The topic of exactly this name, if there is one.
std::optional<TopicDescription> find_topic(Client& client, const std::string& name) {
  const auto list = client.ask<TopicList>(Query{ListTopics{name}});
  const auto it =
      std::find_if(list.topics.begin(), list.topics.end(),
                   [&](const TopicDescription& topic) { return topic.name.value == name; });
  return it == list.topics.end() ? std::nullopt : std::optional(*it);
}

/// With --if-not-exists: a topic of the same name and count is as good as a new one.
void accept_existing(Client& client, const TopicsCreate& command, Context& context) {
  const auto topic = find_topic(client, command.topic);
  if (!topic)
    throw Failure(Exit::refused, "topic " + shown(command.topic) + " was deleted meanwhile");
  if (topic->partitions != command.partitions)
    throw Failure(Exit::refused,
                  "topic " + shown(command.topic) + " exists with " +
                      count_of(static_cast<std::uint64_t>(topic->partitions), "partition") +
                      ", not " + std::to_string(command.partitions));
  if (context.json)
    context.out << json(*topic) << '\n';
  else
    context.out << "topic " << shown(command.topic) << " exists already\n";
}

void print_change(const std::string& topic, const TopicChanged& changed, const char* verb,
                  Context& context) {
  if (context.json) {
    context.out << json(topic, changed) << '\n';
    return;
  }
  context.out << "topic " << shown(topic) << ' ' << verb << ' '
              << count_of(static_cast<std::uint64_t>(changed.partitions), "partition") << '\n';
}

}  // namespace

void run(const TopicsCreate& command, Context& context) {
  Client client(context.connection);
  const CreateTopic request{TopicName(command.topic), command.partitions};
  try {
    print_change(command.topic, client.ask<TopicChanged>(Request{request}), "created with",
                 context);
  } catch (const Refused& refused) {
    if (refused.errc() != Errc::topic_exists || !command.if_not_exists) throw;
    accept_existing(client, command, context);
  }
}

void run(const TopicsGrow& command, Context& context) {
  Client client(context.connection);
  const GrowTopic request{TopicName(command.topic), command.partitions};
  print_change(command.topic, client.ask<TopicChanged>(Request{request}), "grown to", context);
}

void run(const TopicsDelete& command, Context& context) {
  Client client(context.connection);
  const auto changed = client.ask<TopicChanged>(Request{DeleteTopic{TopicName(command.topic)}});
  if (context.json)
    context.out << json(command.topic, changed) << '\n';
  else
    context.out << "topic " << shown(command.topic) << " deleted\n";
}

void run(const TopicsList& command, Context& context) {
  Client client(context.connection);
  const auto list = client.ask<TopicList>(Query{ListTopics{command.prefix}});
  if (context.json) {
    context.out << json(list) << '\n';
    return;
  }
  Table table({{"TOPIC"}, {"PARTITIONS", Table::Align::right}, {"ID"}});
  for (const TopicDescription& topic : list.topics)
    table.add({shown(topic.name.value), std::to_string(topic.partitions), hex(topic.id)});
  table.print(context.out);
}

void run(const TopicsDescribe& command, Context& context) {
  Client client(context.connection);
  const auto topic = find_topic(client, command.topic);
  if (!topic) throw Failure(Exit::refused, "there is no topic " + shown(command.topic));
  if (context.json) {
    context.out << json(*topic) << '\n';
    return;
  }
  print_facts(context.out, {{"topic", shown(topic->name.value)},
                            {"id", hex(topic->id)},
                            {"partitions", std::to_string(topic->partitions)}});
}

}  // namespace muster::cli
