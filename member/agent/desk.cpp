#include "desk.hpp"

#include "../grant.hpp"

#include <algorithm>
#include <utility>

namespace muster::agent {

using member::never;

namespace {

constexpr std::size_t longest_words = 1'000;
constexpr Millis before_new_attempt{1'000};

/// As the broker takes it: without control characters, and not too long. Evidence may come from any
/// program, so what is not ASCII is not trusted to be UTF-8.
std::string cut(std::string words) {
  if (words.size() > longest_words) words.resize(longest_words);
  for (char& c : words) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = ' ';
    if (byte >= 0x80) c = '?';
  }
  return words;
}

}  // namespace

Desk::Desk(const AgentSpec& agent, Incarnation node_incarnation, std::uint64_t seed,
           DeskEvents& events)
    : agent_(agent), node_incarnation_(node_incarnation), dice_(seed), events_(events) {
  agent_.services.clear();
  node_.standing.wanted = agent_.beats_for_node;
  node_.session_timeout = agent_.session_timeout;
}

void Desk::connected(Mono now) {
  up_ = true;
  pending_.clear();
  for (auto& [name, entry] : entries_) {
    entry.waits = false;
    // Registered anew: it binds the session to this connection, and may be news to this broker.
    // Who is to be gone, and was not told so any more, still is to be told.
    if (entry.standing.wanted) entry.registered = false;
    entry.trouble.clear();
    entry.next = now;
  }
  std::erase_if(entries_, [](const auto& pair) {
    return pair.second.to_be_forgotten && !pair.second.registered;
  });
  node_.registered = node_.waits = false;
  node_.next = now;
  tick(now);
}

void Desk::disconnected() {
  up_ = false;
  pending_.clear();
}

void Desk::settle(Mono now, const ServiceSpec& spec, const Standing& standing) {
  Entry& entry = entries_[spec.instance.value];
  if (entry.standing == standing && entry.spec == spec) return;
  const bool edge = entry.standing.status != standing.status ||
                    entry.standing.wanted != standing.wanted ||
                    entry.standing.incarnation != standing.incarnation;
  entry.spec = spec;
  entry.standing = standing;
  entry.to_be_forgotten = false;
  if (edge) entry.trouble.clear();
  // What was refused is not tried again at once only because its words are others.
  if (edge || entry.trouble.empty()) advance(now, entry);
}

void Desk::forget(const InstanceId& instance) {
  const auto found = entries_.find(instance.value);
  if (found == entries_.end()) return;
  found->second.to_be_forgotten = true;
  if (!found->second.registered && !found->second.waits) entries_.erase(found);
}

void Desk::close_node(Mono now) {
  closing_ = true;
  node_.standing.wanted = false;
  advance_node(now);
}

Mono Desk::after_interval(Mono now, Millis session_timeout) {
  const Millis interval = heartbeat_interval(session_timeout);
  return now + interval - dice_.up_to(interval / 20);
}

void Desk::send(Mono now, const InstanceId& instance, Said said,
                std::variant<Request, Query> body) {
  calls_.push_back({++last_correlation_, std::move(body)});
  pending_[last_correlation_] = {instance, said, now};
}

// ---------------------------------------------------------------------------------------------
// The difference between what should be known and what is

void Desk::advance(Mono now, Entry& entry) {
  if (!up_) return;
  const Standing& wanted = entry.standing;
  const bool same = entry.registered && entry.incarnation == wanted.incarnation &&
                    entry.service == entry.spec.service;
  if (!wanted.wanted) {
    if (!entry.registered || entry.waits) return;
    if (!entry.trouble.empty() && now < entry.next) return;
    if (!wanted.ours) {
      entry.registered = false;
      return;
    }
    entry.waits = true;
    return send(now, entry.spec.instance, Said::goodbye,
                Request{Deregister{entry.service, entry.spec.instance, entry.incarnation,
                                   cut(wanted.words)}});
  }
  const bool given_up = wanted.status == Status::critical && !wanted.kept;
  if (!same && given_up) {
    entry.next = never;  // it is not registered only to be silent
    return;
  }
  const bool described =
      entry.info == entry.spec.info && entry.session_timeout == entry.spec.session_timeout;
  if ((!same || !described) && !entry.waits && (entry.trouble.empty() || now >= entry.next))
    enrol(now, entry);
  if (!same) return;
  if (entry.trouble.empty() && entry.status != wanted.status && wanted.status != Status::starting &&
      !entry.waits)
    return report(now, entry, wanted.status, wanted.words);
  if (now < entry.next) return;
  if (given_up) {
    entry.next = never;  // silence is the message; the next edge ends it
    return;
  }
  const Millis timeout = entry.session_timeout;
  if (wanted.status == Status::healthy || wanted.status == Status::overloaded) {
    entry.trouble.clear();
    entry.next = after_interval(now, timeout);
    return send(now, entry.spec.instance, Said::beat,
                Request{BeatInstance{entry.service, entry.spec.instance, entry.incarnation, 0}});
  }
  // It is down, or it takes long to start: the agent keeps its place, and says why.
  if (!entry.waits) report(now, entry, Status::critical, wanted.words);
}

void Desk::enrol(Mono now, Entry& entry) {
  Register request;
  request.service = entry.spec.service;
  request.instance = entry.spec.instance;
  request.incarnation = entry.standing.incarnation;
  request.info = entry.spec.info;
  request.session_timeout = entry.spec.session_timeout;
  request.owner = owner();
  // What is worse than healthy follows in a report, which can say why.
  request.status = entry.standing.status == Status::healthy ? Status::healthy : Status::starting;
  entry.waits = true;
  entry.info = request.info;
  entry.session_timeout = request.session_timeout;
  send(now, entry.spec.instance, Said::register_, Request{std::move(request)});
}

void Desk::report(Mono now, Entry& entry, Status status, std::string words) {
  entry.waits = true;
  entry.next = after_interval(now, entry.session_timeout);
  entry.status = status;
  send(now, entry.spec.instance, Said::report,
       Request{Report{entry.service, entry.spec.instance, entry.incarnation, status,
                      cut(std::move(words))}});
}

void Desk::advance_node(Mono now) {
  if (!up_) return;
  if (!node_.standing.wanted) {
    if (node_.registered && !node_.waits) {
      node_.waits = true;
      send(now, {}, Said::goodbye,
           Request{DeregisterNode{agent_.node, node_incarnation_, "its agent is stopped"}});
    }
    return;
  }
  if (now < node_.next) return;
  node_.next = after_interval(now, agent_.session_timeout);
  if (node_.registered)
    return send(now, {}, Said::beat, Request{BeatNode{agent_.node, node_incarnation_, 0}});
  if (node_.waits) return;
  node_.waits = true;
  send(now, {}, Said::register_,
       Request{RegisterNode{agent_.node, node_incarnation_, agent_.address, agent_.zone,
                            agent_.session_timeout}});
}

// ---------------------------------------------------------------------------------------------
// What the broker says

void Desk::answered(Mono now, std::uint64_t correlation, const ReplyBody& body) {
  const auto found_pending = pending_.find(correlation);
  if (found_pending == pending_.end()) return;
  const Pending pending = found_pending->second;
  pending_.erase(found_pending);
  const auto* refusal = std::get_if<Refusal>(&body);
  if (pending.instance.empty()) {
    if (pending.said != Said::beat) node_.waits = false;
    if (refusal != nullptr) return refused_node(now, *refusal);
    node_.trouble.clear();
    if (const auto* ok = std::get_if<NodeOk>(&body)) {
      node_.registered = true;
      node_.session = ok->session;
      node_.next = now;  // it is starting until its first beat
    }
    if (pending.said == Said::goodbye) node_.registered = false;
    return advance_node(now);
  }
  const auto it = entries_.find(pending.instance.value);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  if (pending.said != Said::beat) entry.waits = false;
  if (refusal != nullptr) {
    refused(now, entry, pending.said, *refusal);
  } else if (const auto* ok = std::get_if<RegisterOk>(&body)) {
    entry.trouble.clear();
    entry.registered = true;
    entry.service = ok->service;
    entry.incarnation = ok->incarnation;
    entry.session = ok->session;
    entry.status.reset();
    entry.next = after_interval(now, entry.session_timeout);
  } else if (const auto* result = std::get_if<ServiceResult>(&body)) {
    found(now, entry, *result);
  } else if (pending.said == Said::goodbye) {
    entry.registered = false;
  }
  advance(now, entry);
  if (entry.to_be_forgotten && !entry.registered && !entry.waits) entries_.erase(it);
}

void Desk::refused(Mono now, Entry& entry, Said said, const Refusal& refusal) {
  const bool unknown =
      refusal.code == Errc::unknown_instance || refusal.code == Errc::unknown_service;
  if (unknown && said != Said::register_) {
    entry.registered = false;  // registered again by advance()
    return;
  }
  if (refusal.code == Errc::stale_incarnation) {
    if (said == Said::goodbye) {
      entry.registered = false;
      return;
    }
    // Who has registered the newer one? Perhaps an earlier run of ours.
    entry.registered = false;
    entry.waits = true;
    entry.trouble = refusal.message;
    entry.next = now + before_new_attempt;
    LookupService query;
    query.service = entry.spec.service;
    query.departed = true;
    return send(now, entry.spec.instance, Said::look_up, Query{query});
  }
  entry.trouble = refusal.message.empty() ? std::string(to_string(refusal.code)) : refusal.message;
  entry.next = now + before_new_attempt + dice_.up_to(before_new_attempt);
  if (said == Said::report) entry.status.reset();
  if (said == Said::register_) entry.session_timeout = Millis{0};  // it is not described so
  events_.note(entry.spec.instance.value + ": the broker refuses it: " + entry.trouble);
}

void Desk::refused_node(Mono now, const Refusal& refusal) {
  if (refusal.code == Errc::unknown_node && node_.registered) {
    node_.registered = false;
    node_.next = now;
    return advance_node(now);
  }
  node_.registered = false;
  node_.trouble = refusal.message.empty() ? std::string(to_string(refusal.code)) : refusal.message;
  if (refusal.code == Errc::stale_incarnation)
    node_.standing.wanted = false;  // a newer agent beats for this host
  node_.next = now + before_new_attempt + dice_.up_to(before_new_attempt);
  events_.note("the node is refused: " + node_.trouble);
}

/// A newer incarnation is, or was, registered: by whom?
void Desk::found(Mono, Entry& entry, const ServiceResult& result) {
  const InstanceId& id = entry.spec.instance;
  for (const InstanceDescription& one : result.instances) {
    if (one.instance != id || one.incarnation <= entry.standing.incarnation) continue;
    if (one.owner == owner()) return events_.outdated(id, one.incarnation);
    return events_.superseded(
        id, "incarnation " + std::to_string(one.incarnation) + " is registered by " +
                (one.owner.empty() ? std::string("itself") : one.owner) + " at " +
                one.info.address + ":" + std::to_string(one.info.port));
  }
  for (const DepartedDescription& one : result.departed)
    if (one.instance == id && one.incarnation > entry.standing.incarnation)
      return events_.outdated(id, one.incarnation);
}

void Desk::pushed(Mono now, const PushBody& body) {
  if (const auto* message = std::get_if<Fenced>(&body)) return fenced(now, *message);
  const auto* ping = std::get_if<Ping>(&body);
  if (ping == nullptr) return;
  // Only for those for whom the agent would beat, too: a pong says that they live.
  for (const auto& [name, entry] : entries_)
    if (entry.registered && entry.session == ping->session && entry.standing.kept)
      calls_.push_back({++last_correlation_, Request{Pong{ping->session, ping->nonce}}});
  if (node_.registered && node_.session == ping->session)
    calls_.push_back({++last_correlation_, Request{Pong{ping->session, ping->nonce}}});
}

void Desk::fenced(Mono now, const Fenced& message) {
  const std::string words = std::string(in_words(message.reason)) +
                            (message.detail.empty() ? std::string{} : ": " + message.detail);
  if (message.instance.empty()) {
    if (message.node != agent_.node || message.incarnation != node_incarnation_) return;
    node_.registered = false;
    node_.trouble = words;
    if (message.reason == Reason::replaced) node_.standing.wanted = false;
    events_.note("the broker has ended the node's session: " + words);
    return advance_node(now);
  }
  const auto found = entries_.find(message.instance.value);
  if (found == entries_.end() || message.incarnation != found->second.standing.incarnation) return;
  Entry& entry = found->second;
  entry.registered = false;
  events_.note(entry.spec.instance.value + ": the broker has ended its session: " + words);
  if (message.reason == Reason::replaced) return events_.superseded(entry.spec.instance, words);
  if (message.reason == Reason::answers_without_beats)
    return events_.zombie(entry.spec.instance, words);
  // Silent, or deregistered behind our back: who is well is registered again, but not in a race.
  entry.trouble = words;
  entry.next = now + before_new_attempt;
}

// ---------------------------------------------------------------------------------------------

void Desk::tick(Mono now) {
  if (!up_) return;
  for (auto& [name, entry] : entries_) advance(now, entry);
  advance_node(now);
}

Mono Desk::due() const {
  if (!up_) return never;
  Mono out = node_.standing.wanted && !node_.waits ? node_.next : never;
  for (const auto& [name, entry] : entries_)
    if (!entry.waits && (entry.standing.wanted || entry.registered))
      out = std::min(out, entry.next);
  return out;
}

bool Desk::all_said() const {
  if (!up_) return true;
  if (node_.registered || (node_.waits && closing_)) return false;
  return std::none_of(entries_.begin(), entries_.end(), [](const auto& pair) {
    return pair.second.registered && pair.second.standing.ours;
  });
}

bool Desk::stalled(Mono now) const {
  Mono oldest = now;
  for (const auto& [number, pending] : pending_)
    if (pending.said == Said::beat) oldest = std::min(oldest, pending.since);
  return now - oldest > agent_.session_timeout;
}

std::string Desk::trouble(const InstanceId& instance) const {
  const auto found = entries_.find(instance.value);
  return found == entries_.end() ? std::string{} : found->second.trouble;
}

bool Desk::registered(const InstanceId& instance) const {
  const auto found = entries_.find(instance.value);
  return up_ && found != entries_.end() && found->second.registered;
}

}  // namespace muster::agent
