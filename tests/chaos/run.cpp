#include "run.hpp"

#include "broker.hpp"
#include "checks.hpp"
#include "faults.hpp"
#include "observer.hpp"
#include "relay.hpp"
#include "rogue.hpp"
#include "sink.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

namespace muster::chaos {
namespace {

constexpr Stamp second = 1'000'000;
constexpr Stamp patience = 60 * second;
constexpr std::chrono::milliseconds between_looks{20};

/// Every partition has been written to after `since`; false after a minute, or if the broker died.
bool all_go_on(const Sink& sink, Broker& broker, Stamp since, std::int32_t partitions) {
  const Stamp deadline = boot_stamp() + patience;
  while (!sink.all_wrote_since(since, partitions)) {
    if (boot_stamp() > deadline || !broker.alive()) return false;
    std::this_thread::sleep_for(between_looks);
  }
  return true;
}

}  // namespace

History play(const RunOptions& options) {
  History history;
  history.partitions = options.partitions;
  Sink sink(options.folder + "/sink");
  Broker broker({.program = options.musterd, .folder = options.folder});
  broker.start(1);
  create_topic(broker.address(), options.partitions);
  Relay relay(broker.address());
  Fleet fleet({options.folder, options.folder + "/sink"});
  Faults faults(broker, relay, fleet, options.seed, options.workers);
  faults.start_fleet();
  Observer observer(broker.address(), options.partitions);
  Rogue rogue(broker.address());

  const Stamp begin = boot_stamp();
  if (all_go_on(sink, broker, begin, options.partitions) &&
      faults.rage(boot_stamp() + options.seconds * second))
    all_go_on(sink, broker, faults.last(), options.partitions);

  fleet.end();
  rogue.finish(history);
  history.looks = observer.finish(history.reads);
  if (broker.alive()) {
    const auto reads = read_committed(broker.address(), options.partitions);
    history.reads.insert(history.reads.end(), reads.begin(), reads.end());
    history.expulsions = read_expulsions(broker.address());
  }
  broker.end();
  history.faults = faults.counts();
  history.last_fault = faults.last();
  history.broker_away = broker.away();
  history.broker_ends = broker.ends();
  history.writes = sink.finish();
  fleet.tell(history);
  return history;
}

bool report(const RunOptions& options, const History& history) {
  bool ok = true;
  for (const Verdict& verdict : check_all(history)) {
    std::printf("%-4s %-24s %s\n", verdict.ok() ? "ok" : "BAD", verdict.check.c_str(),
                verdict.summary.c_str());
    for (const std::string& fault : verdict.faults) std::printf("     %s\n", fault.c_str());
    ok = ok && verdict.ok();
  }
  int faults = 0;
  for (const auto& [kind, count] : history.faults) faults += count;
  std::printf("torture: %s seed=%llu writes=%zu commits=%zu faults=%d\n", ok ? "ok" : "VIOLATION",
              static_cast<unsigned long long>(options.seed), history.writes.size(),
              history.acks.size(), faults);
  return ok;
}

}  // namespace muster::chaos
