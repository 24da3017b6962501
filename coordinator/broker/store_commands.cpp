#include "store_commands.hpp"

#include "../store/store.hpp"

#include <iostream>

namespace muster::broker {
namespace {

template <class Command>
ExitCode told(Command&& command) {
  try {
    return command();
  } catch (const std::exception& error) {
    std::cerr << "musterd: " << error.what() << "\n";
    return ExitCode::failed;
  }
}

std::uint64_t records_of(const store::CheckReport& report) {
  std::uint64_t sum = 0;
  for (const store::LoadedShard& shard : report.shards) sum += shard.records;
  return sum;
}

}  // namespace

ExitCode check_store(const std::string& path) {
  return told([&] {
    const store::CheckReport report = store::check_rocksdb_store(path);
    for (std::size_t shard = 0; shard < report.shards.size(); ++shard) {
      std::cout << "shard " << shard << ": " << report.shards[shard].records
                << " records, revision " << report.shards[shard].revision << "\n";
    }
    for (const std::string& problem : report.problems) std::cout << "problem: " << problem << "\n";
    const bool sound = report.problems.empty();
    std::cout << path << ": format " << report.identity.format_version << ", "
              << report.identity.shards << " shards, " << records_of(report) << " records, "
              << (sound ? "sound" : "NOT sound") << "\n";
    return sound ? ExitCode::ok : ExitCode::failed;
  });
}

ExitCode backup_store(const std::string& from, const std::string& to) {
  return told([&] {
    const auto opened =
        store::open_rocksdb_store({.path = from, .shards = 0, .create_if_missing = false});
    const Result<void> outcome = opened->backup(to);
    if (outcome.has_error()) {
      throw store::StoreError(Errc::store_failed,
                              "backup to " + to + " failed: " + outcome.error().message());
    }
    std::cout << "backup of " << from << " written to " << to << "\n";
    return ExitCode::ok;
  });
}

ExitCode restore_store(const std::string& from, const std::string& to) {
  return told([&] {
    store::restore_rocksdb_store(from, to);
    std::cout << "restored " << from << " into " << to
              << ": a new store uuid, terms and epochs raised above all that were given out\n";
    return ExitCode::ok;
  });
}

}  // namespace muster::broker
