#include "agent.hpp"

#include "brood.hpp"
#include "cgroup.hpp"
#include "config.hpp"
#include "control.hpp"
#include "dial.hpp"
#include "folder.hpp"
#include "launch.hpp"
#include "probes.hpp"
#include "status_json.hpp"
#include "supervisor.hpp"

#include "../boot_timer.hpp"
#include "../link.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace muster::agent {

namespace asio = boost::asio;
using member::boot_now;
using member::never;

namespace {

// How often those who are to end are looked for: what is no child of ours ends without a signal.
constexpr Millis between_looks{50};
// For goodbyes to a broker that does not answer.
constexpr Millis last_words{2'000};

Instant now() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  return {boot_now(), {std::chrono::duration_cast<Millis>(wall).count()}};
}

Origin origin_of(const std::vector<StartRecord>& records) {
  Origin out;
  for (const StartRecord& one : records)
    out.last[one.instance.value] = std::max(out.last[one.instance.value], one.incarnation);
  out.node = static_cast<Incarnation>(now().wall.ms);
  out.seed = random_seed();
  return out;
}

ProcessEnd end_of(int status) {
  if (WIFSIGNALED(status)) return {true, WTERMSIG(status)};
  return {false, WEXITSTATUS(status)};
}

}  // namespace

