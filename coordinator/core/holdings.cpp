#include "holdings.hpp"

#include <algorithm>

namespace muster::core {
namespace {

template <class List>
auto find_topic(const List& list, const TopicId& topic) {
  const auto it =
      std::lower_bound(list.begin(), list.end(), topic,
                       [](const auto& entry, const TopicId& id) { return entry.topic < id; });
  return it != list.end() && it->topic == topic ? &*it : nullptr;
}

void add(Granted& to, const Granted& from, std::size_t i) {
  to.partitions.push_back(from.partitions[i]);
  to.tokens.push_back(from.tokens[i]);
  to.epochs.push_back(from.epochs[i]);
}

void add_topic(std::vector<Granted>& list, Granted&& topic) {
  if (!topic.partitions.empty()) list.push_back(std::move(topic));
}

Granted merged_topic(const Granted& a, const Granted& b) {
  Granted out{a.topic, {}, {}, {}};
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.partitions.size() || j < b.partitions.size()) {
    const bool from_a =
        j == b.partitions.size() || (i < a.partitions.size() && a.partitions[i] < b.partitions[j]);
    from_a ? add(out, a, i++) : add(out, b, j++);
  }
  return out;
}

}  // namespace

Split split(const std::vector<Granted>& held, const std::vector<TopicPartitions>& target) {
  Split out;
  for (const Granted& topic : held) {
    const TopicPartitions* wanted = find_topic(target, topic.topic);
    Granted keep{topic.topic, {}, {}, {}};
    Granted drop{topic.topic, {}, {}, {}};
    std::size_t w = 0;
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      const PartitionIndex p = topic.partitions[i];
      while (wanted != nullptr && w < wanted->partitions.size() && wanted->partitions[w] < p) ++w;
      const bool in =
          wanted != nullptr && w < wanted->partitions.size() && wanted->partitions[w] == p;
      add(in ? keep : drop, topic, i);
    }
    add_topic(out.keep, std::move(keep));
    add_topic(out.drop, std::move(drop));
  }
  return out;
}

std::vector<TopicPartitions> missing(const std::vector<TopicPartitions>& target,
                                     const std::vector<Granted>& held) {
  std::vector<TopicPartitions> out;
  for (const TopicPartitions& topic : target) {
    const Granted* present = find_topic(held, topic.topic);
    TopicPartitions lacking{topic.topic, {}};
    if (present == nullptr) {
      lacking.partitions = topic.partitions;
    } else {
      std::set_difference(topic.partitions.begin(), topic.partitions.end(),
                          present->partitions.begin(), present->partitions.end(),
                          std::back_inserter(lacking.partitions));
    }
    if (!lacking.partitions.empty()) out.push_back(std::move(lacking));
  }
  return out;
}

std::vector<Granted> merged(const std::vector<Granted>& a, const std::vector<Granted>& b) {
  std::vector<Granted> out;
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (j == b.size() || (i < a.size() && a[i].topic < b[j].topic)) {
      out.push_back(a[i++]);
    } else if (i == a.size() || b[j].topic < a[i].topic) {
      out.push_back(b[j++]);
    } else {
      out.push_back(merged_topic(a[i++], b[j++]));
    }
  }
  return out;
}

std::vector<OwnedPartitions> owned(const std::vector<Granted>& held) {
  std::vector<OwnedPartitions> out;
  out.reserve(held.size());
  for (const Granted& topic : held) out.push_back({topic.topic, topic.partitions, topic.tokens});
  return out;
}

std::size_t count(const std::vector<Granted>& held) {
  std::size_t n = 0;
  for (const Granted& topic : held) n += topic.partitions.size();
  return n;
}

std::size_t count(const std::vector<TopicPartitions>& partitions) {
  std::size_t n = 0;
  for (const TopicPartitions& topic : partitions) n += topic.partitions.size();
  return n;
}

std::vector<std::vector<OwnedPartitions>> pieces(const std::vector<Granted>& held,
                                                 std::size_t most) {
  std::vector<std::vector<OwnedPartitions>> out;
  std::size_t room = 0;
  for (const Granted& topic : held)
    for (std::size_t i = 0; i < topic.partitions.size(); ++i) {
      if (room == 0) {
        out.emplace_back();
        room = most;
      }
      auto& piece = out.back();
      if (piece.empty() || piece.back().topic != topic.topic)
        piece.push_back({topic.topic, {}, {}});
      piece.back().partitions.push_back(topic.partitions[i]);
      piece.back().tokens.push_back(topic.tokens[i]);
      --room;
    }
  return out;
}

}  // namespace muster::core
