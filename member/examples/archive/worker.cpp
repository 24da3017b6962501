#include "worker.hpp"

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace backup {
namespace {

using muster::Millis;
using muster::Ownership;

/// Directories are nothing but a header, so a few of them go into one commit.
constexpr std::size_t directories_at_once = 64;

/// One line in the worker's log, which the run reads.
template <class... Args>
void say(const char* format, Args... args) {
  std::printf(format, args...);
  std::putchar('\n');
  std::fflush(stdout);
}
void say(const char* line) {
  say("%s", line);
}

std::size_t as_size(std::int64_t number) {
  return static_cast<std::size_t>(number);
}

}  // namespace

Worker::Worker(WorkerOptions options)
    : options_(std::move(options)),
      manifest_(load(options_.folder + "/manifest")),
      released_(options_.folder + "/released"),
      busy_(options_.folder + "/" + options_.name + ".busy"),
      compressor_(options_.level) {}

int Worker::run(const std::atomic<bool>& stop) {
  muster::MemberOptions options;
  options.servers = {options_.server};
  options.group = options_.group;
  options.topics = {options_.topic};
  options.client_id = options_.name;
  options.session_timeout = options_.session_timeout;
  auto joined = muster::Member::join(options, callbacks());
  if (!joined) {
    say("cannot join: %s", joined.error().message.c_str());
    return 1;
  }
  member_.emplace(std::move(*joined));
  say("joined");
  while (!stop) {
    const JobPtr job = next_job();
    // With nothing to do it waits for news here, as a consumer does at the end of a topic.
    const auto polled = member_->poll(job ? Millis{0} : Millis{20});
    if (!polled) {
      say("out of the group: %s", polled.error().message.c_str());
      return 1;
    }
    if (job && *polled != muster::Polled::changed) work_on(job);
  }
  const auto left = member_->leave();
  say("left after %llu entries", static_cast<unsigned long long>(archived_));
  return left ? 0 : 1;
}

muster::Callbacks Worker::callbacks() {
  muster::Callbacks callbacks;
  callbacks.on_assigned = [this](const auto& partitions) { assigned(partitions); };
  callbacks.on_revoked = [this](const auto& partitions) { dropped(partitions, "gave up"); };
  callbacks.on_lost = [this](const auto& partitions) { dropped(partitions, "lost"); };
  return callbacks;
}

void Worker::assigned(const std::vector<Ownership>& partitions) {
  std::vector<JobPtr> fresh;
  for (const auto& mine : partitions) {
    fresh.push_back(std::make_shared<Job>(Job{mine, std::nullopt, nullptr}));
    jobs_[mine.partition()] = fresh.back();
  }
  say("got %zu", partitions.size());
  read_committed(fresh);
}

/// What was archived but not committed does not count, so there is nothing to finish.
void Worker::dropped(const std::vector<Ownership>& partitions, const char* how) {
  for (const auto& mine : partitions) drop(mine);
  say("%s %zu", how, partitions.size());
}

/// Unless it has been granted to us anew meanwhile.
void Worker::drop(const Ownership& mine) {
  const auto it = jobs_.find(mine.partition());
  if (it != jobs_.end() && it->second->mine == mine) jobs_.erase(it);
}

void Worker::read_committed(const std::vector<JobPtr>& jobs) {
  std::vector<Ownership> asked;
  for (const auto& job : jobs) asked.push_back(job->mine);
  const auto answer = member_->committed(asked);
  if (!answer) return say("cannot read offsets yet: %s", answer.error().message.c_str());
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& offset = (*answer)[i];
    auto segments = decode(offset.metadata);
    if (!segments || offset.offset > static_cast<std::int64_t>(entries(*jobs[i]).size())) {
      throw std::runtime_error("partition " + std::to_string(jobs[i]->mine.partition()) +
                               " has an offset that is none of ours: " + offset.metadata);
    }
    jobs[i]->state = Committed{std::max<std::int64_t>(offset.offset, 0), std::move(*segments)};
  }
}

