/// `uniform`, the default: every member owns as much as every other, and the least possible moves.
#pragma once

#include "assign/assignor.hpp"

namespace muster::core::assign {

/// Level in proportion to the weights; among all level assignments one that moves least; each topic
/// spread over the members by what has to be placed anyway. Members that subscribe alike are
/// levelled directly (one_class.hpp), others as a flow (mixed.hpp).
class Uniform final : public Assignor {
 public:
  [[nodiscard]] std::string_view name() const override { return "uniform"; }
  [[nodiscard]] Plan assign(const Problem& problem) const override;
};

}  // namespace muster::core::assign
