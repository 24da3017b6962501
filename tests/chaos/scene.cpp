#include "scene.hpp"

#include "checks.hpp"
#include "nemesis.hpp"
#include "observer.hpp"
#include "rogue.hpp"
#include "sink.hpp"
#include "watcher.hpp"
#include "worker.hpp"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

namespace muster::chaos {
namespace {

constexpr Stamp second = 1'000'000;
constexpr Stamp patience = 60 * second;
constexpr std::chrono::milliseconds between_looks{20};
constexpr std::uint64_t disk_bytes = 256 << 20;
constexpr const char* crowd_topic = "crowd";
constexpr std::int32_t crowd_partitions = 200;

/// Every partition has been written to after `since`; false after a minute, or if the broker died.
bool all_go_on(const Sink& sink, Broker& broker, Stamp since, std::int32_t partitions) {
  const Stamp deadline = boot_stamp() + patience;
  while (!sink.all_wrote_since(since, partitions)) {
    if (boot_stamp() > deadline || !broker.alive()) return false;
    std::this_thread::sleep_for(between_looks);
  }
  return true;
}

struct CrowdPlan {
  std::size_t host;
  std::string name;
  std::size_t members;
  Millis shortest, longest;
  int silent_percent;
  std::string topic;
};

std::string journal_of(const SceneOptions& options, const CrowdPlan& plan) {
  return options.folder + "/" + plan.name + ".journal";
}

std::unique_ptr<Child> start_crowd(const SceneOptions& options, const Hosts& hosts,
                                   const CrowdPlan& plan) {
  const std::vector<std::string> words{own_program(),      "crowd",
                                       "--server",         Hosts::broker_address(plan.host),
                                       "--group",          plan.name,
                                       "--topic",          plan.topic,
                                       "--journal",        journal_of(options, plan),
                                       "--members",        std::to_string(plan.members),
                                       "--shortest-ms",    std::to_string(plan.shortest.count()),
                                       "--longest-ms",     std::to_string(plan.longest.count()),
                                       "--silent-percent", std::to_string(plan.silent_percent),
                                       "--seed",           std::to_string(options.seed >> 1)};
  return std::make_unique<Child>(words, options.folder + "/" + plan.name + ".log",
                                 Child::Surroundings{.network = hosts.network(plan.host)});
}

/// It leaves, and what it noted becomes history.
void end_crowd(const SceneOptions& options, const CrowdPlan& plan, Child& crowd, History& history) {
  crowd.signal(SIGTERM);
  if (const std::string& how = crowd.wait(); how != "exited with 0")
    history.broker_ends.push_back("left the crowd of " + plan.name + " in trouble: it " + how);
  WorkerLife nobody;
  read_journal(journal_of(options, plan), nobody, history);
}

/// What a run of any length must have done, for a green to mean something.
std::map<std::string, std::uint64_t> required_counts(const SceneOptions& options,
                                                     const std::vector<Facility>& facilities) {
  std::map<std::string, std::uint64_t> required{{"joins", options.crowd},
                                                {"resumes", options.crowd},
                                                {"beats answered", options.crowd},
                                                {"storms", 1},
                                                {"fell silent", 5},
                                                {"lives that ended", 5},
                                                {"rude peers", 250},
                                                {"rude peers cut off", 50},
                                                {"connections beyond the descriptors", 20},
                                                {"second brokers refused", 1},
                                                {"commits acknowledged", 100},
                                                {"writes fenced or commits refused", 1},
                                                {"events told live", 50}};
  if (find(facilities, "preloaded shim").there) {
    required["exits with 75 after a failed sync"] = 1;
    required["unsynced bytes gone in power cuts"] = 1;
    required["syncs slowed"] = 1;
    required["syncs failed"] = 1;
    required["exits with 75 after a failed write"] = 1;
  }
  if (find(facilities, "tmpfs").there) required["refused: store_full"] = 1;
  return required;
}

/// What happened after the watcher had gone.
void drop_tail(History& history) {
  std::map<ShardIndex, std::uint64_t> last;
  for (const Told& told : history.told) last[told.shard] = std::max(last[told.shard], told.number);
  std::erase_if(history.kept, [&](const Told& told) { return told.number > last[told.shard]; });
}

void count_facts(const Steered& broker, History& history) {
  auto& counts = history.counts;
  counts["syncs"] = broker->syncs;
  counts["syncs slowed"] = broker->delayed;
  counts["syncs failed"] = broker->failed;
  counts["writes failed"] = broker->writes_failed;
  counts["broker starts"] = history.broker_starts.size();
  counts["commits acknowledged"] = history.acks.size();
  counts["commits refused"] = history.refused_commits;
  counts["commits unanswered"] = history.unanswered_commits;
  counts["commits of the rogue refused"] = history.rogue_refused;
  counts["offsets read"] = history.reads.size();
  counts["writes at the sink"] = history.writes.size();
  counts["looks at the group"] = history.looks.size();
  counts["workers"] = history.workers.size();
  for (const Told& told : history.told) counts["events told live"] += told.live ? 1 : 0;
  auto& fenced = counts["writes fenced or commits refused"] = history.refused_commits;
  for (const Write& write : history.writes) fenced += write.accepted ? 0 : 1;
}

}  // namespace

History play(const SceneOptions& options, const std::vector<Facility>& facilities) {
  History history;
  history.partitions = options.partitions;
  history.required = {{"beats answered", 1}};
  if (options.only.empty()) history.required = required_counts(options, facilities);
  const Hosts hosts(place::count);
  Disk disk(options.folder + "/disk", disk_bytes);
  Steered broker_control(options.folder + "/broker.control");
  Steered worker_control(options.folder + "/worker.control");
  Sink sink(options.folder + "/sink");
  Broker broker({.program = options.musterd,
                 .folder = options.folder,
                 .data = options.folder + "/disk/data",
                 .listen = "0.0.0.0:" + std::to_string(broker_port),
                 .flags = {"--insecure-listen", "--min-free", "16MiB", "--event-ring", "1GiB",
                           "--max-connections-per-address", "4000"},
                 .surroundings = {hosts.broker_network(), broker_control.environment()}});
  Fleet fleet({options.folder, options.folder + "/sink"});
  const std::string home = Hosts::broker_address(place::home);
  const CrowdPlan sentinels{place::home, "sentinels", 30, Millis{1'000}, Millis{3'000}, 60, {}};
  const CrowdPlan storm{place::crowd,   "storm", options.crowd, Millis{6'000},
                        Millis{10'000}, 0,       crowd_topic};
  disk.note_durable(*broker_control);
  broker.start(1);
  create_topic(home, options.partitions);
  create_topic(home, crowd_partitions, crowd_topic);
  Watcher watcher(home);
  const auto few = start_crowd(options, hosts, sentinels);
  const auto many = start_crowd(options, hosts, storm);
  Nemesis nemesis({hosts, broker, disk, broker_control, worker_control, fleet, *many}, facilities,
                  options.seed, options.only);
  nemesis.start_fleet(options.workers);
  Observer observer(home, options.partitions);
  Rogue rogue(home);

  const Stamp begin = boot_stamp();
  if (all_go_on(sink, broker, begin, options.partitions) &&
      nemesis.rage(boot_stamp() + options.seconds * second))
    all_go_on(sink, broker, nemesis.last(), options.partitions);

  fleet.end();
  end_crowd(options, sentinels, *few, history);
  end_crowd(options, storm, *many, history);
  rogue.finish(history);
  history.looks = observer.finish(history.reads);
  if (broker.alive()) {
    auto reads = read_committed(home, options.partitions);
    history.reads.insert(history.reads.end(), reads.begin(), reads.end());
    history.told = watcher.finish(read_kept_events(home).size());
    history.kept = read_kept_events(home);
    drop_tail(history);
  }
  for (const Told& told : history.told)
    if (told.kind == EventKind::member_expelled)
      history.expulsions.push_back({told.member, told.reason, told.seen});
  broker.end();
  history.broker_away = broker.away();
  history.broker_starts = broker.starts();
  history.broker_ends.insert(history.broker_ends.end(), broker.ends().begin(), broker.ends().end());
  history.writes = sink.finish();
  fleet.tell(history);
  nemesis.tell(history);
  count_facts(broker_control, history);
  return history;
}

bool report(const History& history) {
  bool ok = true;
  std::printf("Faults, how often:\n");
  int faults = 0;
  for (const auto& [kind, count] : history.faults) {
    std::printf("  %-40s %9d\n", kind.c_str(), count);
    faults += count;
  }
  for (const auto& [kind, why] : history.skipped)
    std::printf("  %-40s   skipped: %s\n", kind.c_str(), why.c_str());
  std::printf("What was done, how often:\n");
  for (const auto& [name, count] : history.counts)
    std::printf("  %-40s %9llu\n", name.c_str(), static_cast<unsigned long long>(count));
  std::printf("Checks:\n");
  for (const Verdict& verdict : check_chaos(history)) {
    std::printf("  %-4s %-22s %s\n", verdict.ok() ? "ok" : "BAD", verdict.check.c_str(),
                verdict.summary.c_str());
    for (const std::string& fault : verdict.faults) std::printf("       %s\n", fault.c_str());
    ok = ok && verdict.ok();
  }
  std::printf("chaos: %s, %d faults of %zu kinds, %zu kinds skipped\n", ok ? "ok" : "VIOLATION",
              faults, history.faults.size(), history.skipped.size());
  return ok;
}

}  // namespace muster::chaos
