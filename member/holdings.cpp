#include "holdings.hpp"

#include <muster/mutant.hpp>

#include <algorithm>
#include <limits>

namespace muster::member {

namespace {

using Tokens = std::map<TopicPartition, Token>;

Tokens flatten(const std::vector<OwnedPartitions>& owned) {
  Tokens flat;
  for (const OwnedPartitions& topic : owned) {
    const std::size_t count = std::min(topic.partitions.size(), topic.tokens.size());
    for (std::size_t i = 0; i < count; ++i)
      flat[{topic.topic, topic.partitions[i]}] = topic.tokens[i];
  }
  return flat;
}

bool names(const Tokens& tokens, const TopicPartition& partition, Token token) {
  const auto it = tokens.find(partition);
  return it != tokens.end() && it->second == token;
}

}  // namespace

Holdings::Difference Holdings::apply(const Step& step, Mono release_until) {
  const Tokens assigned = flatten(step.assigned);
  const Tokens revoking = flatten(step.revoking);
  Difference change;
  for (auto it = entries_.begin(); it != entries_.end();) {
    const auto& partition = it->first;
    Entry& entry = it->second;
    if (names(revoking, partition, entry.token)) {
      if (entry.ticket == 0) {
        if (change.ticket == 0) change.ticket = ++last_ticket_;
        entry.ticket = change.ticket;
        entry.step = step.number;
        change.revoked.push_back({partition, entry.token});
      }
      ++it;
    } else if (entry.ticket == 0 && names(assigned, partition, entry.token)) {
      ++it;
    } else {
      // Gone, granted anew, or asked back and now ours again. The last is told as a new assignment,
      // since the application may already have been told to stop; it is not lost.
      if (!names(assigned, partition, entry.token)) change.lost.push_back({partition, entry.token});
      it = entries_.erase(it);
    }
  }
  for (const auto& [partition, token] : assigned) {
    const bool is_new = entries_.try_emplace(partition, Entry{token, 0, 0}).second;
    if (is_new) change.assigned.push_back({partition, token});
  }
  step_ = step.number;
  epoch_ = step.member_epoch;
  if (!revoking.empty() && (to_release_.empty() || to_release_.back() < step.number))
    to_release_.push_back(step.number);
  release_until_ = revoking.empty() ? never : release_until;
  return change;
}

void Holdings::confirm(std::uint32_t ticket) {
  std::erase_if(entries_, [&](const auto& e) { return ticket != 0 && e.second.ticket == ticket; });
}

std::optional<std::uint32_t> Holdings::take_release() {
  if (to_release_.empty()) return std::nullopt;
  std::uint32_t first_open = std::numeric_limits<std::uint32_t>::max();
  for (const auto& [partition, entry] : entries_)
    if (entry.ticket != 0 && !MUSTER_MUTANT(releases_before_it_stopped))
      first_open = std::min(first_open, entry.step);
  const auto end = std::lower_bound(to_release_.begin(), to_release_.end(), first_open);
  if (end == to_release_.begin()) return std::nullopt;
  const std::uint32_t step = *(end - 1);
  to_release_.erase(to_release_.begin(), end);
  return step;
}

void Holdings::release_answered(std::uint32_t step) {
  // An older one tells the broker nothing: it waits for the newest step's.
  if (step == step_) release_until_ = never;
}

std::vector<Held> Holdings::clear() {
  std::vector<Held> lost = held();
  entries_.clear();
  to_release_.clear();
  release_until_ = never;
  return lost;
}

void Holdings::start_over() {
  clear();
  step_ = 0;
  epoch_ = 0;
}

bool Holdings::holds(const TopicPartition& partition, Token token) const {
  const auto it = entries_.find(partition);
  return it != entries_.end() && it->second.token == token;
}

std::vector<Held> Holdings::held() const {
  std::vector<Held> all;
  for (const auto& [partition, entry] : entries_) all.push_back({partition, entry.token});
  return all;
}

}  // namespace muster::member
