#include "worker.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

namespace muster::chaos {
namespace {

constexpr Millis idle_poll{20};
constexpr Millis commit_patience{3'000};
constexpr Millis leave_patience{20'000};  // longer than any absence of the broker in a run
constexpr std::size_t most_open_commits = 200;

int complain(const char* what, const Error& error) {
  std::fprintf(stderr, "%s: %s (%s)\n", what, error.message.c_str(), to_string(error.code).data());
  return 1;
}

/// Whether the answer says that nothing was committed because the work is somebody else's now.
bool refused(Errc code) {
  return code == Errc::stale_token || code == Errc::fenced_member || code == Errc::stale_commit;
}

}  // namespace

Worker::Worker(const WorkerOptions& options)
    : options_(options), journal_(options.journal), sink_(options.sink), random_(options.seed) {}

MemberOptions Worker::member_options() const {
  MemberOptions options;
  options.servers = {options_.server};
  options.group = group_name;
  options.topics = {topic_name};
  options.client_id = std::to_string(::getpid());
  options.session_timeout = options_.session_timeout;
  options.connect_timeout = Millis{60'000};
  return options;
}

Callbacks Worker::callbacks() {
  Callbacks callbacks;
  callbacks.on_assigned = [this](const List& list) { assigned(list); };
  callbacks.on_revoked = [this](const List& list) { dropped(list); };
  callbacks.on_lost = [this](const List& list) { lost(list); };
  return callbacks;
}

int Worker::run(const std::atomic<bool>& stop) {
  auto joined = Member::join(member_options(), callbacks());
  if (!joined) return complain("cannot join", joined.error());
  member_.emplace(std::move(*joined));
  while (!stop) {
    note_id();
    const bool wait = next_.empty() || open_commits_ >= most_open_commits;
    const auto polled = member_->poll(wait ? idle_poll : Millis{0});
    if (!polled) return complain("out of the group", polled.error());
    for (const Ownership& mine : member_->assignment()) {
      if (stop || open_commits_ >= most_open_commits) break;
      work_on(mine);
    }
  }
  const auto left = member_->leave(leave_patience);
  return left ? 0 : complain("cannot leave", left.error());
}

void Worker::note_id() {
  std::string now = member_->id();
  if (now.empty() || now == id_) return;
  id_ = std::move(now);
  journal_.id(boot_stamp(), id_);
}

void Worker::assigned(const List& list) {
  note_id();
  for (const Ownership& mine : list) watch_.add(mine);
  read_committed(list);
}

void Worker::dropped(const List& list) {
  for (const Ownership& mine : list) {
    const auto it = next_.find(mine.partition());
    if (it != next_.end() && it->second.first == mine.token()) next_.erase(it);
  }
}

void Worker::lost(const List& list) {
  const Stamp now = boot_stamp();
  for (const Ownership& mine : list) journal_.lost({mine.partition(), mine.token(), now});
  dropped(list);
}

void Worker::read_committed(const List& list) {
  const Stamp begun = boot_stamp();
  const auto committed = member_->committed(list, commit_patience);
  const Stamp ended = boot_stamp();
  if (!committed) return;  // work_on asks again
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Offset offset = (*committed)[i].offset;
    journal_.read({list[i].partition(), offset, 0, begun, ended});
    next_[list[i].partition()] = {list[i].token(), std::max<Offset>(offset, 0)};
  }
}

/// Whatever happens between valid() and the write, the token has to catch: the pause makes it
/// likely that a stop falls there.
void Worker::work_on(const Ownership& mine) {
  if (!mine.valid()) return;
  auto it = next_.find(mine.partition());
  if (it == next_.end() || it->second.first != mine.token()) {
    read_committed({mine});
    it = next_.find(mine.partition());
    if (it == next_.end() || !mine.valid()) return;
  }
  const Stamp before = boot_stamp();
  if (!mine.valid()) return;
  journal_.hold({mine.partition(), mine.token(), ::getpid(), boot_stamp(), before});
  std::this_thread::sleep_for(std::chrono::milliseconds{1 + dice(10)});
  const Offset number = it->second.second;
  const bool written = sink_.write({mine.partition(), mine.token(), number});
  if (written) it->second.second = number + 1;
  if (!written || dice(8) == 1)
    commit(mine, number + 1);
  else
    commit_async(mine, number + 1);
}

void Worker::commit(const Ownership& mine, Offset offset) {
  const Stamp begun = boot_stamp();
  journal_.begun({mine.partition(), mine.token(), offset, 0, begun, 0});
  note_answer(mine, offset, begun, member_->commit({{mine, offset}}, commit_patience));
}

void Worker::commit_async(const Ownership& mine, Offset offset) {
  ++open_commits_;
  const Stamp begun = boot_stamp();
  journal_.begun({mine.partition(), mine.token(), offset, 0, begun, 0});
  member_->commit_async({{mine, offset}}, [this, mine, offset, begun](const Outcome<void>& done) {
    --open_commits_;
    note_answer(mine, offset, begun, done);
  });
}

void Worker::note_answer(const Ownership& mine, Offset offset, Stamp begun,
                         const Outcome<void>& done) {
  if (done)
    journal_.ack({mine.partition(), mine.token(), offset, 0, begun, boot_stamp()});
  else if (refused(done.error().code))
    journal_.refused({mine.partition(), mine.token(), offset, 0, begun, 0});
  else
    journal_.unanswered();
}

}  // namespace muster::chaos
