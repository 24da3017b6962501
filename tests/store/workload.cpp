#include "workload.hpp"

#include "options.hpp"
#include "samples.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
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

AppendingChild::AppendingChild(const std::string& folder, unsigned seed,
                               std::uint64_t max_file_size) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  std::vector<std::string> words{program, "--child", folder, std::to_string(seed),
                                 std::to_string(max_file_size)};
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

int run_child(const std::vector<std::string>& arguments) {
  std::minstd_rand random(static_cast<unsigned>(std::stoul(arguments.at(1))) + 1);
  if (const std::uint64_t bound = std::stoull(arguments.at(2)); bound != 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bound, bound};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  }
  const auto store = open_rocksdb_store({.path = arguments.at(0), .shards = workload_shards});
  Acknowledged last;
  if (!check_steps(*store, {}, &last).empty()) return 4;
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
