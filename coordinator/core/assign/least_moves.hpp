/// Which slots stay where they are, and how many each member is to own: the second part of
/// Algorithm C.
#pragma once

#include "assign/balance.hpp"
#include "assign/classes.hpp"

#include <cstdint>
#include <vector>

namespace muster::core::assign {

struct Keep {
  std::vector<MemberIndex> owner;    ///< Per slot: the present owner if it keeps it, or nobody.
  std::vector<std::uint32_t> share;  ///< Per member: how many it is to own.
  std::vector<std::uint32_t> kept;   ///< Per member: how many of them it owns already.
  bool exact = false;                ///< Proved: no level assignment keeps more.
};

/// Among the assignments that are as level as `balance`, one that keeps the most slots.
///
/// First class by class, as Algorithm A does it: quick, and mostly optimal already, which a bound
/// shows. Where it is not, and the group is small enough (`exact_limit` pairs of member and topic),
/// a flow of least cost over topics and members decides; that one is optimal always.
[[nodiscard]] Keep keep_most(const Picture& picture, const Balance& balance);

/// Pairs of member and topic up to which the least moves are exact whatever the input.
inline constexpr std::uint64_t exact_limit = 200'000;

}  // namespace muster::core::assign
