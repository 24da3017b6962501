#include "store_thread.hpp"

#include <muster/mutant.hpp>

#include <algorithm>
#include <utility>

namespace muster::broker {
namespace {

std::int64_t steady_ns() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since).count();
}

template <class List>
std::uint64_t partitions_in(const List& lists) {
  std::uint64_t sum = 0;
  for (const auto& list : lists) sum += list.partitions.size();
  return sum;
}

struct Weigh {
  std::uint64_t operator()(const std::shared_ptr<const core::TargetRecord>& r) const {
    return 4 * partitions_in(r->partitions);
  }
  std::uint64_t operator()(const std::shared_ptr<const core::CurrentRecord>& r) const {
    return 16 * (partitions_in(r->assigned) + partitions_in(r->revoking));
  }
  std::uint64_t operator()(const std::shared_ptr<const core::OffsetRecord>& r) const {
    return r->metadata.size();
  }
  std::uint64_t operator()(const std::shared_ptr<const core::MemberRecord>& r) const {
    return 256 + 32 * r->topics.size();
  }
  std::uint64_t operator()(const std::shared_ptr<const core::HistoryRecord>& r) const {
    return 128 * r->epoch.moves.size();
  }
  std::uint64_t operator()(const std::shared_ptr<const Event>& e) const {
    return 256 + 12 * (partitions_in(e->assigned) + partitions_in(e->revoked));
  }
  template <class Small>
  std::uint64_t operator()(const Small&) const {
    return 64;
  }
};

}  // namespace

std::uint64_t approximate_bytes(const core::Record& record) {
  return sizeof(core::Record) + record.key.group.size() + record.key.member.size() +
         std::visit(Weigh{}, record.value);
}

StoreThread::StoreThread(store::Store& store, std::uint32_t shards, Told durable, Failed failed)
    : store_(store), durable_(std::move(durable)), failed_(std::move(failed)), place_(shards, -1) {}

StoreThread::~StoreThread() {
  finish();
}

void StoreThread::start() {
  thread_ = std::thread([this] { run(); });
}

void StoreThread::finish() {
  {
    const std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  work_.notify_one();
  if (thread_.joinable()) thread_.join();
  ended_ = true;
}

bool StoreThread::put(ShardIndex shard, std::vector<core::Record>&& records) {
  std::uint64_t bytes = 0;
  for (const core::Record& record : records) bytes += approximate_bytes(record);
  unsynced_bytes_ += bytes;
  const Revision newest = records.back().revision;

  const std::lock_guard lock(mutex_);
  if (broken_) return true;  // the outcome of the failed append is unknown: nothing may follow it
  queue_.bytes += bytes;
  if (place_[shard] >= 0) {
    const auto place = static_cast<std::size_t>(place_[shard]);
    auto& batch = queue_.batches[place].records;
    if (MUSTER_MUTANT(records_lost_in_merge) && records.size() > 3) records.pop_back();
    batch.insert(batch.end(), std::make_move_iterator(records.begin()),
                 std::make_move_iterator(records.end()));
    queue_.newest[place].revision = newest;
    return true;
  }
  place_[shard] = static_cast<std::int32_t>(queue_.batches.size());
  queue_.batches.push_back({shard, std::move(records)});
  queue_.newest.push_back({shard, newest});
  if (queue_.batches.size() == 1) work_.notify_one();
  return false;
}

void StoreThread::note(std::vector<store::EventNote>&& notes,
                       std::vector<store::EventRange>&& removed) {
  if (ended_) return (void)keep({std::move(notes), std::move(removed)});
  const std::lock_guard lock(mutex_);
  if (broken_) return;
  notes_.notes.insert(notes_.notes.end(), std::make_move_iterator(notes.begin()),
                      std::make_move_iterator(notes.end()));
  notes_.removed.insert(notes_.removed.end(), removed.begin(), removed.end());
  work_.notify_one();
}

bool StoreThread::keep(const Notes& notes) {
  if (!store_.note(notes.notes, notes.removed).has_error()) return true;
  failed_("the store could not keep how far its events have come: " + store_.failure());
  return false;
}

Result<void> StoreThread::backup(const std::string& path) {
  BackupJob job;
  job.path = &path;
  std::unique_lock lock(mutex_);
  if (job_ != nullptr) return Errc::overloaded;
  if (finishing_ || broken_) return Errc::shutting_down;
  job_ = &job;
  work_.notify_one();
  backup_done_.wait(lock, [&] { return job.done; });
  return job.outcome;
}

std::chrono::milliseconds StoreThread::running_for() const {
  const std::int64_t started = started_ns_.load();
  return std::chrono::milliseconds{started == 0 ? 0 : (steady_ns() - started) / 1'000'000};
}

bool StoreThread::begin_append() {
  const std::lock_guard lock(mutex_);
  if (queue_.batches.empty()) return false;
  take(taken_);
  if (MUSTER_MUTANT(durable_before_append)) durable_(taken_.newest);
  return true;
}

void StoreThread::end_append() {
  if (append(taken_)) return;
  const std::lock_guard lock(mutex_);
  give_up();
}

void StoreThread::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    work_.wait(lock, [&] {
      return finishing_ || job_ != nullptr || !queue_.batches.empty() || !notes_.empty();
    });
    if (!notes_.empty() && !broken_) {
      const Notes notes = std::exchange(notes_, {});
      lock.unlock();
      const bool well = keep(notes);
      lock.lock();
      if (!well) give_up();
    }
    if (!queue_.batches.empty()) {
      take(taken_);
      lock.unlock();
      const bool well = append(taken_);
      lock.lock();
      if (!well) give_up();
    } else if (job_ == nullptr && finishing_) {
      break;  // nothing waits
    }
    if (job_ != nullptr) {
      BackupJob& job = *job_;
      const bool sound = !broken_;
      lock.unlock();
      job.outcome = sound ? store_.backup(*job.path) : Result<void>{Errc::store_failed};
      lock.lock();
      job.done = true;
      job_ = nullptr;
      backup_done_.notify_all();
    }
  }
  const bool well = !broken_;
  lock.unlock();
  if (well) store_.flush();
}

void StoreThread::give_up() {
  broken_ = true;
  queue_ = {};
  notes_ = {};
  std::fill(place_.begin(), place_.end(), -1);
}

void StoreThread::take(Queue& into) {
  into.batches.clear();
  into.newest.clear();
  into.bytes = std::exchange(queue_.bytes, 0);
  into.batches.swap(queue_.batches);
  into.newest.swap(queue_.newest);
  for (const store::Batch& batch : into.batches) place_[batch.shard] = -1;
}

bool StoreThread::append(Queue& queue) {
  const std::int64_t began = steady_ns();
  started_ns_ = began;
  const Result<void> outcome = store_.append(queue.batches);
  started_ns_ = 0;
  if (outcome.has_error()) {
    failed_("the store could not make a change durable: " + outcome.error().message());
    return false;
  }
  latency_.observe(std::chrono::microseconds{(steady_ns() - began) / 1000});
  appends_.add();
  for (const store::Batch& batch : queue.batches) records_.add(batch.records.size());
  unsynced_bytes_ -= queue.bytes;
  durable_(queue.newest);
  return true;
}

}  // namespace muster::broker
