#include "runner.hpp"

#include "world.hpp"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <stdexcept>

namespace muster::sim {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point began) {
  return std::chrono::duration<double>(Clock::now() - began).count();
}

/// Plain memory that processes share.
template <class T>
class Shared {
 public:
  Shared() {
    void* const memory =
        ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no memory to share");
    value_ = new (memory) T{};
  }
  ~Shared() { ::munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  T* operator->() { return value_; }
  T& operator*() { return *value_; }

 private:
  T* value_;
};

struct Text {
  char bytes[1'000] = {};
  void set(const std::string& text) {
    std::memset(bytes, 0, sizeof bytes);
    std::memcpy(bytes, text.data(), std::min(text.size(), sizeof bytes - 1));
  }
};

struct FlatOutcome {
  Text invariant;
  Text what;
  Time at = 0;
  Marks marks{};
  std::uint64_t events = 0;
  std::uint64_t actions = 0;
  Time time = 0;
  std::uint64_t hash = 0;
  Time settled_after = -1;
  bool done = false;

  void set(const Outcome& o) {
    invariant.set(o.violation.invariant);
    what.set(o.violation.what);
    at = o.violation.at;
    marks = o.marks;
    events = o.events;
    actions = o.actions;
    time = o.time;
    hash = o.hash;
    settled_after = o.settled_after;
    done = true;
  }
  [[nodiscard]] Outcome get() const {
    Outcome o;
    o.violation = {invariant.bytes, what.bytes, at};
    o.marks = marks;
    o.events = events;
    o.actions = actions;
    o.time = time;
    o.hash = hash;
    o.settled_after = settled_after;
    return o;
  }
};

Violation crashed() {
  return {"assertion", "the process ended in the middle: a broken assertion, or a crash", 0};
}

/// What one worker process has to say.
struct Desk {
  std::atomic<std::uint64_t> seed{0};  // at work on it; 0: on none
  std::atomic<bool> spoken{false};     // the last seed's outcome is there, until it is taken
  FlatOutcome outcome;
};

class Swarm {
 public:
  explicit Swarm(const SwarmOptions& options) : options_(options), began_(Clock::now()) {
    next_->store(options.from);
    for (unsigned i = 0; i < options.jobs; ++i) desks_.push_back(std::make_unique<Shared<Desk>>());
    workers_.resize(options.jobs);
  }

  SwarmResult run() {
    for (std::size_t i = 0; i < workers_.size(); ++i) employ(i);
    while (busy()) {
      bool anything = false;
      for (std::size_t i = 0; i < workers_.size(); ++i) anything = look_at(i) || anything;
      if (!anything) ::usleep(200);
    }
    result_.wall_seconds = since(began_);
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    result_.cpu_seconds = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                          static_cast<double>(usage.ru_utime.tv_usec) / 1e6;
    return std::move(result_);
  }

 private:
  bool busy() const {
    for (const pid_t worker : workers_)
      if (worker != 0) return true;
    return false;
  }
  bool over(std::uint64_t seed) const {
    if (result_.found.size() >= options_.most_found) return true;
    return options_.seconds > 0 ? since(began_) > options_.seconds
                                : seed >= options_.from + options_.seeds;
  }

  void employ(std::size_t i) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("no process to work in");
    if (child == 0) work(**desks_[i]);
    workers_[i] = child;
  }

  [[noreturn]] void work(Desk& desk) {
    while (true) {
      const std::uint64_t seed = next_->fetch_add(1);
      if (over(seed) || stop_->load()) ::_exit(0);
      desk.seed = seed;
      const Case story = draw_case(seed);
      Outcome outcome = sim::run(story);
      if (options_.twice != 0 && seed % options_.twice == 0 &&
          sim::run(story).hash != outcome.hash && outcome.violation.invariant.empty())
        outcome.violation = {"determinism", "two runs of one seed differ", outcome.time};
      desk.outcome.set(outcome);
      desk.spoken = true;
      while (desk.spoken) ::usleep(20);
      desk.seed = 0;
    }
  }

  bool look_at(std::size_t i) {
    if (workers_[i] == 0) return false;
    Desk& desk = **desks_[i];
    if (desk.spoken) {
      take(desk.seed, desk.outcome.get());
      desk.spoken = false;
      return true;
    }
    int status = 0;
    if (::waitpid(workers_[i], &status, WNOHANG) != workers_[i]) return false;
    workers_[i] = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    Outcome lost;
    lost.violation = crashed();
    take(desk.seed, lost);
    if (!over(next_->load())) employ(i);
    return true;
  }

  void take(std::uint64_t seed, const Outcome& outcome) {
    ++result_.seeds;
    result_.events += outcome.events;
    result_.actions += outcome.actions;
    result_.time += outcome.time;
    result_.longest_settling = std::max(result_.longest_settling, outcome.settled_after);
    if (options_.twice != 0 && seed % options_.twice == 0) ++result_.compared;
    for (std::size_t m = 0; m < outcome.marks.size(); ++m) result_.marks[m] += outcome.marks[m];
    if (outcome.violation.invariant.empty()) return;
    result_.found.push_back({seed, outcome.violation});
    if (result_.found.size() >= options_.most_found) stop_->store(true);
  }

