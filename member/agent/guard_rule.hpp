/// When a guarded command may run. Pure: what the broker says and when, and the verdict.
#pragma once

#include <muster/service_messages.hpp>

#include <optional>
#include <string>

namespace muster::agent {

/// Whose health decides.
struct GuardSpec {
  ServiceName service;
  InstanceId
      instance;  ///< Empty: the only one that names `node`, or is registered on behalf by it.
  NodeName node;
  Millis patience{10'000};  ///< For the first answer that is sure.
  Millis grace{2'000};      ///< Between SIGTERM and SIGKILL.
};

/// It begins only when the instance is healthy, and goes on while that very incarnation is healthy
/// or overloaded. The broker's word is good for the session timeout S from when it was asked for:
/// by then the broker itself would take a silent instance for dead. So without contact the command
/// is told to end early enough to be killed by then.
class GuardRule {
 public:
  enum class Verdict : std::uint8_t { wait, run, end };
  struct Ruling {
    Verdict verdict = Verdict::wait;
    std::string words;  ///< Of end: why.
    Mono kill_by;       ///< Of end: SIGKILL then.
  };

  GuardRule(GuardSpec spec, Mono now) : spec_(std::move(spec)), began_(now) {}

  /// An answer to a question that was sent at `asked`; nothing: a push, which proves no time.
  void heard(Mono now, std::optional<Mono> asked, const ServiceResult& result);
  [[nodiscard]] Ruling rule(Mono now);
  /// When rule() may say something else without news.
  [[nodiscard]] Mono due() const;
  /// How often the broker is to be asked.
  [[nodiscard]] Millis interval() const;

  /// Once it runs: whom it runs for.
  [[nodiscard]] const std::optional<InstanceDescription>& bound() const { return bound_; }

 private:
  const InstanceDescription* find(const ServiceResult& result);
  void judge(Mono now, const ServiceResult& result);
  void end(std::string words, Mono kill_by);
  [[nodiscard]] Millis session_timeout() const;
  [[nodiscard]] Millis grace() const;

  GuardSpec spec_;
  Mono began_;
  std::optional<Mono> asked_;  // the newest question that was answered
  std::optional<InstanceDescription> bound_;
  std::string last_words_;  // why it does not run yet
  Ruling ruling_;
};

}  // namespace muster::agent
