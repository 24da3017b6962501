/// Connections that follow a service, or the list of services: a further answer after each change.
///
/// However many follow the same, it is watched, looked up and written once for all of them; a
/// follower is a few words in a list. After a change they are told a few at a time, behind
/// everything that is more urgent on the loop, each the newest result: who falls behind gets fewer
/// of them, and costs nothing.
#pragma once

#include "subscription.hpp"

#include "../host.hpp"
#include "../metrics.hpp"

#include <codec.hpp>

#include <muster/messages.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace muster::broker::native {

/// What the connections of one loop follow.
///
/// Threads: on its loop. Its followers must have left before the host ends, or it must not run any
/// more.
class FollowedResults {
 public:
  /// Told in one go.
  static constexpr int batch = 16;
  /// Results that are kept, written, for whoever follows the same next; beyond it they are written
  /// anew.
  static constexpr std::size_t max_kept_bytes = 16U << 20;

  struct Question;
  struct Follower {
    enum class State : std::uint8_t { waiting, ready, held };

    EventSink* sink = nullptr;
    std::uint64_t correlation = 0;
    Question* question = nullptr;
    std::uint64_t told = 0;  // the index of the last result that it got
    State state = State::waiting;
  };
  using Followers = std::list<Follower>;
  using Place = Followers::iterator;

  FollowedResults(Host& host, std::uint32_t loop) : host_(host), loop_(loop) {}
  FollowedResults(const FollowedResults&) = delete;
  FollowedResults& operator=(const FollowedResults&) = delete;

  /// Gives it the present result, and from now on each newer one, until it is removed.
  [[nodiscard]] Place add(EventSink& sink, std::uint64_t correlation, const Query& query);
  void remove(Place follower);
  /// Its peer has taken what waited: it gets what it has missed.
  void resume(Place follower);

  /// Any thread.
  [[nodiscard]] std::uint64_t followers() const { return followers_.value(); }
  [[nodiscard]] std::uint64_t told() const { return told_.value(); }
  [[nodiscard]] std::uint64_t written() const { return written_.value(); }

 private:
  [[nodiscard]] Question& question_of(const Query& query);
  [[nodiscard]] Followers& list_of(const Follower& follower);
  void move_to(Place follower, Follower::State state);
  void tell(Place follower);
  void write(Question& question);
  void watch(Question& question);
  void fired(Question& question);
  void tell_later();
  void tell_some();
  void drop_results();
  [[nodiscard]] std::uint64_t index_of(const std::string& service) const;

  Host& host_;
  const std::uint32_t loop_;
  /// By the bytes that ask it.
  std::unordered_map<std::string, std::shared_ptr<Question>> questions_;
  Followers ready_;  // their result has changed
  bool telling_ = false;
  std::size_t kept_bytes_ = 0;
  Counter followers_;
  Counter told_;
  Counter written_;
};

/// What one connection follows.
class ResultFollows {
 public:
  static constexpr std::size_t max_per_connection = 16;

  ResultFollows(FollowedResults& all, EventSink& sink) : all_(all), sink_(sink) {}
  ResultFollows(const ResultFollows&) = delete;
  ResultFollows& operator=(const ResultFollows&) = delete;

  /// Whether the query is one that asks to be followed.
  [[nodiscard]] static bool follows(const Query& query);
  /// Begins to follow and sends the first answer; or says why not.
  std::optional<Refusal> add(std::uint64_t correlation, const Query& query);
  /// The peer has taken what waited: goes on with those that were held up.
  void resume();
  /// Must be called before the host ends, if anything is still followed.
  void clear();

 private:
  FollowedResults& all_;
  EventSink& sink_;
  std::vector<FollowedResults::Place> list_;
};

}  // namespace muster::broker::native
