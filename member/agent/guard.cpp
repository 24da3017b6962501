#include "guard.hpp"

#include "brood.hpp"
#include "dial.hpp"
#include "launch.hpp"

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
#include <map>
#include <optional>

namespace muster::agent {

namespace asio = boost::asio;
using member::boot_now;
using member::never;

namespace {

constexpr std::uint64_t follow =
    1;  // the correlation of the query that is answered again and again
constexpr std::size_t most_unanswered = 8;
constexpr Millis until_all_are_gone{20};

}  // namespace

class Guard final : private member::LinkEvents {
 public:
  explicit Guard(GuardOptions options)
      : options_(std::move(options)),
        rule_(options_.spec, boot_now()),
        link_(io_, link_options(options_.servers, options_.client_name), *this),
        timer_(io_, [this] { look(); }),
        signals_(io_, SIGCHLD, SIGTERM, SIGINT) {
    signals_.add(SIGHUP);
  }

  GuardEnd run() {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::signal(SIGPIPE, SIG_IGN);
    wait_for_signals();
    link_.start();
    look();
    io_.run();
    return std::move(end_);
  }

 private:
  void look() {
    const Mono now = boot_now();
    const GuardRule::Ruling ruling = rule_.rule(now);
    if (ruling.verdict == GuardRule::Verdict::run && !brood_ && !end_.ran) start();
    if (ruling.verdict == GuardRule::Verdict::end) stop(now, ruling);
    if (link_.up() && now >= next_question_) ask(now);
    Mono next = std::min(rule_.due(), link_.up() ? next_question_ : never);
    if (ruling.verdict == GuardRule::Verdict::end) next = now + until_all_are_gone;
    timer_.set(next);
  }

  void start() {
    const InstanceDescription& bound = *rule_.bound();
    Launch what;
    what.command = options_.command;
    what.environment = marks_of(bound.instance.value, bound.incarnation);
    what.environment.emplace_back("MUSTER_SERVICE", options_.spec.service.value);
    what.environment.emplace_back("MUSTER_NODE", options_.spec.node.value);
    // The service's own processes have the marks above, too: this one is of the guard alone.
    const Brood::Marks mine{
        {"MUSTER_GUARD", std::to_string(::getpid()) + "-" + std::to_string(boot_now().ms)}};
    what.environment.push_back(mine.front());
    const auto started = launch(what);
    end_.ran = true;
    if (const auto* why = std::get_if<std::string>(&started)) {
      end_.words = *why;
      end_.allowed = true;
      end_.code = 127;  // as a shell has it
      return io_.stop();
    }
    leader_ = std::get<pid_t>(started);
    const auto seen = look_at(leader_);
    brood_.emplace(mine, leader_, seen ? seen->start_time : 0, std::string{});
  }

  /// It may run no more: all of it ends, and then so does the guard.
  void stop(Mono now, const GuardRule::Ruling& ruling) {
    end_.words = ruling.words;
    if (!brood_) return io_.stop();
    if (now >= ruling.kill_by)
      brood_->signal(SIGKILL);
    else if (!told_)
      brood_->signal(SIGTERM);
    told_ = true;
    if (leader_ == 0 && brood_->members().empty()) io_.stop();
  }

  void wait_for_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      wait_for_signals();
      if (signal == SIGCHLD) return reap();
      if (leader_ > 0) {
        ::kill(-leader_, signal);
      } else {
        end_.words = "interrupted";
        io_.stop();
      }
    });
  }

  void reap() {
    int status = 0;
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (pid != leader_) continue;
      leader_ = 0;
      if (told_) continue;
      end_.allowed = true;
      end_.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
      // What it leaves behind is not the guard's: it ended by itself, in good health.
      return io_.stop();
    }
    look();
  }

  // -------------------------------------------------------------------------------------------

  void ask(Mono now) {
    next_question_ = now + rule_.interval();
    LookupService query;
    query.service = options_.spec.service;
    send(query, ++last_correlation_, now);
  }

  void send(const LookupService& query, std::uint64_t correlation, Mono now) {
    if (wire::encode_query(Query{query}, correlation, link_.out())) asked_[correlation] = now;
    if (asked_.size() > most_unanswered) link_.drop("it does not answer");
    link_.flush();
  }

  void link_up() override {
    asked_.clear();
    const Mono now = boot_now();
    LookupService query;
    query.service = options_.spec.service;
    query.follow = true;
    send(query, follow, now);
    next_question_ = now + rule_.interval();
    look();
  }
  void link_down() override { look(); }
  void dial_failed() override {}

  void frame(const wire::Frame& frame) override {
    const auto answer = wire::decode_answer(frame);
    if (!answer) return;
    const auto* reply = std::get_if<ReplyBody>(&*answer);
    const auto* result = reply == nullptr ? nullptr : std::get_if<ServiceResult>(reply);
    if (result == nullptr) return;
    // The first answer of the query that follows has a question; the others are pushes.
    const auto asked = asked_.extract(frame.correlation);
    rule_.heard(boot_now(), asked ? std::optional<Mono>(asked.mapped()) : std::nullopt, *result);
  }
  void read_done() override { look(); }
  [[nodiscard]] Millis dial_timeout() const override { return Millis{2'000}; }
  [[nodiscard]] Millis most_backoff() const override { return Millis{500}; }

  GuardOptions options_;
  asio::io_context io_{1};
  GuardRule rule_;
  member::Link link_;
  member::BootTimer timer_;
  asio::signal_set signals_;
  std::map<std::uint64_t, Mono> asked_;  // questions without an answer
  std::uint64_t last_correlation_ = follow;
  Mono next_question_;
  std::optional<Brood> brood_;
  pid_t leader_ = 0;
  bool told_ = false;
  GuardEnd end_;
};

GuardEnd run_guard(GuardOptions options) {
  return Guard(std::move(options)).run();
}

}  // namespace muster::agent
