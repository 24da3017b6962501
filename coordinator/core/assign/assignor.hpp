/// Assignment: who should own which partition, computed on dense numbers.
///
/// An assignor sees topics and members as indices and knows no names, clocks or records: the core
/// translates (rebalance.cpp). Same input, same output, bit for bit, on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace muster::core::assign {

/// Index of a member in `Problem::members`; `nobody` owns nothing.
using MemberIndex = std::uint32_t;
inline constexpr MemberIndex nobody = 0xffffffffU;

struct Member {
  std::vector<std::uint32_t>
      topics;  ///< Indices of the topics it subscribes to, sorted, each once.
  std::uint32_t weight =
      1;                  ///< Capacity relative to the others; 0 takes nothing and keeps nothing.
  bool takes_new = true;  ///< False (a critical member): keeps at most what it has.
};

/// A group at one moment. A *slot* is one partition: topic t's partitions are the slots
/// [first_slot(t), first_slot(t) + partitions[t]), topics in order.
struct Problem {
  std::vector<std::int32_t> partitions;  ///< Per topic.
  std::vector<Member> members;           ///< In order of their ids: ties go to the lower index.
  std::vector<MemberIndex> owner;        ///< Per slot: the present owner, or `nobody`.
};

/// One slot that goes from one owner to another; either may be `nobody`.
struct Change {
  std::uint32_t slot = 0;
  MemberIndex from = nobody;
  MemberIndex to = nobody;
  friend bool operator==(const Change&, const Change&) = default;
};

struct Plan {
  std::vector<MemberIndex> owner;  ///< Per slot.
  std::vector<Change> changes;     ///< Slots whose owner differs from the problem's, by slot.
};

/// A strategy. Contract (tests/assign/contract_test.cpp runs it for each):
///   a member owns only slots of topics it subscribes to; a slot has an owner if anybody may take
///   it; the result does not depend on hash order; assigning again changes nothing.
class Assignor {
 public:
  virtual ~Assignor() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  [[nodiscard]] virtual Plan assign(const Problem& problem) const = 0;
};

/// The assignor of this name, or null. The objects live for ever and have no state.
[[nodiscard]] const Assignor* find_assignor(std::string_view name);
/// All names, the default first.
[[nodiscard]] std::span<const std::string_view> assignor_names();
inline constexpr std::string_view default_assignor = "uniform";

}  // namespace muster::core::assign