/// The owned partitions in turn, so that all of them come to their end at about the same time.
Worker::JobPtr Worker::next_job() {
  const int released = released_.get();
  auto it = jobs_.upper_bound(last_);
  for (std::size_t i = 0; i < jobs_.size(); ++i, ++it) {
    if (it == jobs_.end()) it = jobs_.begin();
    if (!has_work(*it->second, released)) continue;
    last_ = it->first;
    return it->second;
  }
  return nullptr;
}

bool Worker::has_work(const Job& job, int released) const {
  return !job.state || as_size(job.state->done) < Released::of(entries(job).size(), released);
}

/// Asked in the midst of a long file: lets the group's news in, and counts as progress.
bool Worker::still_ours(const JobPtr& job) {
  if (!member_->poll(Millis{0})) return false;
  const auto it = jobs_.find(job->mine.partition());
  return it != jobs_.end() && it->second == job && job->mine.valid();
}

void Worker::work_on(const JobPtr& job) {
  if (!job->state) return read_committed({job});
  busy_.set(true);
  if (!job->segment) open_segment(*job);
  Committed next = *job->state;
  if (!add_next(job, next.done)) {  // half an entry: this segment is of no use any more
    busy_.set(false);
    return drop(job->mine);
  }
  next.segments.back().length = job->segment->sync();
  const bool ours = job->mine.valid();
  busy_.set(false);
  if (!ours) {
    say("noticed by itself: partition %d is not ours any more", job->mine.partition());
  }
  // Without ownership one would stop here; this program asks all the same, to show the refusal.
  const bool accepted = commit(job, next);
  if (accepted && !ours) say("BREACH: a commit without ownership was accepted");
}

/// A segment of our own, after those of earlier owners; or in their place, when the list of all of
/// them would not fit into a commit.
void Worker::open_segment(Job& job) {
  const int partition = job.mine.partition();
  const std::string folder = options_.folder + "/segments";
  job.segment = std::make_unique<SegmentWriter>(folder, segment_name(partition, job.mine.token()),
                                                compressor_);
  SegmentList& list = job.state->segments;
  list.push_back({job.mine.token(), UINT64_MAX});
  if (encode(list).size() > max_metadata) {
    for (std::size_t i = 0; i + 1 < list.size(); ++i) {
      job.segment->append_prefix(folder + "/" + segment_name(partition, list[i].token),
                                 list[i].length);
    }
    list = {list.back()};
  }
}

/// Archives the next entry, or several directories. False: the partition was lost on the way.
bool Worker::add_next(const JobPtr& job, std::int64_t& done) {
  const auto& all = entries(*job);
  const std::size_t end = Released::of(all.size(), released_.get());
  const bool directory = all[as_size(done)].kind == Kind::directory;
  for (std::size_t i = 0; i < (directory ? directories_at_once : 1) && as_size(done) < end; ++i) {
    const Entry& entry = all[as_size(done)];
    const Added added = job->segment->add(manifest_.folder, entry, [&] { return still_ours(job); });
    if (added == Added::abandoned) return false;
    if (added == Added::gone) say("gone: %s", entry.path.c_str());
    if (added == Added::changed) say("changed while it was read: %s", entry.path.c_str());
    ++done;
  }
  return true;
}

bool Worker::commit(const JobPtr& job, const Committed& next) {
  const Ownership mine = job->mine;
  for (;;) {
    const auto result = member_->commit({{mine, next.done, encode(next.segments), -1}});
    if (result) {
      archived_ += static_cast<std::uint64_t>(next.done - job->state->done);
      job->state = next;
      return true;
    }
    // Lost on the way, outcome unknown: the same again, for as long as the partition is ours.
    const auto code = result.error().code;
    const bool unknown =
        code == muster::Errc::deadline_passed || code == muster::Errc::connection_lost;
    if ((unknown || muster::retriable(code)) && mine.valid()) continue;
    say("commit refused: %s", result.error().message.c_str());
    drop(mine);
    return false;
  }
}

const std::vector<Entry>& Worker::entries(const Job& job) const {
  return manifest_.partitions[as_size(job.mine.partition())];
}

}  // namespace backup
