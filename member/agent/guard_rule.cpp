#include "guard_rule.hpp"

#include "../grant.hpp"

#include <algorithm>

namespace muster::agent {

namespace {

// Of an instance that lives with its node, and before any is known.
constexpr Millis usual_session_timeout{15'000};

std::string in_words_of(const InstanceDescription& instance) {
  std::string out =
      "instance " + instance.instance.value + " is " + std::string(to_string(instance.status));
  if (instance.reason != Reason::none) out += ": " + std::string(in_words(instance.reason));
  if (!instance.detail.empty()) out += ": " + instance.detail;
  return out;
}

}  // namespace

Millis GuardRule::session_timeout() const {
  return bound_ && bound_->session_timeout > Millis{0} ? bound_->session_timeout
                                                       : usual_session_timeout;
}

Millis GuardRule::grace() const {
  return std::min(spec_.grace, session_timeout() / 3);
}

Millis GuardRule::interval() const {
  return heartbeat_interval(session_timeout());
}

void GuardRule::end(std::string words, Mono kill_by) {
  if (ruling_.verdict == Verdict::end) return;
  ruling_ = {Verdict::end, std::move(words), kill_by};
}

const InstanceDescription* GuardRule::find(const ServiceResult& result) {
  const InstanceDescription* out = nullptr;
  for (const InstanceDescription& one : result.instances) {
    if (!spec_.instance.empty()) {
      if (one.instance == spec_.instance) return &one;
      continue;
    }
    if (one.info.node != spec_.node && one.owner != spec_.node.value) continue;
    if (out != nullptr) {
      last_words_ = "several instances of " + spec_.service.value + " are on " + spec_.node.value +
                    ": name one with --instance";
      return nullptr;
    }
    out = &one;
  }
  if (out == nullptr)
    last_words_ = spec_.instance.empty()
                      ? "service " + spec_.service.value + " has no instance on " + spec_.node.value
                      : "instance " + spec_.instance.value + " of " + spec_.service.value +
                            " is not registered";
  return out;
}

void GuardRule::heard(Mono now, std::optional<Mono> asked, const ServiceResult& result) {
  if (ruling_.verdict == Verdict::end) return;
  // What waited in a socket while this process was stopped is no news: the deadline comes first.
  if (bound_ && asked_ && now >= *asked_ + session_timeout()) {
    static_cast<void>(rule(now));
    return;
  }
  if (asked && (!asked_ || *asked > *asked_)) asked_ = asked;
  judge(now, result);
}

void GuardRule::judge(Mono now, const ServiceResult& result) {
  const InstanceDescription* const found = find(result);
  if (!bound_) {
    if (found != nullptr && found->status == Status::healthy) {
      bound_ = *found;
      spec_.instance = found->instance;  // from now on this one, whoever else comes
      ruling_.verdict = Verdict::run;
      return;
    }
    if (found != nullptr) last_words_ = in_words_of(*found);
    // A broker that has just started does not know yet.
    if (result.sure) end(last_words_, now);
    return;
  }
  if (found == nullptr) return result.sure ? end(last_words_, now + grace()) : void();
  if (found->incarnation != bound_->incarnation)
    return end("instance " + found->instance.value + " is another incarnation now, " +
                   std::to_string(found->incarnation),
               now + grace());
  if (found->status != Status::healthy && found->status != Status::overloaded)
    return end(in_words_of(*found), now + grace());
  bound_->session_timeout = found->session_timeout;
}

GuardRule::Ruling GuardRule::rule(Mono now) {
  if (ruling_.verdict == Verdict::wait && now >= began_ + spec_.patience)
    end(last_words_.empty() ? "no broker answers" : last_words_ + "; the broker is not sure", now);
  if (ruling_.verdict == Verdict::run && asked_ && now >= *asked_ + session_timeout() - grace())
    end("the broker was not reached for " + std::to_string((now - *asked_).count()) +
            " ms of a session timeout of " + std::to_string(session_timeout().count()) + " ms",
        *asked_ + session_timeout());
  return ruling_;
}

Mono GuardRule::due() const {
  if (ruling_.verdict == Verdict::wait) return began_ + spec_.patience;
  if (ruling_.verdict == Verdict::end) return ruling_.kill_by;
  return asked_ ? *asked_ + session_timeout() - grace() : member::never;
}

}  // namespace muster::agent
