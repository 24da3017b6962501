/// What a handler sees and may do: const state, the sessions, and emit, reply, push, publish,
/// refuse.
#pragma once

#include "parts.hpp"

#include <muster/core/effects.hpp>
#include <muster/core/limits.hpp>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace muster::core {

/// One step. Made by shard.cpp, which calls `finish` when the handler is done.
class Turn {
 public:
  /// `waited`: this input was parked before and must now be handled with what there is.
  Turn(Parts& parts, const Input& input, const Moment& now, Effects& out, bool waited = false)
      : parts_(parts),
        input_(input),
        now_(now),
        out_(out),
        first_record_(out.records.size()),
        waited_(waited),
        names_version_(parts.state.registry().names_version()) {}

  [[nodiscard]] bool has_waited() const { return waited_; }

  [[nodiscard]] const State& state() const { return parts_.state; }
  [[nodiscard]] Sessions& sessions() { return parts_.sessions; }
  [[nodiscard]] Rebalances& rebalances() { return parts_.rebalances; }
  [[nodiscard]] Waiting& waiting() { return parts_.waiting; }
  [[nodiscard]] Registry& registry() { return parts_.registry; }
  [[nodiscard]] ShardStats& stats() { return parts_.stats; }
  [[nodiscard]] const Limits& limits() const { return parts_.options.limits; }
  [[nodiscard]] ShardIndex shard() const { return parts_.options.index; }
  [[nodiscard]] const Input& input() const { return input_; }
  [[nodiscard]] SessionRef from() const { return input_.from; }
  [[nodiscard]] const Moment& now() const { return now_; }
  [[nodiscard]] SessionTime time() { return parts_.sessions.at(now_.mono); }

  // Changes
  // -----------------------------------------------------------------------------------------

  /// Emits a record; it is applied at once.
  template <class T>
  void emit(RecordKey key, T value) {
    append(std::move(key), std::make_shared<const T>(std::move(value)));
  }
  void erase(RecordKey key) { append(std::move(key), std::monostate{}); }

  /// The group's record, to change: emitted once, when the step ends. Every handler reads the epoch
  /// and the like here, so that it sees what this step has already decided.
  GroupRecord& group(const std::string& id);
  /// Emits the drafts so far; needed before a group's first member.
  void emit_groups();
  /// The draft is void: the group is about to be erased.
  void forget_group(const std::string& id) {
    groups_.erase(id);
    last_group_ = nullptr;
  }

  /// The service's record, to change: likewise. Only of a service that is known or about to be.
  ServiceRecord& service(const std::string& name);
  /// The service's result is another one from this step on.
  void result_changed(const std::string& name) { service(name).index = step_revision(); }
  /// Emits the drafts so far; needed before a service's first instance.
  void emit_services();
  void forget_service(const std::string& name) { services_.erase(name); }

  /// A token that no earlier grant of this shard has.
  Token next_token();
  /// 128 random bits, another value with each call in one step.
  std::pair<std::uint64_t, std::uint64_t> random_id();

  // Answers
  // -----------------------------------------------------------------------------------------

  /// Answers this input's request once everything that was decided so far is durable.
  template <class Body>
  void reply(Body&& body) {
    reply_to(input_.id, revision(), std::forward<Body>(body));
  }
  template <class Body>
  void reply_to(RequestId id, Revision after, Body&& body) {
    out_.replies.emplace_back(id, after, std::forward<Body>(body));
  }
  /// Refuses it. A refusal depends on the state, so it waits for it too.
  void refuse(Errc code, std::string message);
  template <class Body>
  void push(std::uint64_t connection, Revision after, Body&& body) {
    if (connection != 0)
      out_.pushes.emplace_back(SessionRef{connection}, after, std::forward<Body>(body));
  }

  /// Publishes an event: numbers it, stamps it, keeps it in the ring.
  void publish(Event&& event) { publish(std::make_shared<Event>(std::move(event))); }
  /// The same of one that nobody changes any more.
  void publish(std::shared_ptr<Event> event);

  /// The newest revision, this step's own included.
  [[nodiscard]] Revision revision() const { return parts_.state.revision(); }

  /// Of this step's records, whether it has any yet or not.
  [[nodiscard]] Revision step_revision() const;

  /// Ends the step: emits the drafts, counts the records.
  void finish();

 private:
  void emit_names_index();
  void append(RecordKey&& key, RecordValue&& value);

  Parts& parts_;
  const Input& input_;
  const Moment& now_;
  Effects& out_;
  std::size_t first_record_;
  bool waited_;
  Revision revision_ = 0;  // of this step's records; 0 while there are none
  std::uint64_t ids_ = 0;
  std::map<std::string, GroupRecord> groups_;
  GroupRecord* last_group_ = nullptr;  // of groups_: mostly the one that is asked for again
  std::map<std::string, ServiceRecord> services_;
  std::uint64_t names_version_;  // before this step
};

/// "group "name"" and the like, for messages.
[[nodiscard]] std::string named(std::string_view kind, std::string_view name);

// Keys --------------------------------------------------------------------------------------------

[[nodiscard]] inline RecordKey group_key(const std::string& group) {
  return {RecordKind::group, group, {}, {}, 0, 0};
}
[[nodiscard]] inline RecordKey member_key(RecordKind kind, const std::string& group,
                                          std::string member) {
  return {kind, group, std::move(member), {}, 0, 0};
}

}  // namespace muster::core
