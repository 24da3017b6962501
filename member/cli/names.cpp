#include "names.hpp"

#include "client.hpp"

namespace muster::cli {

TopicNames fetch_topic_names(Client& client) {
  return TopicNames(client.ask<TopicList>(Query{ListTopics{}}));
}

}  // namespace muster::cli
