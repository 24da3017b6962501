#include "workload.hpp"

#include "options.hpp"
#include "samples.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <mutex>
#include <random>
#include <stdexcept>

extern char** environ;

namespace muster::store::test {
namespace {

std::string group_of(Revision revision) {
  return "step-" + std::to_string(revision);
}

/// Long enough texts that logs and tables of many sizes come about.
std::string text_of(Revision revision) {
  return std::string(revision * 977 % 3'000, static_cast<char>('a' + revision % 26));
}

void say(const std::string& line) {
  const std::string whole = line + "\n";
  if (::write(STDOUT_FILENO, whole.data(), whole.size()) < 0) ::_exit(3);
}

std::vector<Batch> next_batches(Acknowledged& last, std::minstd_rand& random) {
  std::vector<Batch> batches;
  for (std::uint32_t n = 1 + random() % 4; n > 0; --n) {
    const ShardIndex shard = random() % workload_shards;
    Batch batch = step(shard, ++last[shard]);
    // Several steps may share a batch.
    if (random() % 3 == 0)
      for (core::Record& record : step(shard, ++last[shard]).records)
        batch.records.push_back(std::move(record));
    batches.push_back(std::move(batch));
  }
  return batches;
}

void say_failed(Store& store, Acknowledged& last, std::minstd_rand& random) {
  std::string line = "failed";
  for (int again = 0; again < 3; ++again)
    line += store.append(next_batches(last, random)) ? " accepted" : " refused";
  say(line + " " + store.failure());
}

/// Count down to the sync in which something happens; 0: nothing does.
std::atomic<std::uint64_t> until_failing_sync = 0;
std::atomic<std::uint64_t> until_deadly_sync = 0;

/// Exactly one caller gets true.
bool is_due(std::atomic<std::uint64_t>& countdown) {
  std::uint64_t left = countdown;
  while (left != 0 && !countdown.compare_exchange_weak(left, left - 1)) {
  }
  return left == 1;
}

/// Knows how much of each file is on the disk, and can take the rest away.
class Disk {
 public:
  int sync(long call, int fd) {
    const std::lock_guard lock(
        mutex_);  // While the power is cut, nobody else gets anything synced.
    if (is_due(until_deadly_sync)) die();
    if (is_due(until_failing_sync)) {
      errno = EIO;
      return -1;
    }
    struct stat before{};
    ::fstat(fd, &before);
    const int result = static_cast<int>(::syscall(call, fd));
    if (result == 0) synced_[before.st_ino] = before.st_size;
    return result;
  }
  /// What an earlier process left counts as written by now.
  void cut_power_of(const std::string& folder) {
    folder_ = folder;
    if (std::filesystem::exists(folder))
      each_file([this](const std::string&, ino_t file, off_t size) { synced_[file] = size; });
  }
  bool was_synced(const std::string& path) {
    const std::lock_guard lock(mutex_);
    struct stat found{};
    return ::stat(path.c_str(), &found) == 0 && synced_.contains(found.st_ino) &&
           synced_[found.st_ino] >= found.st_size;
  }

 private:
  void die() {
    if (!folder_.empty())
      each_file([this](const std::string& path, ino_t file, off_t size) {
        if (synced_[file] < size && ::truncate(path.c_str(), synced_[file]) != 0) ::_exit(5);
      });
    ::raise(SIGKILL);
  }

  template <class F>
  void each_file(F&& f) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      struct stat found{};
      if (::stat(entry.path().c_str(), &found) == 0 && S_ISREG(found.st_mode))
        f(entry.path().string(), found.st_ino, found.st_size);
    }
  }

