/// Groups to assign for, and what a result is measured by. Nothing here uses the code under test.
#pragma once

#include "assign/assignor.hpp"

#include <cstdint>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace muster::core::assign {

void PrintTo(const Change& change, std::ostream* out);

/// Random numbers that are the same with every standard library.
class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  /// A number from 0 to below `end`.
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(engine_() % end); }
  std::uint32_t between(std::uint32_t first, std::uint32_t last) {
    return first + below(last - first + 1);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

 private:
  std::mt19937 engine_;
};

/// `members` equal ones that subscribe to all of `partitions`; nothing is owned.
[[nodiscard]] Problem equal_group(std::uint32_t members, std::vector<std::int32_t> partitions);
/// The group after the plan was carried out.
[[nodiscard]] Problem after(Problem problem, const Plan& plan);
/// Without this member: the indices above it move down, its slots are nobody's.
[[nodiscard]] Problem without(const Problem& problem, MemberIndex member);
[[nodiscard]] Problem with_equal_member(Problem problem);

struct Shape {
  std::uint32_t members = 16;
  std::uint32_t topics = 8;
  std::uint32_t slots = 200;       ///< At most.
  std::uint32_t weight = 1;        ///< At most; the least is 0 if this is above 1.
  bool mixed = false;              ///< Subscriptions differ.
  std::uint32_t holding_back = 0;  ///< One in so many takes nothing new; 0: nobody.
};
/// A group with random sizes up to those, and random owners: valid ones, nobody, members that do
/// not subscribe, members that do not exist.
[[nodiscard]] Problem random_group(Dice& dice, const Shape& shape);

[[nodiscard]] std::vector<std::uint32_t> loads(const Problem& problem,
                                               const std::vector<MemberIndex>& owner);
/// The present owner of each slot, if it may keep it; else nobody.
[[nodiscard]] std::vector<MemberIndex> valid_owners(const Problem& problem);
/// Slots that a member of the problem may keep and that the plan leaves with it.
[[nodiscard]] std::uint32_t kept(const Problem& problem, const Plan& plan);
[[nodiscard]] bool subscribes(const Member& member, std::uint32_t topic);
[[nodiscard]] std::uint32_t topic_of(const Problem& problem, std::uint32_t slot);
[[nodiscard]] std::uint32_t slot_count(const Problem& problem);
/// By how much the fullest member of a topic exceeds its even part, over all topics; 0 is perfect.
[[nodiscard]] std::int64_t spread_score(const Problem& problem,
                                        const std::vector<MemberIndex>& owner);

/// Every rule that holds for each assignor; empty if all are kept, else what is broken.
[[nodiscard]] std::string broken_rule(const Problem& problem, const Plan& plan);
/// A chain of handed-on slots that would level the loads further; empty if there is none.
[[nodiscard]] std::string cost_reducing_path(const Problem& problem,
                                             const std::vector<MemberIndex>& owner);

}  // namespace muster::core::assign
