/// The host's inside: what its loops share, and how it comes up and falls silent.
#pragma once

#include "host.hpp"
#include "owner_tables.hpp"
#include "shared.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace muster::broker {

struct Host::Parts {
  Parts(HostOptions options, const Clock& clock, store::Store& store);

  /// Loads every shard and brings the catalogue to all. Throws store::StoreError.
  void load();
  /// Every shard publishes that the broker stops.
  void tell_of_the_end();
  /// Waits until every loop has ended a turn that began after this call.
  void wait_for_turns();

  store::Store& store;
  Shared shared;
  Mono loaded_at;
  bool started = false;
  std::vector<std::function<void(MetricsText&)>> more_metrics;
  std::vector<std::unique_ptr<OwnerTables>> owners;  // one for each loop
};

/// On the store's thread: each loop hears of its shards.
void tell_durable(Shared& shared, const std::vector<DurableUpTo>& told);
/// On the store's thread: nothing leaves this host any more, and its owner is told why, once.
void fall_silent(Shared& shared, std::string why);

}  // namespace muster::broker
