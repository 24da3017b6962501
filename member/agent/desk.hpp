/// What the broker is told of the node and its programs: registrations, heartbeats, reports,
/// goodbyes. Pure: standings in, requests out, answers in.
///
/// It compares what should be known (Standing) with what the broker has acknowledged, and sends
/// the difference. So it needs no memory of what went wrong: after a lost connection, a broker that
/// forgot, or a refusal, the difference is simply there again.
#pragma once

#include "spec.hpp"
#include "unit.hpp"

#include <muster/messages.hpp>

#include <functional>
#include <map>
#include <optional>
#include <variant>

namespace muster::agent {

/// A request or query, and the number under which its answer will come.
struct Call {
  std::uint64_t correlation = 0;
  std::variant<Request, Query> body;
};

/// What the broker has said that concerns a program, and not only the conversation about it.
class DeskEvents {
 public:
  virtual ~DeskEvents() = default;
  /// The broker takes it for a zombie.
  virtual void zombie(const InstanceId& instance, const std::string& why) = 0;
  /// Somebody else has registered a newer incarnation.
  virtual void superseded(const InstanceId& instance, const std::string& why) = 0;
  /// A newer incarnation of our own registering is known.
  virtual void outdated(const InstanceId& instance, Incarnation newest) = 0;
  virtual void note(const std::string& sentence) = 0;
};

class Desk {
 public:
  Desk(const AgentSpec& agent, Incarnation node_incarnation, std::uint64_t seed,
       DeskEvents& events);

  void connected(Mono now);
  void disconnected();
  /// What should be known of this program from now on.
  void settle(Mono now, const ServiceSpec& spec, const Standing& standing);
  /// Nothing more is to be said of it, once its goodbye is through.
  void forget(const InstanceId& instance);
  /// No more beats for the node, and a goodbye.
  void close_node(Mono now);
  void answered(Mono now, std::uint64_t correlation, const ReplyBody& body);
  void pushed(Mono now, const PushBody& body);
  void tick(Mono now);

  [[nodiscard]] Mono due() const;
  /// Every goodbye has been said, or there is nobody to say it to.
  [[nodiscard]] bool all_said() const;
  [[nodiscard]] bool up() const { return up_; }
  /// A call has waited for its answer for longer than S: the connection is worth nothing.
  [[nodiscard]] bool stalled(Mono now) const;
  /// Why the broker does not take what it is told of it; empty: it does.
  [[nodiscard]] std::string trouble(const InstanceId& instance) const;
  [[nodiscard]] bool registered(const InstanceId& instance) const;
  [[nodiscard]] const std::string& node_trouble() const { return node_.trouble; }
  /// To be sent in this order; the caller takes them away.
  std::vector<Call>& calls() { return calls_; }

 private:
  enum class Said : std::uint8_t { register_, beat, report, goodbye, look_up };
  /// The conversation about one program, or the node.
  struct Entry {
    ServiceSpec spec;
    Standing standing;
    bool to_be_forgotten = false;
    // What the broker has acknowledged
    bool registered = false;
    ServiceName service;  // under which it is registered
    Incarnation incarnation = 0;
    InstanceInfo info;
    Millis session_timeout{0};
    std::optional<Status> status;  // nothing: it is not known what it has been told
    std::string words;
    SessionHandle session;
    // The talk
    bool waits = false;  // for the answer to anything but a beat
    Mono next;           // beat, repetition or new attempt
    std::string trouble;
  };
  struct Pending {
    InstanceId instance;  // empty: the node
    Said said = Said::beat;
    Mono since;
  };

  void advance(Mono now, Entry& entry);
  void advance_node(Mono now);
  void enrol(Mono now, Entry& entry);
  void report(Mono now, Entry& entry, Status status, std::string words);
  void send(Mono now, const InstanceId& instance, Said said, std::variant<Request, Query> body);
  void refused(Mono now, Entry& entry, Said said, const Refusal& refusal);
  void refused_node(Mono now, const Refusal& refusal);
  void found(Mono now, Entry& entry, const ServiceResult& result);
  void fenced(Mono now, const Fenced& fenced);
  [[nodiscard]] Mono after_interval(Mono now, Millis session_timeout);
  [[nodiscard]] std::string owner() const { return agent_.node.value; }

  AgentSpec agent_;  // without its services
  Incarnation node_incarnation_;
  member::Dice dice_;
  DeskEvents& events_;
  bool up_ = false;
  bool closing_ = false;
  std::uint64_t last_correlation_ = 0;
  std::map<std::string, Entry> entries_;  // by instance
  Entry node_;
  std::map<std::uint64_t, Pending> pending_;
  std::vector<Call> calls_;
};

}  // namespace muster::agent
