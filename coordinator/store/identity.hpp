/// What a store is (uuid, shard count, format) and the rules that go with it.
#pragma once

#include "store.hpp"

#include <cstdint>
#include <string>

namespace muster::store {

/// The layout of the folder and of its keys; the values' version is record_version.
inline constexpr std::uint32_t format_version = 1;

/// A shard's number has 16 bits in a session handle.
inline constexpr std::uint32_t max_shards = 65'536;

/// A store that did not exist before: a random uuid from the kernel, and this format.
/// Fails  StoreError (store_incompatible) if `shards` is not 1-65,536.
[[nodiscard]] StoreIdentity new_identity(std::uint32_t shards);
[[nodiscard]] StoreUuid random_uuid();

/// 8-4-4-4-12 lower-case hex digits.
[[nodiscard]] std::string to_string(const StoreUuid& uuid);
/// Fails  with false, `out` unchanged.
[[nodiscard]] bool parse_uuid(std::string_view text, StoreUuid& out);

/// Fails  StoreError (store_incompatible) for a shard that the store does not have.
void check_shard(const StoreIdentity& identity, ShardIndex shard);

/// The highest term that any shard can have been given before the boot with this number. Each boot
/// gives each shard one term, at most its own number: `max(floor, recorded) + 1`, where both are
/// below it. So floor + 1 is unused even if the records of the last runs are lost. Fails StoreError
/// (epoch_exhausted) where no term is left.
[[nodiscard]] Term term_floor(std::uint64_t boots);

/// The highest revision in the batch; 0 for an empty one.
[[nodiscard]] Revision newest_revision(const Batch& batch);

}  // namespace muster::store
