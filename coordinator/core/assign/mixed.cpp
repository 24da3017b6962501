#include "assign/mixed.hpp"

#include "assign/balance.hpp"
#include "assign/classes.hpp"
#include "assign/least_moves.hpp"
#include "assign/network.hpp"
#include "assign/spread.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace muster::core::assign {
namespace {

/// Gives the slots that nobody keeps to members below their share: first how many of each topic go
/// to each class, then round the members of the class.
class Placing {
 public:
  Placing(const Picture& picture, Keep keep)
      : picture_(picture), keep_(std::move(keep)), to_place_(picture.placeable) {
    for (std::uint32_t t = 0; t < to_place_.size(); ++t) {
      const auto slots = slots_of(t);
      const auto free = std::ranges::count(slots, nobody);
      to_place_[t] -= static_cast<std::uint32_t>(std::ssize(slots) - free);
    }
    place_in_class_.assign(keep_.share.size(), 0);
    for (const Class& cls : picture.classes) {
      std::vector<std::uint32_t> part;
      for (const MemberIndex m : cls.members) {
        place_in_class_[m] = static_cast<std::uint32_t>(part.size());
        part.push_back(keep_.share[m] - keep_.kept[m]);
      }
      room_.push_back(0);
      for (const std::uint32_t r : part) room_.back() += r;
      dealers_.emplace_back(part);
    }
  }

  std::vector<MemberIndex> run() {
    if (std::ranges::all_of(to_place_, [](std::uint32_t count) { return count == 0; }))
      return std::move(keep_.owner);
    split_among_classes();
    for (std::uint32_t t = 0; t < to_place_.size(); ++t)
      if (to_place_[t] > 0) deal_topic(t);
    return std::move(keep_.owner);
  }

 private:
  [[nodiscard]] std::span<MemberIndex> slots_of(std::uint32_t t) {
    return std::span(keep_.owner)
        .subspan(picture_.begins[t], picture_.begins[t + 1] - picture_.begins[t]);
  }

  /// In proportion to the room of each class as far as that works out; a flow settles the rest.
  void split_among_classes() {
    const auto topics = static_cast<std::uint32_t>(to_place_.size());
    const auto classes = static_cast<std::uint32_t>(room_.size());
    std::vector<std::uint64_t> left(room_);
    part_.assign(picture_.arcs.size(), 0);
    const Network::Node sink = topics + classes;
    Network network(sink + 1);
    for (const Arc& arc : picture_.arcs) network.connect(arc.topic, topics + arc.cls, 0);
    std::vector<Network::Node> unsettled;
    for (std::uint32_t t = 0; t < topics; ++t) {
      network.set_supply(t, split_topic(t, left));
      if (network.supply(t) > 0) unsettled.push_back(t);
      for (const std::uint32_t a : picture_.arcs_of(t))
        if (picture_.classes[picture_.arcs[a].cls].grows)
          network.set(a, Network::unlimited, part_[a]);
    }
    for (std::uint32_t c = 0; c < classes; ++c) network.connect(topics + c, sink, left[c]);
    network.seal();
    network.push_most(unsettled, sink);
    for (std::uint32_t a = 0; a < part_.size(); ++a)
      part_[a] = static_cast<std::uint32_t>(network.flow(a));
  }

  /// Takes from `left` what the topic's classes get; returns what none of them has room for.
  std::uint32_t split_topic(std::uint32_t t, std::vector<std::uint64_t>& left) {
    std::uint64_t room = 0;
    for (const std::uint32_t a : picture_.arcs_of(t))
      if (picture_.classes[picture_.arcs[a].cls].grows) room += left[picture_.arcs[a].cls];
    std::uint64_t rest = to_place_[t];
    for (const std::uint32_t a : picture_.arcs_of(t)) {
      std::uint64_t& its_room = left[picture_.arcs[a].cls];
      if (!picture_.classes[picture_.arcs[a].cls].grows || room == 0) continue;
      const std::uint64_t amount = std::min(its_room, rest * its_room / room);
      room -= its_room;
      part_[a] = static_cast<std::uint32_t>(amount);
      its_room -= amount;
      rest -= amount;
    }
    return static_cast<std::uint32_t>(rest);
  }

  void deal_topic(std::uint32_t t) {
    const auto slots =
        std::span(keep_.owner)
            .subspan(picture_.begins[t], picture_.begins[t + 1] - picture_.begins[t]);
    for (const std::uint32_t a : picture_.arcs_of(t))
      if (part_[a] > 0) dealers_[picture_.arcs[a].cls].begin_topic();
    for (const MemberIndex m : slots)
      if (m != nobody) dealers_[picture_.class_of[m]].holds(place_in_class_[m]);
    auto free = slots.begin();
    for (const std::uint32_t a : picture_.arcs_of(t)) {
      const Class& cls = picture_.classes[picture_.arcs[a].cls];
      for (std::uint32_t i = 0; i < part_[a]; ++i) {
        free = std::find(free, slots.end(), nobody);
        *free = cls.members[dealers_[picture_.arcs[a].cls].deal()];
      }
    }
  }

  const Picture& picture_;
  Keep keep_;
  std::vector<std::uint32_t> to_place_;        // per topic
  std::vector<std::uint64_t> room_;            // per class
  std::vector<std::uint32_t> part_;            // per arc: slots that it gets
  std::vector<std::uint32_t> place_in_class_;  // per member
  std::vector<Dealer> dealers_;                // per class
};

}  // namespace

std::vector<MemberIndex> level_mixed(const Problem& problem,
                                     std::span<const std::uint32_t> begins) {
  Picture picture(problem, begins);
  const Balance levelled = balance(picture);
  Keep keep = keep_most(picture, levelled);
  return Placing(picture, std::move(keep)).run();
}

}  // namespace muster::core::assign
