/// How many slots of each topic each class should own: the levelling part of Algorithm C.
#pragma once

#include "assign/classes.hpp"

#include <cstdint>
#include <vector>

namespace muster::core::assign {

/// A load per weight, as an exact fraction.
struct Height {
  std::uint64_t slots = 0;
  std::uint32_t weight = 1;

  /// How many slots a member of this weight holds when filled up to here.
  [[nodiscard]] std::uint64_t full(std::uint32_t of_weight) const {
    return slots * of_weight / weight;
  }
  /// The same, filled up to just below here.
  [[nodiscard]] std::uint64_t below(std::uint32_t of_weight) const {
    return slots == 0 ? 0 : (slots * of_weight - 1) / weight;
  }
};

/// The result falls into parts between which no level assignment differs: what a topic's slots
/// weigh down is the same height everywhere in its part, and no slot can reach a lower part.
struct Balance {
  std::vector<Height> heights;          ///< Per part.
  std::vector<std::uint32_t> of_topic;  ///< The part of each topic.
  std::vector<std::uint32_t> of_class;  ///< The part of each class.
  bool complete = true;  ///< False: the work limit was reached; valid, but not level.
};

/// Sets `owned` of every arc so that the loads are as level as the subscriptions allow: no chain of
/// slots handed on from member to member could lower the sum of load² / weight. Starts from what is
/// held and changes no more than each step needs.
///
/// Method: the height to which all loads of a part would rise if it could be levelled whole; a flow
/// sends what lies above it to room below. Where the flow gets stuck the part splits: what could be
/// reached from the rest is higher for good, the other is lower (the decomposition behind convex
/// flows of Fujishige, Hochbaum; local optimality as in Harvey, Ladner, Lovasz, Tamir 2006).
[[nodiscard]] Balance balance(Picture& picture);

}  // namespace muster::core::assign
