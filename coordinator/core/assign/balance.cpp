#include "assign/balance.hpp"

#include "assign/network.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace muster::core::assign {
namespace {

/// Edges looked at before the search settles for what it has: some tenths of a second.
constexpr std::uint64_t work_limit = 50'000'000;

/// Topics and classes are the nodes: topic t is node t, class c is node topics + c.
class Levelling {
 public:
  explicit Levelling(Picture& picture)
      : picture_(picture),
        topics_(static_cast<std::uint32_t>(picture.placeable.size())),
        classes_(static_cast<std::uint32_t>(picture.classes.size())),
        nodes_(topics_ + classes_),
        sink_(nodes_),
        network_(sink_ + 1),
        loads_(classes_, 0) {}

  Balance run() {
    place_everything();
    build_network();
    std::vector<Nodes> waiting(1);
    for (std::uint32_t node = 0; node < nodes_; ++node) waiting.front().push_back(node);
    for (std::uint32_t node = 0; node < nodes_; ++node) network_.open(node, false);
    part_.assign(nodes_, 0);
    while (!waiting.empty()) {
      const Nodes nodes = std::move(waiting.back());
      waiting.pop_back();
      if (!nodes.empty()) level(nodes, waiting);
    }
    return result();
  }

 private:
  using Nodes = std::vector<std::uint32_t>;

  [[nodiscard]] std::uint64_t size(std::uint32_t c) const {
    return picture_.classes[c].members.size();
  }
  [[nodiscard]] std::uint32_t weight(std::uint32_t c) const { return picture_.classes[c].weight; }

  /// What is held stays for now; what is free goes to all that may have it, in proportion to what
  /// they can carry. That it is spread evenly already leaves the flows less to do.
  void place_everything() {
    for (std::uint32_t t = 0; t < topics_; ++t) {
      std::uint64_t held = 0;
      std::uint64_t carry = 0;
      for (const std::uint32_t a : picture_.arcs_of(t)) {
        Arc& arc = picture_.arcs[a];
        arc.owned = arc.held;
        held += arc.held;
        if (picture_.classes[arc.cls].grows) carry += size(arc.cls) * weight(arc.cls);
      }
      std::uint64_t free = picture_.placeable[t] - held;
      for (const std::uint32_t a : picture_.arcs_of(t)) {
        Arc& arc = picture_.arcs[a];
        if (free > 0 && picture_.classes[arc.cls].grows) {
          const std::uint64_t can = size(arc.cls) * weight(arc.cls);
          const std::uint64_t part = free * can / carry;
          arc.owned += static_cast<std::uint32_t>(part);
          free -= part;
          carry -= can;
        }
        loads_[arc.cls] += arc.owned;
      }
    }
  }

  void build_network() {
    for (const Arc& arc : picture_.arcs) {
      const bool grows = picture_.classes[arc.cls].grows;
      network_.connect(arc.topic, topics_ + arc.cls, 0);
      const auto edge = static_cast<Network::Edge>(&arc - picture_.arcs.data());
      network_.set(edge, grows ? Network::unlimited : arc.held, arc.owned);
    }
    first_room_ = static_cast<Network::Edge>(picture_.arcs.size());
    for (std::uint32_t c = 0; c < classes_; ++c) network_.connect(topics_ + c, sink_, 0);
    network_.seal();
    network_.limit_work(work_limit);
  }

  /// Levels one part, or splits it in two and leaves both for later.
  void level(const Nodes& nodes, std::vector<Nodes>& waiting) {
    const Height height = water_level(nodes);
    if (height.slots == 0 || !network_.spend_work(nodes.size())) return settle(nodes, height);
    for (const std::uint32_t node : nodes) network_.open(node, true);
    const bool fits = push(nodes, [&](std::uint32_t c) { return height.full(weight(c)); });
    // All are below or at the height now: some are to stay at it, the others make room for them.
    if (fits) push(nodes, [&](std::uint32_t c) { return height.below(weight(c)); });
    auto [reached, rest] = split(nodes);
    for (const std::uint32_t node : nodes) network_.open(node, false);

    if (network_.exhausted()) {
      settle(nodes, height);
    } else if (fits) {
      settle(reached, height);
      waiting.push_back(std::move(rest));
    } else {
      waiting.push_back(std::move(rest));
      waiting.push_back(std::move(reached));
    }
  }

