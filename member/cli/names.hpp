/// From topic ids, which messages carry, to the names that people know.
#pragma once

#include <muster/messages.hpp>

#include <map>
#include <string>

namespace muster::cli {

class Client;

class TopicNames {
 public:
  TopicNames() = default;
  explicit TopicNames(const TopicList& list) {
    for (const auto& topic : list.topics) names_[topic.id] = topic.name.value;
  }
  void add(const TopicId& id, const std::string& name) { names_[id] = name; }

  /// Empty if the topic has been deleted (or is not yet known).
  [[nodiscard]] std::string find(const TopicId& id) const {
    const auto it = names_.find(id);
    return it == names_.end() ? std::string{} : it->second;
  }

 private:
  std::map<TopicId, std::string> names_;
};

/// Asks the broker for all topics.
[[nodiscard]] TopicNames fetch_topic_names(Client& client);

}  // namespace muster::cli
