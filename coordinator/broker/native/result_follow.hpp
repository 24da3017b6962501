/// Connections that follow a service, or the list of services: a further answer after each change.
#pragma once

#include "subscription.hpp"

#include "../host.hpp"

#include <muster/messages.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace muster::broker::native {

/// It keeps the index that was told last, and nothing of the results: a reader that falls behind
/// costs nothing and gets the newest result when it reads again. On the connection's loop.
class ResultFollows {
 public:
  static constexpr std::size_t max_per_connection = 16;

  ResultFollows(Host& host, std::uint32_t loop, EventSink& sink)
      : host_(host), loop_(loop), sink_(sink) {}
  ResultFollows(const ResultFollows&) = delete;
  ResultFollows& operator=(const ResultFollows&) = delete;

  /// Whether the query is one that asks to be followed.
  [[nodiscard]] static bool follows(const Query& query);
  /// Begins to follow and sends the first answer; or says why not.
  std::optional<Refusal> add(std::uint64_t correlation, Query query);
  /// The peer has taken what waited: goes on with those that were held up.
  void resume();
  /// Must be called before the host ends, if anything is still followed.
  void clear();

 private:
  struct One {
    std::uint64_t correlation = 0;
    Query query;
    std::string service;      // empty: the list of services
    std::uint64_t watch = 0;  // 0: it is held up
  };

  void tell(One& one);
  void fired(std::uint64_t correlation);
  [[nodiscard]] One* find(std::uint64_t correlation);

  Host& host_;
  std::uint32_t loop_;
  EventSink& sink_;
  std::vector<std::unique_ptr<One>> list_;
};

}  // namespace muster::broker::native
