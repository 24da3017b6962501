/// Parts of a picture as the messages tell them, for readers that page through a View themselves.
#pragma once

#include <muster/core/view.hpp>
#include <muster/messages.hpp>

namespace muster::core {

[[nodiscard]] MemberDescription describe(const MemberView& member);
/// All but the members. `term`: of its shard.
[[nodiscard]] GroupDescription describe(const GroupView& group, Term term);

}  // namespace muster::core
