/// Flows in a network: as much as possible, and as cheaply as possible.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace muster::core::assign {

/// A directed network. Add all edges, seal it, then set flows and ask for more.
///
/// Both searches push along blocking flows (Dinic): a few passes over the edges instead of one
/// search a path. The cheap one repeats that for each distinct path cost, cheapest first
/// (primal-dual).
class Network {
 public:
  using Node = std::uint32_t;
  using Edge = std::uint32_t;
  static constexpr std::uint64_t unlimited = std::uint64_t{1} << 62;

  explicit Network(Node nodes);

  Edge connect(Node from, Node to, std::uint64_t capacity, std::int32_t cost = 0);
  void seal();

  void set(Edge edge, std::uint64_t capacity, std::uint64_t flow);
  [[nodiscard]] std::uint64_t flow(Edge edge) const { return residual_[2 * edge + 1]; }
  /// Closed nodes are not part of the network. All are open at first.
  void open(Node node, bool is_open) { open_[node] = static_cast<std::uint8_t>(is_open); }

  /// Searches give up once they have looked at so many edges in all; what was pushed stays pushed.
  void limit_work(std::uint64_t edges) { work_left_ = edges; }
  /// Work that the caller does beside the searches counts too. False once the limit is reached.
  bool spend_work(std::uint64_t edges);
  [[nodiscard]] bool exhausted() const { return work_left_ == 0; }

  /// What a node has to give in push_most, and what it has left after it.
  void set_supply(Node node, std::uint64_t amount) { supply_[node] = amount; }
  [[nodiscard]] std::uint64_t supply(Node node) const { return supply_[node]; }

  /// Pushes what can be pushed of the supplies of `sources` to `sink`, and says how much it was.
  /// Costs what the open part around the sources costs, however large the rest is.
  std::uint64_t push_most(std::span<const Node> sources, Node sink);
  /// The same at the lowest cost. The flow that is set must cost as little as any of its size and
  /// no residual edge less than nothing: true for every flow along edges of cost 0.
  std::uint64_t push_cheapest(Node source, Node sink);
  /// After push_most: whether the node can be reached from a supply that is left.
  [[nodiscard]] bool reached(Node node) const { return level_[node] != unreached; }

 private:
  static constexpr std::uint32_t unreached = 0xffffffffU;

  [[nodiscard]] std::int64_t reduced_cost(std::uint32_t half, Node from) const;
  [[nodiscard]] bool usable(std::uint32_t half, Node from) const;
  void reach(Node node, std::uint32_t level);
  bool find_levels(std::span<const Node> sources, Node sink);
  std::uint64_t push_along_levels(Node source, Node sink);
  std::uint64_t push_path(Node source);
  std::uint64_t push_all(std::span<const Node> sources, Node sink);
  bool find_prices(Node source, Node sink);

  // An edge is two halves, 2e forward and 2e + 1 back; residual_ of the latter is the flow.
  std::vector<Node> to_;                 // per half
  std::vector<std::uint64_t> residual_;  // per half
  std::vector<std::int32_t> cost_;       // per edge
  std::vector<std::uint32_t> begins_;    // per node: where its halves begin in halves_
  std::vector<std::uint32_t> halves_;
  std::vector<std::uint8_t> open_;
  std::vector<std::uint32_t> level_;  // distance in edges, of the last search
  std::vector<std::uint32_t> next_;   // per node: the next of its halves to try
  std::vector<std::int64_t> price_;   // potentials: reduced costs are never negative
  std::vector<std::uint32_t> path_;   // halves
  std::vector<Node> queue_;           // of the last search: all whose level is set
  std::vector<std::uint64_t> supply_;
  std::uint64_t work_left_ = ~std::uint64_t{0};
  bool priced_ = false;  // only edges of reduced cost 0 are usable
};

}  // namespace muster::core::assign
