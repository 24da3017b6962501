/// Every bound of the core, with its default and the reason for it.
#pragma once

#include <muster/types.hpp>

#include <cstddef>
#include <cstdint>

namespace muster::core {

struct Limits {
  // Sessions. Below 1 s network jitter expels the living; 30 min is Kafka's own upper bound.
  Millis min_session_timeout{1'000};
  Millis max_session_timeout{1'800'000};
  Millis min_rebalance_timeout{1'000};
  Millis max_rebalance_timeout{3'600'000};
  Millis min_max_poll_interval{1'000};
  Millis max_max_poll_interval{86'400'000};

  // Gathering of changes before a target is computed (architecture section 7).
  Millis gather_first{5};
  Millis gather_most{50};
  Millis max_first_assignment_delay{600'000};

  // A join that names a newer catalogue waits at most this long, then goes on with what is there.
  Millis catalogue_wait{1'000};
  std::size_t max_parked = 100'000;

  // Gaps of the broker itself up to this are jitter; longer ones are credited whole.
  Millis uncredited_gap{50};
  // Credited gaps from this on are told in an event; shorter ones are only counted.
  Millis told_gap{1'000};

  // Expiries handled in one Tick, so that heartbeats go on between ticks of a mass death.
  std::uint32_t expiries_per_tick = 4'096;
  // Sessions noted as unheard in one Tick, for the same reason; and how often they are noted.
  std::uint32_t notes_per_tick = 4'096;
  Millis note_interval{1'000};

  // Sizes.
  std::uint32_t max_groups = 1'000'000;    // per shard
  std::uint32_t max_members = 10'000'000;  // per shard
  std::uint32_t max_group_size = 1'000'000;
  std::uint32_t max_topics = 100'000;
  std::int32_t max_partitions = 1'000'000;              // of one topic
  std::uint64_t max_subscribed_partitions = 1'000'000;  // of all topics one member subscribes to
  std::uint64_t max_held_partitions = 1'000'000;        // by one member: its step fits a frame
  std::uint32_t max_topics_per_member = 1'000;
  std::uint32_t max_commit_partitions = 100'000;  // of one commit
  std::uint32_t max_offset_metadata = 4'096;      // bytes, Kafka's default
  std::uint32_t max_client_text = 512;  // bytes of each ClientInfo field, zone, assignor; <= 21,000
  std::uint32_t max_detail = 1'000;     // bytes of an operator's words
  std::uint32_t max_weight = 1'000'000;

  // Registry.
  std::uint32_t max_services = 100'000;     // per shard
  std::uint32_t max_instances = 1'000'000;  // per shard
  std::uint32_t max_service_size = 100'000;
  std::uint32_t max_nodes = 100'000;     // per shard
  std::uint32_t max_tags = 64;           // of one instance
  std::uint32_t max_tag = 255;           // bytes
  std::uint32_t max_meta = 64;           // entries of one instance
  std::uint32_t max_meta_key = 128;      // bytes
  std::uint32_t max_meta_value = 1'024;  // bytes
  std::uint32_t max_checks = 4;          // of one instance: each costs the broker a probe
  std::uint32_t max_check_path = 256;    // bytes
  Millis min_check_interval{100};
  Millis max_check_interval{3'600'000};
  std::uint32_t max_address = 253;  // bytes: the longest name of DNS
  // Instances that are gone: how many are remembered of one service and of one shard, how long.
  std::uint32_t max_departed_of_service = 32;
  std::uint32_t max_departed = 100'000;
  Millis departed_kept{3'600'000};
  // Those that live with a node that died are removed this long after it, unless it comes back.
  Millis orphan_time{60'000};
  // Flap damping, in thousandths of a failure: each adds 1,000, half is forgotten in each
  // half-life; from `flap_limit` on an instance is a last choice, until it falls below
  // `flap_steady`.
  std::uint32_t flap_limit = 2'500;
  std::uint32_t flap_steady = 1'000;
  Millis flap_half_life{60'000};
  // Protection: begins when so many of a service or zone are silent at once, and at least one in so
  // many; ends when fewer than half of that share still are, or after so many session timeouts.
  std::uint32_t protect_from = 3;
  std::uint32_t protect_one_in = 2;
  std::uint32_t protect_timeouts = 10;

  // History: epochs kept per group, moves listed per epoch.
  std::uint32_t max_history = 100;
  std::uint32_t max_history_moves = 200;

  // Partitions from which on a group's target is kept in a form that makes one member more or less
  // cheap; below, a full computation is as fast as the bookkeeping.
  std::uint32_t cached_target_from = 10'000;

  // Events: partitions listed in one event, and the bytes of the ring that keeps them (per shard:
  // 64 MiB over 8 shards).
  std::uint32_t max_event_partitions = 1'000;
  std::uint64_t event_ring_bytes = 8ULL << 20;
  // Events that leave the ring stay in the store, where the host's mirror finds them; the host
  // removes them once it has no more use for them. Without: the core removes them itself.
  bool outbox = false;
};

}  // namespace muster::core