  SwarmOptions options_;
  Clock::time_point began_;
  Shared<std::atomic<std::uint64_t>> next_;
  Shared<std::atomic<bool>> stop_;
  std::vector<std::unique_ptr<Shared<Desk>>> desks_;
  std::vector<pid_t> workers_;
  SwarmResult result_;
};

// Shrinking
// -----------------------------------------------------------------------------------------

class Shrinker {
 public:
  Shrinker(Case story, std::string invariant, double seconds)
      : best_(std::move(story)),
        invariant_(std::move(invariant)),
        until_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(seconds))) {}

  Case run() {
    cut_the_end();
    for (bool smaller = true; smaller && !late();) {
      smaller = drop_kinds();
      smaller = drop_chunks() || smaller;
      smaller = lower_knobs() || smaller;
      cut_the_end();
    }
    return best_;
  }

 private:
  [[nodiscard]] bool late() const { return Clock::now() > until_; }

  bool keep_if_broken(const Case& candidate) {
    if (late()) return false;
    const Outcome outcome = run_apart(candidate);
    if (outcome.violation.invariant != invariant_) return false;
    best_ = candidate;
    broken_at_ = outcome.violation.at;
    return true;
  }

  /// Nothing that comes after the break matters, unless it is one of rest.
  void cut_the_end() {
    if (invariant_ == "A6" || !keep_if_broken(best_) || broken_at_ == 0) return;
    Case shorter = best_;
    shorter.knobs.duration_ms = std::min(shorter.knobs.duration_ms, broken_at_ / ms + 1);
    std::erase_if(shorter.plan, [&](const Action& a) { return a.at > broken_at_; });
    keep_if_broken(shorter);
  }

  bool drop_kinds() {
    bool smaller = false;
    std::vector<bool> seen(64);
    for (std::size_t i = 0; i < best_.plan.size(); ++i) {
      const Act act = best_.plan[i].act;
      if (seen[static_cast<std::size_t>(act)]) continue;
      seen[static_cast<std::size_t>(act)] = true;
      Case without = best_;
      std::erase_if(without.plan, [&](const Action& a) { return a.act == act; });
      if (!keep_if_broken(without)) continue;
      smaller = true;
      i = 0;
    }
    return smaller;
  }

  bool drop_chunks() {
    bool smaller = false;
    for (std::size_t size = best_.plan.size() / 2; size > 0 && !late(); size /= 2)
      for (std::size_t at = 0; at < best_.plan.size() && !late();) {
        Case without = best_;
        const auto begin = without.plan.begin() + static_cast<std::ptrdiff_t>(at);
        without.plan.erase(
            begin, begin + static_cast<std::ptrdiff_t>(std::min(size, without.plan.size() - at)));
        if (keep_if_broken(without)) {
          smaller = true;
        } else {
          at += size;
        }
      }
    return smaller;
  }

  /// Each knob to its plain value, or halfway there. The seed stays.
  bool lower_knobs() {
    static const Knobs plain;
    bool smaller = false;
    for (const KnobName& knob : knob_names()) {
      if (knob.field == &Knobs::seed || knob.field == &Knobs::duration_ms) continue;
      const std::int64_t value = best_.knobs.*knob.field;
      const std::int64_t wanted = plain.*knob.field;
      for (const std::int64_t next : {wanted, (value + wanted) / 2}) {
        if (best_.knobs.*knob.field != value || next == value) continue;
        Case simpler = best_;
        simpler.knobs.*knob.field = next;
        smaller = keep_if_broken(simpler) || smaller;
      }
    }
    return smaller;
  }

  Case best_;
  std::string invariant_;
  Clock::time_point until_;
  Time broken_at_ = 0;
};

}  // namespace

Outcome run(const Case& story, bool loud) {
  World world(story, loud);
  world.run();
  Outcome outcome;
  outcome.violation = world.witness.violation();
  outcome.marks = world.witness.marks();
  outcome.events = world.events();
  outcome.time = world.now();
  outcome.hash = world.witness.hash();
  outcome.actions = story.plan.size();
  outcome.settled_after = world.settled_after();
  return outcome;
}

Outcome run_apart(const Case& story) {
  Shared<FlatOutcome> flat;
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no process to work in");
  if (child == 0) {
    flat->set(run(story));
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Outcome outcome = flat->get();
  if (!flat->done) outcome.violation = crashed();
  return outcome;
}

SwarmResult swarm(const SwarmOptions& options) {
  return Swarm(options).run();
}

Case shrink(const Case& story, const std::string& invariant, double seconds) {
  Case small = Shrinker(story, invariant, seconds).run();
  small.expect = invariant;
  return small;
}

}  // namespace muster::sim
