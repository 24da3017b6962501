/// One supervised program: when it is started, stopped and started again, and what is to be said
/// of it. Pure: it is told what happened and when, and tells what to do.
#pragma once

#include "health.hpp"
#include "restarts.hpp"

#include <optional>
#include <string>
#include <vector>

namespace muster::agent {

/// How a process ended.
struct ProcessEnd {
  bool by_signal = false;
  int number = 0;  ///< The exit code, or the signal.
  [[nodiscard]] bool ok() const { return !by_signal && number == 0; }
  /// As a shell tells it: 128 + n for a signal.
  [[nodiscard]] int code() const { return by_signal ? 128 + number : number; }
  [[nodiscard]] std::string words() const;
};

enum class Phase : std::uint8_t {
  stopped,     ///< Not started, or stopped by an order.
  waiting,     ///< For its next start.
  starting,    ///< Its process runs; no check has been well yet.
  running,     ///< Its process runs.
  draining,    ///< Its process runs on for those who still come; nobody new is sent.
  stopping,    ///< Everything of it is told to end.
  crash_loop,  ///< Its budget of restarts is spent.
  finished,    ///< It has ended for good, as its policy says.
  superseded,  ///< A newer incarnation is registered elsewhere: it is not for us to run it.
};
[[nodiscard]] std::string_view to_string(Phase phase);

/// What the broker should be told of a program.
struct Standing {
  bool wanted = false;  ///< It is to be registered. False: it is to be gone.
  bool ours = true;     ///< False: another has taken its place, and is not to be touched.
  Incarnation incarnation = 0;
  Status status = Status::starting;
  std::string words;
  /// The session is kept though it is not well: the agent knows what it is about. Else silence
  /// says that nobody does.
  bool kept = true;
  friend bool operator==(const Standing&, const Standing&) = default;
};

/// What is to be done with a program's processes.
struct Act {
  enum class Kind : std::uint8_t {
    start,      ///< One process, as the spec says. Answered by spawned() or not_started().
    terminate,  ///< SIGTERM to all there are of this incarnation. Answered by gone().
    kill,       ///< SIGKILL to them.
    check,      ///< Try check number `check`. Answered by checked().
  };
  Kind kind = Kind::start;
  Incarnation incarnation = 0;
  std::size_t check = 0;
  friend bool operator==(const Act&, const Act&) = default;
};

/// Whoever orders is told whether it is done.
struct Acknowledgement {
  bool accepted = false;
  std::string words;
};

enum class OrderedBy : std::uint8_t { operator_, broker };

class Unit {
 public:
  /// `last`: the incarnation of the newest start that is known; 0: none.
  Unit(ServiceSpec spec, Incarnation last, std::uint64_t seed);

  // What happened. Each may add to acts() and notes().
  void start(Instant now);
  void spawned(Instant now, int pid);
  void not_started(Instant now, const std::string& why);
  /// The process itself has ended; what it started may still be there.
  void exited(Instant now, ProcessEnd end);
  /// Nothing of the incarnation is left.
  void gone(Instant now);
  void checked(Instant now, Incarnation incarnation, std::size_t check, Outcome outcome);
  void tick(Instant now);

  // What others want.
  /// An operator's order starts anew whatever it counted before; the broker's counts against the
  /// budget. Refused if the last one was less than a second ago.
  Acknowledgement order_restart(Instant now, OrderedBy by, const std::string& why);
  /// The broker's verdict: it lives, and does not do its work.
  void zombie(Instant now, const std::string& why);
  /// A newer incarnation is registered by somebody else.
  void supersede(Instant now, const std::string& why);
  /// Our own earlier self, or a clock that went back, has used this one: only a newer will do.
  void outdated(Instant now, Incarnation newest);
  /// Stops it for good; `drain`: those who use it are given time to go elsewhere.
  void stop(Instant now, bool drain, const std::string& why);
  /// Other settings; started anew only if its process has to be.
  void change(Instant now, ServiceSpec spec);

  [[nodiscard]] const ServiceSpec& spec() const { return spec_; }
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] Incarnation incarnation() const { return incarnation_; }
  [[nodiscard]] Standing standing() const;
  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] std::optional<ProcessEnd> last_end() const { return last_end_; }
  [[nodiscard]] const std::string& words() const { return words_; }
  [[nodiscard]] std::uint64_t starts() const { return starts_; }
  [[nodiscard]] std::span<const CheckHealth> checks() const { return checks_; }
  /// Nothing of it runs, and nothing will without an order.
  [[nodiscard]] bool at_rest() const;
  /// When tick() is due next.
  [[nodiscard]] Mono due() const;

  /// What is to be done, in this order; the caller takes it away.
  std::vector<Act>& acts() { return acts_; }
  /// One sentence for each thing that happened, for the log.
  std::vector<std::string>& notes() { return notes_; }

 private:
  enum class Then : std::uint8_t { restart, restart_at_once, stop, finish, supersede };
  struct Round {
    Mono due;
    bool under_way = false;
  };

  void spawn(Instant now);
  void terminate(Instant now, Then then);
  void restart(Instant now, const std::string& why);
  void after_stop(Instant now);
  void wait_for_restart(Instant now);
  void begin_checks(Mono now);
  void look_at_checks(Instant now);
  void hang(Instant now);
  void tick_checks(Mono now);
  [[nodiscard]] bool has_process() const;
  [[nodiscard]] bool is_leaving() const;
  [[nodiscard]] Then after_end(const ProcessEnd& end) const;
  void say(std::string words);

  ServiceSpec spec_;
  Restarts restarts_;
  member::Dice dice_;
  Phase phase_ = Phase::stopped;
  Then then_ = Then::stop;
  Incarnation incarnation_;
  Incarnation newest_known_ = 0;  // to the broker
  int pid_ = 0;                   // 0: there is none
  Mono started_;
  Mono until_;  // of waiting, draining, stopping, crash_loop; the start timeout of starting
  std::optional<Mono> last_order_;
  bool was_well_ = false;  // this incarnation, so somebody may be using it
  std::string words_;      // why it is as it is
  std::optional<ProcessEnd> last_end_;
  std::uint64_t starts_ = 0;
  std::vector<CheckHealth> checks_;
  std::vector<Round> rounds_;
  std::vector<Act> acts_;
  std::vector<std::string> notes_;
};

}  // namespace muster::agent
