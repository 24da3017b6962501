#include "assign/range.hpp"

#include "assign/slots.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace muster::core::assign {
namespace {

using Subscribers = std::vector<MemberIndex>;

std::vector<Subscribers> subscribers_by_topic(const Problem& problem) {
  std::vector<Subscribers> out(problem.partitions.size());
  for (MemberIndex m = 0; m < problem.members.size(); ++m)
    if (takes_part(problem.members[m]))
      for (const std::uint32_t topic : problem.members[m].topics) out[topic].push_back(m);
  return out;
}

/// Who takes a slot that falls to `subscribers[place]`: that member; if it takes nothing new and
/// does not hold the slot, the present owner; else the next member in order that takes new slots.
MemberIndex taker(const Problem& problem, const Subscribers& subscribers, std::size_t place,
                  MemberIndex before) {
  const MemberIndex due = subscribers[place];
  if (problem.members[due].takes_new || before == due) return due;
  if (std::ranges::binary_search(subscribers, before)) return before;
  for (std::size_t i = 1; i < subscribers.size(); ++i) {
    const MemberIndex next = subscribers[(place + i) % subscribers.size()];
    if (problem.members[next].takes_new) return next;
  }
  return nobody;
}

}  // namespace

Plan Range::assign(const Problem& problem) const {
  const std::vector<std::uint32_t> begins = slot_begins(problem.partitions);
  std::vector<MemberIndex> owner(begins.back(), nobody);
  const std::vector<Subscribers> by_topic = subscribers_by_topic(problem);
  for (std::size_t t = 0; t < by_topic.size(); ++t) {
    const Subscribers& subscribers = by_topic[t];
    if (subscribers.empty()) continue;
    const std::size_t count = begins[t + 1] - begins[t];
    const std::size_t each = count / subscribers.size();
    const std::size_t longer = count % subscribers.size();
    std::uint32_t slot = begins[t];
    for (std::size_t place = 0; place < subscribers.size(); ++place) {
      const std::size_t length = each + static_cast<std::size_t>(place < longer);
      for (std::size_t i = 0; i < length; ++i, ++slot) {
        const MemberIndex before = slot < problem.owner.size() ? problem.owner[slot] : nobody;
        owner[slot] = taker(problem, subscribers, place, before);
      }
    }
  }
  return plan_for(problem, std::move(owner));
}

}  // namespace muster::core::assign
