/// What is to happen next: simulated time jumps from one entry to the next, so idle time is free.
#pragma once

#include "dice.hpp"
#include "plan.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace muster::sim {

enum class What : std::uint8_t {
  action,     // number: which of the plan
  boot,       // the broker starts
  die,        // the broker's process ends, for its store has failed
  turn,       // number: of which loop
  synced,     // number: of which append
  member,     // number: who has something to do
  server,     // number: which has something to do
  up,         // number: a line on which something reaches the broker
  down,       // number: a line on which something reaches the member
  sprung,     // number: of which trap
  housework,  // once in a while: full checks, and what operators look after
};

struct Entry {
  Time at = 0;
  std::uint64_t order = 0;  ///< Drawn, so that what falls together comes in any order.
  What what = What::action;
  std::uint32_t number = 0;
};

class Agenda {
 public:
  explicit Agenda(std::uint64_t seed) : dice_(seed, "agenda") {}

  void add(Time at, What what, std::uint32_t number = 0) {
    heap_.push_back({at, dice_.next(), what, number});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] const Entry& next() const { return heap_.front(); }
  Entry take() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    return entry;
  }

 private:
  static bool later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  Dice dice_;
  std::vector<Entry> heap_;
};

}  // namespace muster::sim
