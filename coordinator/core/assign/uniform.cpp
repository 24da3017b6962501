#include "assign/uniform.hpp"

#include "assign/mixed.hpp"
#include "assign/one_class.hpp"
#include "assign/slots.hpp"

#include <span>

namespace muster::core::assign {
namespace {

/// What all members that take part subscribe to, if they do so alike; else `alike` is false.
struct Subscription {
  std::span<const std::uint32_t> topics;
  bool alike = true;
};

Subscription common_subscription(const Problem& problem) {
  const Member* first = nullptr;
  for (const Member& member : problem.members) {
    if (!takes_part(member)) continue;
    if (first == nullptr) first = &member;
    if (member.topics != first->topics) return {.topics = {}, .alike = false};
  }
  return {.topics = first != nullptr ? std::span(first->topics) : std::span<const std::uint32_t>{}};
}

}  // namespace

Plan Uniform::assign(const Problem& problem) const {
  const std::vector<std::uint32_t> begins = slot_begins(problem.partitions);
  const Subscription subscription = common_subscription(problem);
  return plan_for(problem, subscription.alike
                               ? level_one_class(problem, begins, subscription.topics)
                               : level_mixed(problem, begins));
}

}  // namespace muster::core::assign
