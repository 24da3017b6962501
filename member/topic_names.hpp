/// Steps name topics by id; applications know names. This asks the broker for names that are not
/// known yet, before the application is told of the partitions.
#pragma once

#include "seat.hpp"

#include <muster/messages.hpp>

#include <functional>
#include <set>

namespace muster::member {

class TopicQueries {
 public:
  /// Tells the seat the names that are known; what it still misses is asked for.
  void wanted(Seat& seat);
  /// Sends the queries that are due: one for each topic of a subscription that misses a name.
  void ask(Mono now, const std::function<void(std::uint64_t number, const ListTopics&)>& send);
  void answer(std::uint64_t number, const ReplyBody& body, Mono now);
  /// Queries on the connection before were lost.
  void connected();
  [[nodiscard]] Mono next_deadline(bool connected) const;

 private:
  TopicNames names_;
  std::set<std::string> missing_;  // topics to ask for
  std::set<std::uint64_t> open_;   // queries without an answer yet
  std::uint64_t last_ = 0;
  Mono not_before_{};  // a name that nobody knows (a topic deleted meanwhile) is no reason to ask
                       // all the time
};

}  // namespace muster::member