class Agent final : private member::LinkEvents {
 public:
  explicit Agent(AgentOptions options)
      : options_(std::move(options)),
        folder_(options_.folder),
        records_(folder_.load()),
        supervisor_(options_.spec, origin_of(records_)),
        link_(io_, link_options(options_.servers, options_.client_name), *this),
        timer_(io_, [this] { tick(); }),
        signals_(io_, SIGCHLD, SIGTERM, SIGINT),
        looks_(io_),
        goodbye_(io_),
        probes_(io_),
        control_(io_, Folder::socket_in(folder_.path()),
                 [this](const std::string& line) { return order(line); }) {
    for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) signals_.add(signal);
    cgroup_root_ = cgroup_root(no_cgroup_);
  }

  int run() {
    // Orphans of our programs come to us instead of to init: they are reaped, and found.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::signal(SIGPIPE, SIG_IGN);
    wait_for_signals();
    clear_leftovers();
    link_.start();
    io_.run();
    probes_.stop();
    return exit_code();
  }

 private:
  /// One start of a program, until nothing of it is left.
  struct Start {
    InstanceId instance;
    Incarnation incarnation = 0;
    Brood brood;
    bool ends = false;  // it was told to
  };

  // -------------------------------------------------------------------------------------------
  // What an earlier run has left

  /// Those that a killed agent has left behind end before anything of theirs is started again.
  void clear_leftovers() {
    for (const StartRecord& one : records_) {
      if (one.pid == 0) continue;
      Brood left(marks_of(one.instance.value, one.incarnation), one.pid, one.start_time,
                 one.cgroup);
      if (left.members().empty()) continue;
      log(one.instance.value + ": processes of an earlier run are stopped first");
      left.signal(SIGTERM);
      leftovers_.push_back(std::move(left));
    }
    leftover_deadline_ = boot_now() + ServiceSpec{}.stop_grace;
    for (const ServiceSpec& one : options_.spec.services)
      leftover_deadline_ = std::min(leftover_deadline_, boot_now() + one.stop_grace);
    begin_if_clear();
  }

  void begin_if_clear() {
    if (begun_) return;
    std::erase_if(leftovers_, [](Brood& left) {
      if (!left.members().empty()) return false;
      remove_cgroup(left.cgroup());
      return true;
    });
    if (!leftovers_.empty()) {
      if (boot_now() >= leftover_deadline_)
        for (Brood& left : leftovers_) left.signal(SIGKILL);
      return look_again();
    }
    begun_ = true;
    supervisor_.begin(now());
    work();
  }

  // -------------------------------------------------------------------------------------------
  // Doing what the supervisor asks for

  /// After every input. Doing may be an input again: the loop ends when nothing is asked for. The
  /// broker is told first: to look for a program's processes takes longer.
  void work() {
    while (true) {
      tell();
      if (supervisor_.tasks().empty()) break;
      std::vector<Task> tasks;
      tasks.swap(supervisor_.tasks());
      for (const Task& task : tasks) carry_out(task);
    }
    timer_.set(supervisor_.due());
    end_if_finished();
  }

  void tell() {
    for (const Call& call : supervisor_.calls()) send(call);
    supervisor_.calls().clear();
    link_.flush();
    for (const std::string& note : supervisor_.notes()) log(note);
    supervisor_.notes().clear();
  }

  void tick() {
    if (supervisor_.desk().up() && supervisor_.desk().stalled(boot_now()))
      link_.drop("it has not answered heartbeats for the session timeout");
    supervisor_.tick(now());
    work();
  }

  void carry_out(const Task& task) {
    switch (task.act.kind) {
      case Act::Kind::start:
        return start(task);
      case Act::Kind::terminate:
        return end(task, SIGTERM);
      case Act::Kind::kill:
        return end(task, SIGKILL);
      case Act::Kind::check:
        return check(task);
    }
  }

  [[nodiscard]] const ServiceSpec* spec_of(const Task& task) const {
    const auto found = supervisor_.units().find(task.instance.value);
    return found == supervisor_.units().end() ? nullptr : &found->second.spec();
  }

  [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment_of(
      const ServiceSpec& spec, Incarnation incarnation) const {
    auto out = spec.environment;
    for (auto& mark : marks_of(spec.instance.value, incarnation)) out.push_back(std::move(mark));
    out.emplace_back("MUSTER_SERVICE", spec.service.value);
    out.emplace_back("MUSTER_NODE", options_.spec.node.value);
    std::string servers;
    for (const std::string& one : options_.servers) servers += (servers.empty() ? "" : ",") + one;
    out.emplace_back("MUSTER_SERVER", servers);
    return out;
  }

  void start(const Task& task) {
    const ServiceSpec* const spec = spec_of(task);
    if (spec == nullptr) return;
    const Incarnation incarnation = task.act.incarnation;
    Launch what;
    what.command = spec->command;
    what.environment = environment_of(*spec, incarnation);
    what.directory = spec->directory;
    what.user = spec->user;
    if (cgroup_root_)
      what.cgroup = make_cgroup(
          *cgroup_root_, "muster-" + spec->service.value + "-" + std::to_string(incarnation));
    const auto started = launch(what);
    if (const auto* why = std::get_if<std::string>(&started)) {
      remove_cgroup(what.cgroup);
      remember({task.instance, incarnation, 0, 0, {}});
      return supervisor_.not_started(now(), task.instance, incarnation, *why);
    }
    const pid_t pid = std::get<pid_t>(started);
    const auto seen = look_at(pid);
    const std::uint64_t start_time = seen ? seen->start_time : 0;
    Brood brood(marks_of(task.instance.value, incarnation), pid, start_time, what.cgroup);
    starts_.insert_or_assign(task.instance.value,
                             Start{task.instance, incarnation, std::move(brood)});
    leaders_[pid] = task.instance;
    remember({task.instance, incarnation, pid, start_time, what.cgroup});
    supervisor_.spawned(now(), task.instance, incarnation, pid);
  }

  void end(const Task& task, int signal) {
    const auto found = starts_.find(task.instance.value);
    if (found == starts_.end() || found->second.incarnation != task.act.incarnation)
      return supervisor_.gone(now(), task.instance, task.act.incarnation);
    Start& start = found->second;
    start.ends = true;
    if (start.brood.signal(signal) == 0 && !leads(start)) return bury(task.instance);
    look_again();
  }

  /// Whether its own process has not been reaped yet.
  [[nodiscard]] bool leads(const Start& start) const {
    return leaders_.contains(start.brood.leader());
  }

  /// Nothing of it is left.
  void bury(const InstanceId& instance) {
    const auto start = starts_.extract(instance.value);
    const Incarnation incarnation = start.mapped().incarnation;
    remove_cgroup(start.mapped().brood.cgroup());
    remember({instance, incarnation, 0, 0, {}});
    supervisor_.gone(now(), instance, incarnation);
  }

  void bury_who_is_gone() {
    std::vector<InstanceId> gone;
    for (auto& [name, start] : starts_)
      if (start.ends && !leads(start) && start.brood.members().empty())
        gone.push_back(start.instance);
    for (const InstanceId& instance : gone) bury(instance);
  }

  void look_again() {
    if (looking_) return;
    looking_ = true;
    looks_.expires_after(between_looks);
    looks_.async_wait([this](const boost::system::error_code& cancelled) {
      looking_ = false;
      if (cancelled) return;
      begin_if_clear();
      bury_who_is_gone();
      if (std::any_of(starts_.begin(), starts_.end(), [](auto& one) { return one.second.ends; }))
        look_again();
      work();
    });
  }

  void check(const Task& task) {
    const ServiceSpec* const spec = spec_of(task);
    if (spec == nullptr || task.act.check >= spec->checks.size())
      return supervisor_.checked(now(), task, {Outcome::Finding::passed, {}});
    const CheckSpec& what = spec->checks[task.act.check];
    const auto done = [this, task](Outcome outcome) {
      supervisor_.checked(now(), task, std::move(outcome));
      work();
    };
    if (what.kind == CheckSpec::Kind::tcp) return probes_.tcp(what, done);
    if (what.kind == CheckSpec::Kind::http) return probes_.http(what, done);
    const CommandSetting setting{environment_of(*spec, task.act.incarnation), spec->directory,
                                 spec->user};
    probes_.command(what, setting, done);
  }

  void remember(StartRecord record) {
    std::erase_if(records_,
                  [&](const StartRecord& one) { return one.instance == record.instance; });
    records_.push_back(std::move(record));
    if (!folder_.save(records_)) log("the folder " + folder_.path() + " cannot be written");
  }

  // -------------------------------------------------------------------------------------------
  // Signals and children

  void wait_for_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      wait_for_signals();
      take(signal);
      work();
    });
  }

  void take(int signal) {
    switch (signal) {
      case SIGCHLD:
        return reap();
      case SIGTERM:
      case SIGINT:
        return stop();
      default:
        break;
    }
    if (options_.spec.one_liner) {
      for (const auto& [pid, instance] : leaders_) ::kill(pid, signal);
    } else if (signal == SIGHUP) {
      static_cast<void>(reload());
    }
  }

  /// All that have ended, strangers too: as pid 1 they are ours to reap.
  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (probes_.reaped(pid, status)) continue;
      const auto leader = leaders_.extract(pid);
      if (!leader) continue;
      const auto start = starts_.find(leader.mapped().value);
      if (start != starts_.end() && start->second.brood.leader() == pid)
        supervisor_.exited(now(), leader.mapped(), start->second.incarnation, end_of(status));
    }
    begin_if_clear();
    bury_who_is_gone();
  }

  /// The first time in order; whoever says it twice is in a hurry.
  void stop() {
    log(supervisor_.shutting_down() ? "stops at once" : "stops");
    if (!begun_) return io_.stop();
    supervisor_.shut_down(now());
    if (hurried_) supervisor_.hurry(now());
    hurried_ = true;
  }

  void end_if_finished() {
    if (!begun_ || !supervisor_.at_rest()) return;
    if (supervisor_.finished()) return io_.stop();
    if (saying_goodbye_ || !(supervisor_.shutting_down() || options_.spec.one_liner)) return;
    saying_goodbye_ = true;
    goodbye_.expires_after(last_words);
    goodbye_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled) io_.stop();
    });
  }

  [[nodiscard]] int exit_code() const {
    if (!options_.spec.one_liner || supervisor_.units().empty()) return 0;
    const auto end = supervisor_.units().begin()->second.last_end();
    return end ? end->code() : 0;
  }

  // -------------------------------------------------------------------------------------------
  // Orders

  /// "status", "restart NAME", "reload", "stop".
  std::string order(const std::string& line) {
    if (line == "status")
      return status_json(supervisor_, {link_.trouble(), cgroup_root_ ? "yes" : no_cgroup_,
                                       folder_.path(), static_cast<int>(::getpid())});
    Acknowledgement answer{false, "there is no such order"};
    constexpr std::string_view restart = "restart ";
    if (!may_order())
      answer = {false, "more than " + std::to_string(orders_a_second) + " orders a second"};
    else if (line.starts_with(restart))
      answer = supervisor_.order_restart(now(), line.substr(restart.size()), OrderedBy::operator_,
                                         "an operator ordered it");
    else if (line == "reload")
      answer = reload();
    else if (line == "stop")
      answer = (stop(), Acknowledgement{true, "the agent stops"});
    work();
    return acknowledgement_json(answer);
  }

  bool may_order() {
    const Mono at = boot_now();
    if (at - second_ >= Millis{1'000}) {
      second_ = at;
      ordered_ = 0;
    }
    return ++ordered_ <= orders_a_second;
  }

  Acknowledgement reload() {
    Acknowledgement answer{false, "this agent has no configuration file"};
    if (!begun_) answer.words = "it waits for processes of an earlier run to end";
    if (begun_ && !options_.config_file.empty()) {
      try {
        answer = supervisor_.reload(now(), read_config(options_.config_file, options_.host));
      } catch (const ConfigError& error) {
        answer.words = error.what();
      }
    }
    log((answer.accepted ? "reloaded: " : "not reloaded: ") + answer.words);
    return answer;
  }

  // -------------------------------------------------------------------------------------------
  // The broker

  void send(const Call& call) {
    if (!link_.up()) return;
    if (const auto* request = std::get_if<Request>(&call.body))
      static_cast<void>(wire::encode_request(*request, call.correlation, link_.out()));
    else
      static_cast<void>(
          wire::encode_query(std::get<Query>(call.body), call.correlation, link_.out()));
  }

  void link_up() override {
    log("connected");
    told_trouble_ = false;
    supervisor_.connected(now());
    work();
  }
  void link_down() override {
    log("the connection is lost: " + link_.trouble());
    told_trouble_ = true;
    supervisor_.disconnected(now());
    work();
  }
  void dial_failed() override {
    if (!told_trouble_) log("no broker: " + link_.trouble());
    told_trouble_ = true;
  }
  void frame(const wire::Frame& frame) override {
    HeartbeatOk beat;
    if (wire::decode_heartbeat_ok(frame, beat))
      return supervisor_.answered(now(), frame.correlation, beat);
    const auto answer = wire::decode_answer(frame);
    if (!answer) {
      if (answer.error() == Errc::unknown_kind && (frame.flags & wire::flag_optional) != 0) return;
      return link_.drop("it sent a frame that cannot be read: " + answer.error().message());
    }
    if (const auto* reply = std::get_if<ReplyBody>(&*answer))
      return supervisor_.answered(now(), frame.correlation, *reply);
    supervisor_.pushed(now(), std::get<PushBody>(*answer));
  }
  void read_done() override { work(); }
  [[nodiscard]] Millis dial_timeout() const override {
    return std::clamp(heartbeat_interval(options_.spec.session_timeout), Millis{1'000},
                      Millis{5'000});
  }
  [[nodiscard]] Millis most_backoff() const override {
    return std::min(heartbeat_interval(options_.spec.session_timeout), Millis{2'000});
  }

  void log(const std::string& sentence) const { options_.log(sentence); }

  static constexpr int orders_a_second = 10;

  AgentOptions options_;
  asio::io_context io_{1};
  Folder folder_;
  std::vector<StartRecord> records_;  // one for each instance
  Supervisor supervisor_;
  member::Link link_;
  member::BootTimer timer_;
  asio::signal_set signals_;
  asio::steady_timer looks_;
  asio::steady_timer goodbye_;
  Probes probes_;
  Control control_;
  std::optional<std::string> cgroup_root_;
  std::string no_cgroup_;
  std::map<std::string, Start> starts_;  // by instance: whose processes may be there
  std::map<pid_t, InstanceId> leaders_;  // not reaped yet
  std::vector<Brood> leftovers_;
  Mono leftover_deadline_;
  Mono second_;
  int ordered_ = 0;
  bool begun_ = false;
  bool looking_ = false;
  bool hurried_ = false;
  bool saying_goodbye_ = false;
  bool told_trouble_ = false;
};

int run_agent(AgentOptions options) {
  return Agent(std::move(options)).run();
}

}  // namespace muster::agent
