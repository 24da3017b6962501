#include "faults.hpp"

#include <algorithm>
#include <stdexcept>

namespace backup {
namespace {

std::string count(std::size_t number, const char* thing) {
  return std::to_string(number) + " " + thing + (number == 1 ? "" : "s");
}

/// The healthy worker that owns most unfinished partitions; null if nobody owns any.
const WorkerView* most_unfinished(const Picture& picture) {
  const WorkerView* best = nullptr;
  for (const auto& worker : picture.workers) {
    if (worker.status != muster::Status::healthy || worker.unfinished.empty()) continue;
    if (best == nullptr || worker.unfinished.size() > best->unfinished.size()) best = &worker;
  }
  return best;
}

std::string share(const WorkerView& worker) {
  return worker.name + ", who owns " + count(worker.owned.size(), "partition") + ", " +
         std::to_string(worker.unfinished.size()) + " unfinished";
}

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

class KillWorker final : public Fault {
 public:
  using Fault::Fault;

  bool fire(Stage& stage) override {
    const WorkerView* worker = most_unfinished(stage.watch.picture());
    if (worker == nullptr) return false;
    victim_ = *worker;
    stage.fleet.kill_worker(victim_.name);
    stage.say("FAULT  SIGKILL of " + share(victim_));
    return true;
  }

  bool settled(Stage& stage) override {
    if (!stage.watch.expelled().contains(victim_.id.value)) return false;
    if (!stage.watch.picture().owned_by_others(victim_.unfinished, victim_.id)) return false;
    stage.say("  ok   its work has new owners");
    return true;
  }

 private:
  WorkerView victim_;
};

class StopWorker final : public Fault {
 public:
  using Fault::Fault;

  bool fire(Stage& stage) override {
    const WorkerView* worker = most_unfinished(stage.watch.picture());
    if (worker == nullptr) return false;
    victim_ = *worker;
    // It has to stand still in the midst of an entry, so that its commit comes late.
    if (!stage.fleet.pause_worker(victim_.name) || !stage.fleet.busy(victim_.name)) {
      stage.fleet.continue_worker(victim_.name);
      return false;
    }
    stage.say("FAULT  SIGSTOP of " + share(victim_));
    return true;
  }

  bool settled(Stage& stage) override {
    const Picture& picture = stage.watch.picture();
    if (!continued_) {
      if (!stage.watch.expelled().contains(victim_.id.value)) return false;
      if (!picture.owned_by_others(victim_.unfinished, victim_.id)) return false;
      stage.fleet.continue_worker(victim_.name);
      continued_ = true;
      stage.say("FAULT  SIGCONT of " + victim_.name + ", whose work has new owners");
    }
    const std::string log = stage.fleet.log_of(victim_.name);
    if (contains(log, "BREACH"))
      throw std::runtime_error(victim_.name + ": its late commit was accepted");
    if (!contains(log, "noticed by itself") || !contains(log, "commit refused")) return false;
    stage.say("  ok   " + victim_.name + " noticed by itself, and its late commit was refused");
    return token_is_refused(stage);
  }

 private:
  /// The broker's own word, whatever the worker's library thinks.
  bool token_is_refused(Stage& stage) {
    const auto& [partition, token] = *victim_.owned.begin();
    const muster::Errc said = stage.watch.commit_with(token, partition, stage.topic);
    if (said != muster::Errc::stale_token) {
      throw std::runtime_error("the broker answered the stopped worker's token with " +
                               std::string(to_string(said)));
    }
    stage.say("  ok   the broker refuses the token that it had: stale_token");
    return true;
  }

  WorkerView victim_;
  bool continued_ = false;
};

class JoinWorker final : public Fault {
 public:
  JoinWorker(int percent, std::string name) : Fault(percent), name_(std::move(name)) {}

  bool fire(Stage& stage) override {
    stage.fleet.start_worker(name_);
    stage.say("FAULT  " + name_ + " joins");
    return true;
  }

  bool settled(Stage& stage) override {
    const WorkerView* worker = stage.watch.picture().find(name_);
    if (worker == nullptr || worker->unfinished.empty()) return false;
    stage.say("  ok   " + share(*worker));
    return true;
  }

 private:
  std::string name_;
};

class KillBroker final : public Fault {
 public:
  using Fault::Fault;

  bool fire(Stage& stage) override {
    const WorkerView* worker = most_unfinished(stage.watch.picture());
    if (worker == nullptr) return false;
    const std::size_t acknowledged = stage.watch.picture().done;
    stage.say("FAULT  SIGKILL of the broker, while " + share(*worker));
    stage.fleet.kill_broker();
    stage.fleet.start_broker();
    while (!stage.watch.refresh()) {  // the old connection has to fail first
    }
    done_before_ = stage.watch.picture().done;
    if (done_before_ < acknowledged) {
      throw std::runtime_error("committed offsets were lost with the broker");
    }
    stage.say("  ok   the broker is back on its data");
    return true;
  }

  bool settled(Stage& stage) override {
    if (stage.watch.picture().done == done_before_) return false;
    stage.say("  ok   the workers go on");
    return true;
  }

 private:
  std::size_t done_before_ = 0;
};

}  // namespace

std::vector<std::unique_ptr<Fault>> all_faults(const std::string& newcomer) {
  std::vector<std::unique_ptr<Fault>> faults;
  faults.push_back(std::make_unique<KillWorker>(20));
  faults.push_back(std::make_unique<StopWorker>(40));
  faults.push_back(std::make_unique<JoinWorker>(60, newcomer));
  faults.push_back(std::make_unique<KillBroker>(80));
  return faults;
}

}  // namespace backup
