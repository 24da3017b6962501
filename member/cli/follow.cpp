/// `muster topics follow`: a declared topic that grows with a topic of Kafka.
#include "client.hpp"
#include "commands.hpp"
#include "kafka_handle.hpp"
#include "text.hpp"

#include <algorithm>
#include <csignal>
#include <ostream>
#include <stdexcept>
#include <thread>

namespace muster::cli {
namespace {

std::vector<wire::KafkaProperty> properties_of(const TopicsFollow& command) {
  try {
    return wire::kafka_properties(command.kafka_config, command.kafka_properties);
  } catch (const std::runtime_error& error) {
    throw Failure(Exit::usage, error.what());
  }
}

std::optional<std::int32_t> present_count(Client& client, const std::string& name) {
  for (const TopicDescription& topic : client.ask<TopicList>(Query{ListTopics{name}}).topics)
    if (topic.name.value == name) return topic.partitions;
  return std::nullopt;
}

/// Declares the topic or grows it, if need be. Gives whether anything changed.
bool bring_to(Context& context, const std::string& name, std::int32_t partitions) {
  Client client(context.connection);
  const auto present = present_count(client, name);
  if (present && *present >= partitions) return false;
  const Request request = present ? Request{GrowTopic{TopicName(name), partitions}}
                                  : Request{CreateTopic{TopicName(name), partitions}};
  try {
    (void)client.ask<TopicChanged>(request);
  } catch (const Refused& refused) {
    // Somebody else follows it, too, and was quicker.
    if (refused.errc() != Errc::topic_exists && refused.errc() != Errc::partitions_shrink) throw;
    return false;
  }
  return true;
}

}  // namespace

void run(const TopicsFollow& command, Context& context) {
  const std::string& followed = command.kafka_topic.empty() ? command.topic : command.kafka_topic;
  const auto kafka = make_consumer(command.kafka, properties_of(command));
  bool in_trouble = false;
  for (bool first = true;; first = false) {
    try {
      const int count = partitions_of(kafka.get(), followed, context.connection.timeout);
      const bool changed = bring_to(context, command.topic, count);
      if (first || changed || in_trouble)
        context.out << "topic " << shown(command.topic) << " has "
                    << count_of(static_cast<std::uint64_t>(count), "partition") << " as Kafka's "
                    << shown(followed) << std::endl;
      in_trouble = false;
    } catch (const Failure& failure) {
      if (command.once || failure.code() == Exit::usage) throw;
      if (!in_trouble)
        context.notes << "muster: " << failure.what() << "; trying again" << std::endl;
      in_trouble = true;
    }
    if (command.once) return;
    std::this_thread::sleep_for(command.interval);
  }
}

}  // namespace muster::cli
