/// Who owns what, told by events alone: what a reader of the mirror knows without the broker.
#pragma once

#include <muster/messages.hpp>

#include <map>
#include <string>
#include <vector>

namespace muster::cli {

class Story {
 public:
  struct Held {
    Token token = 0;
    bool revoking = false;  ///< Asked back, not yet released.
    friend bool operator==(const Held&, const Held&) = default;
  };
  struct Member {
    Status status = Status::healthy;
    std::map<TopicPartition, Held> partitions;
    friend bool operator==(const Member&, const Member&) = default;
  };
  using Members = std::map<std::string, Member>;

  /// In order per group. What contradicts the story so far is noted and then believed: a story that
  /// begins in the middle, or behind a gap, is right again once everybody in it has been told of.
  void apply(const Event& event);

  [[nodiscard]] const std::map<std::string, Members>& groups() const { return groups_; }
  /// Sentences, at most a hundred: two owners of one partition, a release of what was not held.
  [[nodiscard]] const std::vector<std::string>& contradictions() const { return contradictions_; }

 private:
  void change(Members& members, const Event& event);
  void contradict(const Event& event, const TopicPartition& partition, const std::string& what);

  std::map<std::string, Members> groups_;
  std::vector<std::string> contradictions_;
};

}  // namespace muster::cli
