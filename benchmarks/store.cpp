// What does it cost to make changes durable, and to have them back after a start?
//
// Files lie in $TMPDIR (/tmp): point it at the disk in question. `Floor` is what the disk itself
// allows: the same bytes, written to a preallocated log with one fdatasync an append. The CPU
// column counts all threads, RocksDB's own too.
#include "store.hpp"
#include "record_codec.hpp"
#include "record_key.hpp"

#include <benchmark/benchmark.h>

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>

namespace muster::store {
namespace {

class TempFolder {
 public:
  TempFolder() {
    path_ = (std::filesystem::temp_directory_path() / "muster-bench-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder " + path_);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

constexpr PartitionIndex partitions = 100'000;

/// About 60 bytes of key and 200 of value.
core::Record offset_record(PartitionIndex partition, Revision revision) {
  core::OffsetRecord value;
  value.group = GroupId("payments-settlement-eu1");
  value.partition.partition = partition;
  value.offset = 1'000 + partition;
  value.metadata = std::string(90, 'm');
  value.token = make_token(3, 77);
  core::Record out;
  out.revision = revision;
  out.key.kind = core::RecordKind::offset;
  out.key.group = value.group.value;
  out.key.partition = partition;
  out.value = std::make_shared<const core::OffsetRecord>(std::move(value));
  return out;
}

core::Record current_record(std::int32_t held) {
  core::CurrentRecord value;
  value.group = GroupId("payments-settlement-eu1");
  value.member = MemberId("0f6b2c1e-9a7d-4a55-8d57-3f0c0a9e5b11");
  core::Granted& granted = value.assigned.emplace_back();
  for (PartitionIndex p = 0; p < held; ++p) {
    granted.partitions.push_back(p);
    granted.tokens.push_back(make_token(3, static_cast<std::uint64_t>(p) + 1));
    granted.epochs.push_back(12);
  }
  core::Record out;
  out.key.kind = core::RecordKind::current;
  out.key.group = value.group.value;
  out.key.member = value.member.value;
  out.value = std::make_shared<const core::CurrentRecord>(std::move(value));
  return out;
}

/// Appends of so many records, at random partitions, built outside the measured time.
class Appends {
 public:
  explicit Appends(std::int64_t records) : records_(records) {}
  const std::vector<Batch>& next() {
    Batch& batch = batches_[0];
    batch.records.clear();
    ++revision_;
    for (std::int64_t i = 0; i < records_; ++i)
      batch.records.push_back(
          offset_record(static_cast<PartitionIndex>(random_() % partitions), revision_));
    return batches_;
  }

 private:
  std::int64_t records_;
  Revision revision_ = 0;
  std::minstd_rand random_{1};
  std::vector<Batch> batches_{1};
};

void report(benchmark::State& state, std::int64_t records) {
  state.SetItemsProcessed(state.iterations() * records);
}

void append_to(benchmark::State& state, Store& store) {
  Appends appends(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    const std::vector<Batch>& batches = appends.next();
    state.ResumeTiming();
    if (!store.append(batches)) return state.SkipWithError(store.failure().c_str());
  }
  report(state, state.range(0));
}

void AppendRocksDb(benchmark::State& state) {
  const TempFolder temp;
  const auto store = open_rocksdb_store({.path = temp / "data", .shards = 1});
  append_to(state, *store);
}

void AppendMemory(benchmark::State& state) {
  const auto store = make_memory_store(1);
  append_to(state, *store);
}

/// A log of written zeros, so that no append changes the file's size or its extents.
class Log {
 public:
  explicit Log(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    const std::string zeros(std::size_t{1} << 20, '\0');
    for (std::size_t at = 0; at < size; at += zeros.size())
      if (::pwrite(fd_, zeros.data(), zeros.size(), static_cast<off_t>(at)) < 0)
        throw std::runtime_error("cannot write " + path);
    ::fsync(fd_);
  }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log() { ::close(fd_); }

  [[nodiscard]] bool append(const std::string& bytes) {
    if (end_ + bytes.size() > size) end_ = 0;
    const auto written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(end_));
    end_ += bytes.size();
    return written == static_cast<ssize_t>(bytes.size()) && ::fdatasync(fd_) == 0;
  }

 private:
  static constexpr std::size_t size = std::size_t{64} << 20;
  int fd_;
  std::size_t end_ = 0;
};

void FloorLog(benchmark::State& state) {
  const TempFolder temp;
  Log log(temp / "log");
  RecordCodec codec;
  const core::Record record = offset_record(1, 1);
  const std::string one = encode_key(0, record.key) + std::string(codec.encode(record));
  std::string bytes;
  for (std::int64_t i = 0; i < state.range(0); ++i) bytes += one;
  for (auto _ : state)
    if (!log.append(bytes)) return state.SkipWithError("the log cannot be written");
  report(state, state.range(0));
}

void Encode(benchmark::State& state, const core::Record& record) {
  RecordCodec codec;
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string key = encode_key(0, record.key);
    const std::string_view value = codec.encode(record);
    benchmark::DoNotOptimize(value.data());
    bytes = key.size() + value.size();
  }
  report(state, 1);
  state.counters["bytes"] = static_cast<double>(bytes);
}

void Decode(benchmark::State& state, const core::Record& record) {
  RecordCodec codec;
  const std::string key = encode_key(0, record.key);
  const std::string value(codec.encode(record));
  for (auto _ : state) benchmark::DoNotOptimize(codec.decode(decode_key(key).key, value));
  report(state, 1);
}

void fill(const std::string& path, std::int64_t records) {
  constexpr PartitionIndex per_append = 10'000;
  const auto store = open_rocksdb_store({.path = path, .shards = 1});
  for (PartitionIndex first = 0; first < records; first += per_append) {
    std::vector<Batch> batches(1);
    for (PartitionIndex p = first; p < first + per_append; ++p)
      batches[0].records.push_back(offset_record(p, static_cast<Revision>(first) + 1));
    if (!store->append(batches)) throw std::runtime_error(store->failure());
  }
}

/// From a stopped broker to every record in hand: opening, reading, decoding. Not flushed before,
/// so the newest records come out of the log, as they do after a kill.
void OpenAndLoad(benchmark::State& state) {
  const TempFolder temp;
  fill(temp / "data", state.range(0));
  for (auto _ : state) {
    const auto store = open_rocksdb_store({.path = temp / "data", .shards = 0});
    const LoadedShard found =
        store->load(0, [](core::Record&& record) { benchmark::DoNotOptimize(record.value); });
    if (found.records != static_cast<std::uint64_t>(state.range(0)))
      return state.SkipWithError("records are missing");
  }
  report(state, state.range(0));
}

void durable(benchmark::internal::Benchmark* b) {
  b->ArgName("records")->Arg(1)->Arg(16)->Arg(256)->UseRealTime()->MeasureProcessCPUTime();
}

BENCHMARK(FloorLog)->Apply(durable);
BENCHMARK(AppendRocksDb)->Apply(durable);
BENCHMARK(AppendMemory)->Apply(durable);
BENCHMARK_CAPTURE(Encode, offset, offset_record(7, 1));
BENCHMARK_CAPTURE(Decode, offset, offset_record(7, 1));
BENCHMARK_CAPTURE(Encode, current_100_partitions, current_record(100));
BENCHMARK_CAPTURE(Decode, current_100_partitions, current_record(100));
BENCHMARK(OpenAndLoad)
    ->ArgName("records")
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();

}  // namespace
}  // namespace muster::store
