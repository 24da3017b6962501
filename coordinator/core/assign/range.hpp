/// `range`: Kafka's range assignor.
#pragma once

#include "assign/assignor.hpp"

namespace muster::core::assign {

/// Topic by topic, each member that subscribes gets one contiguous range, in member order; the
/// first ones get one partition more. So partition i of two topics with equal counts and
/// subscribers has the same owner, which is what it is for; the price is that a join or a leave
/// moves nearly everything.
///
/// Weights other than 0 make no difference. A member that takes nothing new keeps its place in the
/// order; what of its range it does not hold stays where it is, or goes to the next that takes it.
class Range final : public Assignor {
 public:
  [[nodiscard]] std::string_view name() const override { return "range"; }
  [[nodiscard]] Plan assign(const Problem& problem) const override;
};

}  // namespace muster::core::assign
