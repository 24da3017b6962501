/// Lists of partitions as values: what a member holds against what it should hold. Sorted in,
/// sorted out.
#pragma once

#include <muster/core/record.hpp>
#include <muster/types.hpp>

#include <vector>

namespace muster::core {

/// What of `held` is in `target`, and what is not.
struct Split {
  std::vector<Granted> keep;
  std::vector<Granted> drop;
};
[[nodiscard]] Split split(const std::vector<Granted>& held,
                          const std::vector<TopicPartitions>& target);

/// What of `target` is not in `held`.
[[nodiscard]] std::vector<TopicPartitions> missing(const std::vector<TopicPartitions>& target,
                                                   const std::vector<Granted>& held);

/// Both together; they share no partition.
[[nodiscard]] std::vector<Granted> merged(const std::vector<Granted>& a,
                                          const std::vector<Granted>& b);

/// The same partitions, as they are told to a member.
[[nodiscard]] std::vector<OwnedPartitions> owned(const std::vector<Granted>& held);

[[nodiscard]] std::size_t count(const std::vector<Granted>& held);
[[nodiscard]] std::size_t count(const std::vector<TopicPartitions>& partitions);

/// In pieces of at most `most` partitions; none for none.
[[nodiscard]] std::vector<std::vector<OwnedPartitions>> pieces(const std::vector<Granted>& held,
                                                               std::size_t most);

}  // namespace muster::core
