/// Keys of stored records, as bytes whose order is the order in which a shard is loaded.
///
///   shard   u32, big-endian
///   kind    u8, core::RecordKind; 0 is the store's own bookkeeping
///   fields  those of the kind, in the order of RecordKey: a name is a u16 length and its bytes, a
///   topic
///           id 16 bytes, a partition u32, a number u64; all big-endian
///
/// So one ascending scan gives a shard's kinds in rising order, and a group's records lie together.
/// Lengths, not separators, keep fields apart: no name can look like the end of another.
#pragma once

#include <muster/core/record.hpp>
#include <muster/types.hpp>

#include <string>
#include <string_view>

namespace muster::store {

struct EventNote;

struct StoredKey {
  ShardIndex shard = 0;
  core::RecordKey key;
  friend auto operator<=>(const StoredKey&, const StoredKey&) = default;
};

/// Fails  StoreError (store_failed): a name over 65,535 bytes, a negative partition, an unknown
/// kind.
[[nodiscard]] std::string encode_key(ShardIndex shard, const core::RecordKey& key);

/// Fails  StoreError: store_corrupt for bytes that are no key, store_incompatible for a kind that
/// this
///        version does not know.
[[nodiscard]] StoredKey decode_key(std::string_view bytes);

/// Of the event with this number.
[[nodiscard]] inline core::RecordKey event_key(std::uint64_t number) {
  return {core::RecordKind::event, {}, {}, {}, 0, number};
}

/// The first bytes of every key of a shard.
[[nodiscard]] std::string shard_prefix(ShardIndex shard);

/// The key of the store's own note about a shard: its last revision. Sorts before all its records.
[[nodiscard]] std::string last_revision_key(ShardIndex shard);
[[nodiscard]] bool is_last_revision_key(std::string_view bytes);

/// The key of the note of who read a shard's events how far (store.hpp). Above all shards.
[[nodiscard]] std::string event_note_key(ShardIndex shard);
[[nodiscard]] bool is_event_note_key(std::string_view bytes);
[[nodiscard]] std::string encode_event_note(const EventNote& note);
/// Fails  StoreError (store_corrupt).
[[nodiscard]] EventNote decode_event_note(ShardIndex shard, std::string_view bytes);

/// For sentences: `member "a" of group "g"`; bytes that do not print are shown as \xHH.
[[nodiscard]] std::string describe(const core::RecordKey& key);
[[nodiscard]] std::string in_quotes(std::string_view bytes);

}  // namespace muster::store
