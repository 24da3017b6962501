#include "assign/network.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

namespace muster::core::assign {

Network::Network(Node nodes)
    : begins_(nodes + 1, 0),
      open_(nodes, 1),
      level_(nodes, unreached),
      next_(nodes, 0),
      price_(nodes, 0),
      supply_(nodes, 0) {}

Network::Edge Network::connect(Node from, Node to, std::uint64_t capacity, std::int32_t cost) {
  to_.push_back(to);
  to_.push_back(from);
  residual_.push_back(capacity);
  residual_.push_back(0);
  cost_.push_back(cost);
  return static_cast<Edge>(cost_.size() - 1);
}

void Network::seal() {
  for (std::size_t half = 0; half < to_.size(); ++half) ++begins_[to_[half ^ 1] + 1];
  for (std::size_t node = 1; node < begins_.size(); ++node) begins_[node] += begins_[node - 1];
  halves_.resize(to_.size());
  std::vector<std::uint32_t> fill(begins_.begin(), begins_.end() - 1);
  for (std::uint32_t half = 0; half < to_.size(); ++half) halves_[fill[to_[half ^ 1]]++] = half;
}

void Network::set(Edge edge, std::uint64_t capacity, std::uint64_t flow) {
  residual_[2 * edge] = capacity - flow;
  residual_[2 * edge + 1] = flow;
}

std::int64_t Network::reduced_cost(std::uint32_t half, Node from) const {
  const std::int64_t cost = cost_[half / 2];
  return (half % 2 == 0 ? cost : -cost) + price_[from] - price_[to_[half]];
}

bool Network::usable(std::uint32_t half, Node from) const {
  return residual_[half] > 0 && open_[to_[half]] != 0 &&
         (!priced_ || reduced_cost(half, from) == 0);
}

bool Network::spend_work(std::uint64_t edges) {
  work_left_ -= std::min(work_left_, edges);
  return work_left_ > 0;
}

void Network::reach(Node node, std::uint32_t level) {
  level_[node] = level;
  next_[node] = begins_[node];
  queue_.push_back(node);
}

/// Breadth first, and to the end if the sink cannot be reached: then the levels say what can.
bool Network::find_levels(std::span<const Node> sources, Node sink) {
  for (const Node node : queue_) level_[node] = unreached;
  queue_.clear();
  for (const Node source : sources)
    if (supply_[source] > 0) reach(source, 0);
  for (std::size_t i = 0; i < queue_.size(); ++i) {
    const Node node = queue_[i];
    if (!spend_work(begins_[node + 1] - begins_[node])) return false;
    for (std::uint32_t k = begins_[node]; k < begins_[node + 1]; ++k) {
      const Node to = to_[halves_[k]];
      if (level_[to] != unreached || !usable(halves_[k], node)) continue;
      reach(to, level_[node] + 1);
      if (to == sink) return true;
    }
  }
  return false;
}

/// Depth first along rising levels, without recursion: paths may be as long as there are nodes.
std::uint64_t Network::push_along_levels(Node source, Node sink) {
  path_.clear();
  std::uint64_t pushed = 0;
  for (Node node = source; supply_[source] > 0;) {
    if (node == sink) {
      pushed += push_path(source);
      node = path_.empty() ? source : to_[path_.back()];
      continue;
    }
    std::uint32_t& next = next_[node];
    while (next < begins_[node + 1] &&
           !(level_[to_[halves_[next]]] == level_[node] + 1 && usable(halves_[next], node)))
      ++next;
    if (next < begins_[node + 1]) {
      path_.push_back(halves_[next]);
      node = to_[path_.back()];
      continue;
    }
    if (path_.empty()) break;
    level_[node] = unreached;
    node = to_[path_.back() ^ 1];
    path_.pop_back();
  }
  return pushed;
}

/// Pushes the bottleneck along path_, and cuts the path back to before its first full edge.
std::uint64_t Network::push_path(Node source) {
  std::uint64_t amount = supply_[source];
  for (const std::uint32_t half : path_) amount = std::min(amount, residual_[half]);
  std::size_t keep = path_.size();
  for (std::size_t i = path_.size(); i-- > 0;) {
    residual_[path_[i]] -= amount;
    residual_[path_[i] ^ 1] += amount;
    if (residual_[path_[i]] == 0) keep = i;
  }
  path_.resize(keep);
  supply_[source] -= amount;
  return amount;
}

std::uint64_t Network::push_all(std::span<const Node> sources, Node sink) {
  std::uint64_t pushed = 0;
  while (find_levels(sources, sink))
    for (const Node source : sources) pushed += push_along_levels(source, sink);
  return pushed;
}

std::uint64_t Network::push_most(std::span<const Node> sources, Node sink) {
  priced_ = false;
  return push_all(sources, sink);
}

/// Dijkstra over reduced costs, then raises the prices so that the cheapest paths cost nothing.
bool Network::find_prices(Node source, Node sink) {
  constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> distance(price_.size(), far);
  using Entry = std::pair<std::int64_t, Node>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open_nodes;
  distance[source] = 0;
  open_nodes.emplace(0, source);
  while (!open_nodes.empty()) {
    const auto [d, node] = open_nodes.top();
    open_nodes.pop();
    if (d > distance[node]) continue;
    if (node == sink) break;
    if (!spend_work(begins_[node + 1] - begins_[node])) return false;
    for (std::uint32_t k = begins_[node]; k < begins_[node + 1]; ++k) {
      const std::uint32_t half = halves_[k];
      const Node to = to_[half];
      if (residual_[half] == 0 || open_[to] == 0) continue;
      const std::int64_t there = d + reduced_cost(half, node);
      if (there >= distance[to]) continue;
      distance[to] = there;
      open_nodes.emplace(there, to);
    }
  }
  if (distance[sink] == far) return false;
  for (std::size_t node = 0; node < price_.size(); ++node)
    price_[node] += std::min(distance[node], distance[sink]);
  return true;
}

std::uint64_t Network::push_cheapest(Node source, Node sink) {
  std::uint64_t pushed = 0;
  std::ranges::fill(price_, 0);
  supply_[source] = unlimited;
  while (find_prices(source, sink)) {
    priced_ = true;
    pushed += push_all(std::span(&source, 1), sink);
    priced_ = false;
  }
  return pushed;
}

}  // namespace muster::core::assign
