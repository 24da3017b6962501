/// muster::core inside one's own program: a coordinator without sockets, files, threads or clock.
///
/// Time is whatever this program says it is, so twelve seconds pass at once here. A program that
/// wants the state to survive stores the records of `Effects` before it acts on the rest, and gives
/// them to Shard::replay at its next start.
#include <muster/core/shard.hpp>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using namespace muster;

/// A shard with the little that a program has to do around it. Workers are known by the number of
/// their connection; here it is nothing but a number.
class Coordinator {
 public:
  Coordinator() { run(core::Loaded{}, 0); }

  /// Hands a worker's request in; gives the answer, if there is one at once.
  ReplyBody ask(std::uint64_t worker, Request request) {
    answer_ = {};
    run(core::Command{std::move(request)}, worker);
    return answer_;
  }

  /// Lets time pass, and has the core do what becomes due meanwhile.
  void pass(Millis time) {
    const Mono end = now_.mono + time;
    for (auto due = shard_.next_deadline(); due && *due <= end; due = shard_.next_deadline()) {
      set_clock(std::max(*due, now_.mono + Millis{1}));
      run(core::Tick{}, 0);
    }
    set_clock(std::max(end, now_.mono));
  }

  /// What workers were told since the last call, in order.
  std::vector<core::Push> take_pushes() { return std::exchange(pushes_, {}); }

 private:
  void set_clock(Mono mono) {
    now_.wall.ms += (mono - now_.mono).count();
    now_.mono = mono;
  }

  void run(core::Command command, std::uint64_t worker) {
    core::Input input{{++request_}, {worker}, {}, std::move(command)};
    now_.entropy = {request_, request_ * 0x9e3779b97f4a7c15};  // a real program takes random bits
    core::Effects effects;
    shard_.step(input, now_, effects);
    now_.durable = shard_.revision();  // nothing is stored here, so nothing has to be waited for
    for (auto& reply : effects.replies) answer_ = std::move(reply.body);
    for (auto& push : effects.pushes) pushes_.push_back(std::move(push));
  }

  core::Shard shard_;
  core::Moment now_{Mono{1}, Wall{1'700'000'000'000}, {}, 0};
  std::uint64_t request_ = 0;
  ReplyBody answer_;
  std::vector<core::Push> pushes_;
};

struct Worker {
  std::uint64_t connection = 0;
  std::string name;
  SessionHandle session;
  std::uint32_t beats = 0;
};

Worker join(Coordinator& coordinator, std::uint64_t connection, const std::string& name) {
  Join join;
  join.group = GroupId("readers");
  join.member = MemberId(name);
  join.topics = {TopicName("pages")};
  join.session_timeout = Millis{6'000};
  std::cout << name << " joins\n";
  const auto joined = std::get<JoinOk>(coordinator.ask(connection, join));
  return {connection, name, joined.session};
}

std::string list(const std::vector<OwnedPartitions>& work) {
  std::string text;
  for (const auto& part : work) {
    for (const auto partition : part.partitions) text += " " + std::to_string(partition);
  }
  return text.empty() ? " nothing" : text;
}

/// Shows what the workers were told, and releases what they were asked to give up.
void deliver(Coordinator& coordinator, const std::vector<Worker>& workers) {
  for (auto pushes = coordinator.take_pushes(); !pushes.empty();
       pushes = coordinator.take_pushes()) {
    for (const auto& push : pushes) {
      const auto* step = std::get_if<Step>(&push.body);
      if (step == nullptr) continue;
      std::cout << "  " << step->member.value << " owns" << list(step->assigned);
      if (!step->revoking.empty()) std::cout << ", gives up" << list(step->revoking);
      std::cout << '\n';
      if (step->revoking.empty()) continue;
      const auto worker = std::ranges::find(workers, push.to.connection, &Worker::connection);
      coordinator.ask(worker->connection, Release{worker->session, step->number});
    }
  }
}

}  // namespace

int main() {
  Coordinator coordinator;
  coordinator.ask(0, CreateTopic{TopicName("pages"), 4});
  std::vector<Worker> workers;

  workers.push_back(join(coordinator, 1, "anna"));
  coordinator.pass(Millis{100});
  deliver(coordinator, workers);
  workers.push_back(join(coordinator, 2, "ben"));
  coordinator.pass(Millis{100});
  deliver(coordinator, workers);

  std::cout << "ben falls silent; anna beats every " << heartbeat_interval(Millis{6'000}).count()
            << " ms\n";
  Worker& anna = workers.front();
  for (int second = 0; second < 12; second += 2) {
    coordinator.ask(anna.connection, Heartbeat{anna.session, ++anna.beats});
    coordinator.pass(heartbeat_interval(Millis{6'000}));
    deliver(coordinator, workers);
  }
}