  std::mutex mutex_;
  std::map<ino_t, off_t> synced_;
  std::string folder_;
};

Disk& disk() {
  static Disk disk;
  return disk;
}

bool limit_files(std::uint64_t size) {
  if (size == 0) return true;
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{size, size};
  return ::setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

}  // namespace

std::uint32_t step_size(Revision revision) {
  return 1 + static_cast<std::uint32_t>(revision % 5);
}

Batch step(ShardIndex shard, Revision revision) {
  Batch batch{.shard = shard, .records = {}};
  const std::uint32_t size = step_size(revision);
  for (std::uint32_t i = 0; i < size; ++i) {
    core::Record record =
        offset_record(group_of(revision), static_cast<PartitionIndex>(i), 1, revision);
    core::OffsetRecord value = *std::get<std::shared_ptr<const core::OffsetRecord>>(record.value);
    value.metadata = text_of(revision);
    record.index = i;
    record.count = size;
    record.value = std::make_shared<const core::OffsetRecord>(value);
    batch.records.push_back(std::move(record));
  }
  return batch;
}

std::vector<std::string> check_steps(Store& store, const Acknowledged& acknowledged,
                                     Acknowledged* last) {
  std::vector<std::string> wrong;
  for (ShardIndex shard = 0; shard < workload_shards; ++shard) {
    const std::string where = "shard " + std::to_string(shard) + " ";
    std::map<Revision, std::vector<core::Record>> steps;
    const LoadedShard loaded = store.load(shard, [&steps](core::Record&& record) {
      steps[record.revision].push_back(std::move(record));
    });
    if (last != nullptr) (*last)[shard] = loaded.revision;
    if (const auto it = acknowledged.find(shard);
        it != acknowledged.end() && loaded.revision < it->second)
      wrong.push_back(where + "ends at " + std::to_string(loaded.revision) + ", acknowledged was " +
                      std::to_string(it->second));
    for (Revision revision = 1; revision <= loaded.revision; ++revision)
      if (!same(steps[revision], step(shard, revision).records))
        wrong.push_back(where + "has step " + std::to_string(revision) + " not as it was written");
    if (steps.size() > loaded.revision)
      wrong.push_back(where + "has a step above " + std::to_string(loaded.revision));
  }
  return wrong;
}

AppendingChild::AppendingChild(const std::string& folder, unsigned seed, const Faults& faults) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  std::vector<std::string> words{program,
                                 "--child",
                                 folder,
                                 std::to_string(seed),
                                 std::to_string(faults.max_file_size),
                                 std::to_string(faults.failing_sync),
                                 std::to_string(faults.deadly_sync),
                                 faults.power_cut ? "1" : "0"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const int failed =
      ::posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  out_ = ends[0];
  if (failed != 0) throw std::runtime_error("cannot start " + program);
}

AppendingChild::~AppendingChild() {
  (void)kill();
  ::close(out_);
}

std::string AppendingChild::next_line() {
  for (;;) {
    if (const auto end = buffer_.find('\n'); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    char bytes[4096];
    const ssize_t n = ::read(out_, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return {};
    buffer_.append(bytes, static_cast<std::size_t>(n));
  }
}

std::vector<std::string> AppendingChild::kill() {
  std::vector<std::string> rest;
  if (pid_ < 0) return rest;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
  for (std::string line = next_line(); !line.empty(); line = next_line()) rest.push_back(line);
  return rest;
}

bool was_synced(const std::string& path) {
  return disk().was_synced(path);
}

int run_child(const std::vector<std::string>& arguments) {
  std::minstd_rand random(static_cast<unsigned>(std::stoul(arguments.at(1))) + 1);
  until_deadly_sync = std::stoull(arguments.at(4));
  if (arguments.at(5) == "1") disk().cut_power_of(arguments.at(0));
  const auto store = open_rocksdb_store({.path = arguments.at(0), .shards = workload_shards});
  Acknowledged last;
  if (!check_steps(*store, {}, &last).empty()) return 4;
  if (!limit_files(std::stoull(arguments.at(2)))) return 2;
  until_failing_sync = std::stoull(arguments.at(3));
  say("open");
  for (;;) {
    const std::vector<Batch> batches = next_batches(last, random);
    if (!store->append(batches)) break;
    std::string line = "ack";
    for (const Batch& batch : batches)
      line +=
          " " + std::to_string(batch.shard) + " " + std::to_string(batch.records.back().revision);
    say(line);
    if (random() % 64 == 0) store->flush();
  }
  say_failed(*store, last, random);
  return 0;
}

}  // namespace muster::store::test

// Stand in for the C library's, for RocksDB too: a disk that fails to sync once and then seems well
// again, and a death in the middle of making something durable.
extern "C" int fdatasync(int fd) {
  return muster::store::test::disk().sync(SYS_fdatasync, fd);
}
extern "C" int fsync(int fd) {
  return muster::store::test::disk().sync(SYS_fsync, fd);
}