  /// Sends what lies above a mark (of one member) to room below it; whether all of it went.
  template <class Mark>
  bool push(const Nodes& nodes, Mark&& mark) {
    Nodes sources;
    for (const std::uint32_t node : nodes) {
      if (node < topics_) continue;
      const std::uint32_t c = node - topics_;
      const std::uint64_t level = size(c) * mark(c);
      network_.set(first_room_ + c, loads_[c] < level ? level - loads_[c] : 0, 0);
      if (loads_[c] <= level) continue;
      network_.set_supply(node, loads_[c] - level);
      loads_[c] = level;
      sources.push_back(node);
    }
    network_.push_most(sources, sink_);
    bool all = true;
    for (const std::uint32_t node : sources) {
      all = all && network_.supply(node) == 0;
      loads_[node - topics_] += network_.supply(node);
    }
    for (const std::uint32_t node : nodes) {
      if (node < topics_) continue;
      loads_[node - topics_] += network_.flow(first_room_ + node - topics_);
      network_.set(first_room_ + node - topics_, 0, 0);
    }
    return all;
  }

  [[nodiscard]] Height water_level(const Nodes& nodes) const;

  std::pair<Nodes, Nodes> split(const Nodes& nodes) const {
    std::pair<Nodes, Nodes> out;
    for (const std::uint32_t node : nodes)
      (network_.reached(node) ? out.first : out.second).push_back(node);
    return out;
  }

  void settle(const Nodes& nodes, Height height) {
    for (const std::uint32_t node : nodes)
      part_[node] = static_cast<std::uint32_t>(heights_.size());
    heights_.push_back(height);
  }

  Balance result() {
    for (std::uint32_t a = 0; a < picture_.arcs.size(); ++a)
      picture_.arcs[a].owned = static_cast<std::uint32_t>(network_.flow(a));
    const auto middle = part_.begin() + static_cast<std::ptrdiff_t>(topics_);
    return {.heights = std::move(heights_),
            .of_topic = {part_.begin(), middle},
            .of_class = {middle, part_.end()},
            .complete = !network_.exhausted()};
  }

  Picture& picture_;
  std::uint32_t topics_;
  std::uint32_t classes_;
  std::uint32_t nodes_;
  Network::Node sink_;
  Network network_;
  Network::Edge first_room_ = 0;
  std::vector<std::uint64_t> loads_;  // per class
  std::vector<std::uint32_t> part_;   // per node
  std::vector<Height> heights_;
};

/// The height of the last slot if all slots of these nodes could go to any of their classes: the
/// divisor method of quota.hpp, with classes for members.
Height Levelling::water_level(const Nodes& nodes) const {
  std::uint64_t slots = 0;
  std::uint64_t carry = 0;
  for (const std::uint32_t node : nodes) {
    if (node < topics_) continue;
    slots += loads_[node - topics_];
    carry += size(node - topics_) * weight(node - topics_);
  }
  if (slots == 0) return {};

  struct Step {
    std::uint64_t slots;  // of one member, with the next layer
    std::uint32_t cls;
  };
  const auto lower = [](Height a, Height b) { return a.slots * b.weight < b.slots * a.weight; };
  const auto height_of = [this](Step s) { return Height{s.slots, weight(s.cls)}; };
  const auto later = [&](Step a, Step b) { return lower(height_of(b), height_of(a)); };
  std::vector<Step> steps;
  Height highest;
  std::uint64_t placed = 0;
  for (const std::uint32_t node : nodes) {
    if (node < topics_) continue;
    const std::uint32_t c = node - topics_;
    // slots / carry is no more than the height sought: every class is full up to there.
    const std::uint64_t each = slots * weight(c) / carry;
    placed += each * size(c);
    if (lower(highest, {each, weight(c)})) highest = {each, weight(c)};
    steps.push_back({.slots = each + 1, .cls = c});
  }
  std::ranges::make_heap(steps, later);
  while (placed < slots) {
    std::ranges::pop_heap(steps, later);
    Step& step = steps.back();
    highest = height_of(step);
    placed += size(step.cls);
    ++step.slots;
    std::ranges::push_heap(steps, later);
  }
  return highest;
}

}  // namespace

Balance balance(Picture& picture) {
  return Levelling(picture).run();
}

}  // namespace muster::core::assign
