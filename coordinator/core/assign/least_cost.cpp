#include "assign/least_cost.hpp"

#include "assign/network.hpp"

#include <algorithm>
#include <cstddef>

namespace muster::core::assign {
namespace {

/// Edges looked at before the flow is given up; measured as some tenths of a second.
constexpr std::uint64_t work_limit = 40'000'000;
/// More than any chain of moves costs: a member's last slot goes where a part's rest must go.
constexpr std::int32_t last_slot = 1'000'000'000;

}  // namespace

LeastCost::LeastCost(const Picture& picture, const Balance& balance)
    : picture_(picture),
      balance_(balance),
      ranges_(picture.class_of.size()),
      movable_(picture.placeable) {
  for (std::uint32_t c = 0; c < picture.classes.size(); ++c) {
    const Class& cls = picture.classes[c];
    const Height height = balance.heights[balance.of_class[c]];
    // What a member that takes nothing new holds of a topic of a higher part stays for certain.
    std::uint32_t fixed = 0;
    for (std::size_t i = 0; i < cls.topics.size(); ++i) {
      const Arc& arc = picture.arcs[cls.first_arc + i];
      if (movable(c, arc.topic)) {
        pairs_ += cls.members.size();
      } else {
        fixed += arc.owned;
        movable_[arc.topic] -= arc.owned;
      }
    }
    const auto high = static_cast<std::uint32_t>(height.full(cls.weight));
    const auto low = static_cast<std::uint32_t>(height.below(cls.weight));
    for (const MemberIndex m : cls.members)
      ranges_[m] = {
          .fixed = fixed, .low = low - std::min(low, fixed), .high = high - std::min(high, fixed)};
  }
}

/// How many of the slots that a member holds a level assignment might leave with it.
std::uint32_t LeastCost::movable_of(std::uint32_t cls, MemberIndex member,
                                    const HeldLists& lists) const {
  std::uint32_t out = 0;
  for (const Run& run : lists.runs_of(member))
    if (movable(cls, run.topic)) out += run.count;
  return out;
}

std::uint64_t LeastCost::bound(const HeldLists& lists) const {
  // Per part: all that fits under the low marks, and of those that hold more as many as may.
  std::vector<std::uint64_t> extra(balance_.heights.size(), 0);
  std::vector<std::uint64_t> wish(balance_.heights.size(), 0);
  for (std::size_t t = 0; t < movable_.size(); ++t) extra[balance_.of_topic[t]] += movable_[t];
  std::uint64_t bound = 0;
  for (std::uint32_t c = 0; c < picture_.classes.size(); ++c) {
    const std::uint32_t part = balance_.of_class[c];
    const bool all_movable = std::ranges::all_of(
        picture_.classes[c].topics, [&](std::uint32_t topic) { return movable(c, topic); });
    for (const MemberIndex m : picture_.classes[c].members) {
      const Range& range = ranges_[m];
      const std::uint32_t held = all_movable ? picture_.held[m] : movable_of(c, m, lists);
      bound += range.fixed + std::min(held, range.low);
      extra[part] -= std::min<std::uint64_t>(extra[part], range.low);
      wish[part] += static_cast<std::uint64_t>(held > range.low && range.high > range.low);
    }
  }
  for (std::size_t part = 0; part < extra.size(); ++part)
    bound += std::min(extra[part], wish[part]);
  return bound;
}

/// The network: source, topics, members, sink. Keeping a slot is free, a new one costs 1.
struct LeastCost::Flow {
  explicit Flow(const LeastCost& of)
      : least(of),
        picture(of.picture_),
        topics(static_cast<std::uint32_t>(of.movable_.size())),
        members(static_cast<std::uint32_t>(of.ranges_.size())),
        source(topics + members),
        sink(source + 1),
        network(sink + 1),
        lists(picture, std::vector<std::uint8_t>(members, 1)),
        kept(lists.run_count(), nobody) {
    for (std::uint32_t t = 0; t < topics; ++t) network.connect(source, t, of.movable_[t]);
    for (MemberIndex m = 0; m < members; ++m) {
      network.connect(topics + m, sink, of.ranges_[m].low);
      network.connect(topics + m, sink, of.ranges_[m].high - of.ranges_[m].low, last_slot);
    }
    for (std::uint32_t c = 0; c < picture.classes.size(); ++c)
      for (const MemberIndex m : picture.classes[c].members) connect_member(c, m);
    network.seal();
    network.limit_work(work_limit);
  }

  void connect_member(std::uint32_t c, MemberIndex m) {
    const Class& cls = picture.classes[c];
    for (const Run& run : lists.runs_of(m))
      if (least.movable(c, run.topic))
        kept[lists.number(run)] = network.connect(run.topic, topics + m, run.count);
    if (!cls.grows) return;
    for (const std::uint32_t topic : cls.topics)
      if (least.movable(c, topic)) network.connect(topic, topics + m, Network::unlimited, 1);
  }

  /// Keeps what fits under the low marks at once: it costs nothing, so it is a lawful start.
  std::uint64_t start() {
    std::vector<std::uint32_t> supply = least.movable_;
    std::uint64_t flow = 0;
    for (MemberIndex m = 0; m < members; ++m) {
      std::uint32_t room = least.ranges_[m].low;
      for (const Run& run : lists.runs_of(m)) {
        const Network::Edge edge = kept[lists.number(run)];
        if (edge == nobody) continue;
        const std::uint32_t amount = std::min({run.count, supply[run.topic], room});
        network.set(edge, run.count, amount);
        supply[run.topic] -= amount;
        room -= amount;
        flow += amount;
      }
      network.set(low_edge(m), least.ranges_[m].low, least.ranges_[m].low - room);
    }
    for (std::uint32_t t = 0; t < topics; ++t)
      network.set(t, least.movable_[t], least.movable_[t] - supply[t]);
    return flow;
  }

  [[nodiscard]] Network::Edge low_edge(MemberIndex m) const { return topics + 2 * m; }

  const LeastCost& least;
  const Picture& picture;
  std::uint32_t topics;
  std::uint32_t members;
  Network::Node source;
  Network::Node sink;
  Network network;
  HeldLists lists;
  std::vector<Network::Edge> kept;  // per run: the edge along which it is kept
};

void LeastCost::improve(Keep& keep) const {
  Flow flow(*this);
  std::uint64_t wanted = 0;
  for (const std::uint32_t count : movable_) wanted += count;
  if (flow.start() + flow.network.push_cheapest(flow.source, flow.sink) != wanted) return;

  keep.exact = true;
  for (MemberIndex m = 0; m < ranges_.size(); ++m) {
    const Network::Edge low = flow.low_edge(m);
    keep.share[m] = ranges_[m].fixed +
                    static_cast<std::uint32_t>(flow.network.flow(low) + flow.network.flow(low + 1));
    keep.kept[m] = 0;
    for (const Run& run : flow.lists.runs_of(m)) {
      const Network::Edge edge = flow.kept[flow.lists.number(run)];
      const std::uint32_t arc = picture_.arc_of(picture_.class_of[m], run.topic);
      const auto count = edge == nobody ? picture_.arcs[arc].owned
                                        : static_cast<std::uint32_t>(flow.network.flow(edge));
      keep.kept[m] += count;
      const auto slots = flow.lists.slots(run);
      for (std::size_t i = 0; i < slots.size(); ++i) keep.owner[slots[i]] = i < count ? m : nobody;
    }
  }
}

}  // namespace muster::core::assign
