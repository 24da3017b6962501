#include <muster/member.hpp>

#include "connection.hpp"
#include "seat.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <utility>

#ifndef MUSTER_VERSION
#error "the build names the version"
#endif

namespace muster {

namespace {

using member::boot_now;
using member::News;
using member::Seat;

constexpr Millis farewell{500};

Mono after(Millis timeout) {
  // Somebody may say "for ever" with the largest number there is.
  return boot_now() + std::clamp(timeout, Millis{0}, Millis{std::chrono::hours{24 * 365}});
}

member::SessionOptions session_options(const MemberOptions& options, std::uint32_t lane) {
  member::SessionOptions session;
  Join& join = session.join;
  join.group = GroupId{options.group};
  if (!options.instance_id.empty()) join.instance = InstanceId{options.instance_id};
  join.client = {options.client_id, "", options.address, "libmuster",
                 std::string{library_version()}};
  char host[256] = "";
  if (::gethostname(host, sizeof host - 1) == 0) join.client.host = host;
  for (const std::string& topic : options.topics) join.topics.emplace_back(topic);
  join.session_timeout = options.session_timeout;
  // A member that cannot hear a revoke has certainly stopped only S after it was last heard.
  join.rebalance_timeout = std::max(options.rebalance_timeout, options.session_timeout);
  join.max_poll_interval = options.max_poll_interval;
  join.weight = options.weight;
  join.zone = options.zone;
  join.assignor = options.assignor;
  if (::getentropy(session.seed.data(), sizeof session.seed) != 0)
    throw std::runtime_error("the system gives no random bytes");
  session.lane = lane;
  return session;
}

std::vector<Ownership> listed(const std::vector<member::GrantPtr>& grants) {
  std::vector<Ownership> list(grants.begin(), grants.end());
  std::sort(list.begin(), list.end(), [](const Ownership& a, const Ownership& b) {
    return std::make_tuple(std::cref(a.topic()), a.partition()) <
           std::make_tuple(std::cref(b.topic()), b.partition());
  });
  return list;
}

void call(const std::function<void(const Callbacks::List&)>& callback,
          const Callbacks::List& list) {
  if (callback && !list.empty()) callback(list);
}

std::string describe(const Ownership& partition) {
  return "partition " + std::to_string(partition.partition()) + " of topic \"" +
         partition.topic().value + "\"";
}

Error refusal_of(Errc code) {
  switch (code) {
    case Errc::stale_token:
      return {code, "a partition of this commit is not owned any more"};
    case Errc::overloaded:
      return {code, std::to_string(member::Session::max_open_commits) +
                        " commits wait for an answer already"};
    default:
      return {code, "the member has left the group"};
  }
}

}  // namespace

std::string_view library_version() {
  return MUSTER_VERSION;
}

struct Member::Parts {
  Parts(const MemberOptions& options, Callbacks c)
      : callbacks(std::move(c)),
        group(options.group),
        connection(member::Connection::shared_by(options.servers, options.group)),
        lane(connection->new_lane()),
        seat(std::make_shared<Seat>(session_options(options, lane), callbacks.on_lost_now)) {
    connection->add(lane, seat);
  }
  ~Parts() {
    if (!connection->usable()) return;  // a forked child: its parent is the member
    if (!left) {
      seat->leave();
      seat->wait_ended(boot_now() + farewell);
    }
    connection->remove(lane);
  }

  Outcome<Polled> poll(Millis timeout);
  bool run_callbacks();
  void tell(const News& news);
  void revoke_all();
  Outcome<std::uint32_t> commit(const std::vector<OffsetToCommit>& offsets, Seat::CommitDone done);
  [[nodiscard]] Outcome<void> check_fork() const;

  const Callbacks callbacks;
  const std::string group;
  const std::shared_ptr<member::Connection> connection;
  const std::uint32_t lane;
  const std::shared_ptr<Seat> seat;
  std::vector<Ownership> assignment;  // as the callbacks have told
  bool left = false;
};

// ---------------------------------------------------------------------------------------------
// Joining and leaving

Member::Member(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Member::~Member() = default;
Member::Member(Member&&) noexcept = default;
Member& Member::operator=(Member&&) noexcept = default;

Outcome<Member> Member::join(const MemberOptions& options, Callbacks callbacks) {
  if (options.group.empty()) return Error{Errc::invalid_request, "no group is given"};
  std::unique_ptr<Parts> parts;
  try {
    parts = std::make_unique<Parts>(options, std::move(callbacks));
  } catch (const std::invalid_argument& bad) {
    return Error{Errc::invalid_request, bad.what()};
  }
  if (options.connect_timeout > Millis{0}) {
    const Seat::Inside inside(*parts->seat);
    const bool answered = parts->seat->wait_joined(after(options.connect_timeout));
    if (const auto ended = parts->seat->ended()) return *ended;
    if (!answered) {
      std::string why = parts->connection->trouble();
      if (why.empty()) why = "the broker has not answered the join";
      return Error{
          Errc::connection_lost,
          "not joined within " + std::to_string(options.connect_timeout.count()) + " ms: " + why};
    }
  }
  return Member(std::move(parts));
}

Outcome<void> Member::leave(Millis timeout) {
  if (auto fork = parts_->check_fork(); !fork) return fork;
  const Mono until = after(timeout);
  Seat& seat = *parts_->seat;
  if (parts_->left || seat.ended()) return {};
  parts_->run_callbacks();
  parts_->revoke_all();
  parts_->left = true;
  seat.leave();
  const bool told = seat.wait_ended(until);
  parts_->run_callbacks();
  if (told) return {};
  return Error{Errc::deadline_passed, "the broker has not confirmed the leave within " +
                                          std::to_string(timeout.count()) +
                                          " ms; it will expel the member by its session timeout"};
}

/// The last callbacks, before everything is given up.
void Member::Parts::revoke_all() {
  std::vector<Ownership> mine, lost;
  for (Ownership& ownership : std::exchange(assignment, {}))
    (ownership.valid() ? mine : lost).push_back(std::move(ownership));
  call(callbacks.on_lost, lost);
  call(callbacks.on_revoked, mine);
}

// ---------------------------------------------------------------------------------------------
// Polling

Outcome<Polled> Member::poll(Millis timeout) {
  if (auto fork = parts_->check_fork(); !fork) return fork.error();
  return parts_->poll(timeout);
}

Outcome<Polled> Member::Parts::poll(Millis timeout) {
  if (left) return Error{Errc::fenced_member, "the member has left the group"};
  const Mono until = after(timeout);
  while (true) {
    Seat::Woke woke;
    {
      // Only the wait: callbacks are the worker's own code, which may be as stuck as the rest of
      // it.
      const Seat::Inside inside(*seat);
      woke = seat->wait(until);
    }
    if (run_callbacks()) return Polled::changed;
    switch (woke) {
      case Seat::Woke::news:
        break;  // it was void already
      case Seat::Woke::wakeup:
        return Polled::woken;
      case Seat::Woke::timeout:
        return Polled::timeout;
      case Seat::Woke::ended:
        return *seat->ended();
    }
  }
}

bool Member::Parts::run_callbacks() {
  bool ran = false;
  for (auto& [done, error] : seat->finished_commits()) {
    ran = true;
    done(error.code == Errc::ok ? Outcome<void>{} : Outcome<void>{error});
  }
  while (const auto news = seat->next_news()) {
    ran = true;
    tell(*news);
  }
  return ran;
}

void Member::Parts::tell(const News& news) {
  const Callbacks::List list = listed(news.grants);
  switch (news.kind) {
    case News::Kind::assigned:
      assignment = seat->told();
      return call(callbacks.on_assigned, list);
    case News::Kind::lost:
      assignment = seat->told();
      return call(callbacks.on_lost, list);
    case News::Kind::revoked:
      break;
  }
  const auto give_up = [&] {
    seat->released(news);
    assignment = seat->told();
  };
  try {
    call(callbacks.on_revoked, list);
  } catch (...) {
    give_up();  // the callback is over all the same, and nothing is valid any more
    throw;
  }
  give_up();
}

void Member::wakeup() {
  parts_->seat->wakeup();
}

std::vector<Ownership> Member::assignment() const {
  return parts_->assignment;
}

std::string Member::id() const {
  return parts_->seat->id().value;
}

Outcome<void> Member::Parts::check_fork() const {
  if (connection->usable()) return {};
  return Error{Errc::invalid_request,
               "this process was forked after the member joined: join in the child"};
}

// ---------------------------------------------------------------------------------------------
// Offsets

Outcome<std::uint32_t> Member::Parts::commit(const std::vector<OffsetToCommit>& offsets,
                                             Seat::CommitDone done) {
  if (auto fork = check_fork(); !fork) return fork.error();
  for (const OffsetToCommit& offset : offsets)
    if (!offset.partition.valid())
      return Error{Errc::stale_token, describe(offset.partition) +
                                          " is not owned any more (token " +
                                          std::to_string(offset.partition.token()) + ")"};
  auto sequence = seat->commit(offsets, std::move(done));
  if (!sequence) return refusal_of(sequence.error().code);
  return sequence;
}

Outcome<void> Member::commit(const std::vector<OffsetToCommit>& offsets, Millis timeout) {
  if (offsets.empty()) return {};
  const Mono until = after(timeout);
  const Seat::Inside inside(*parts_->seat);
  const auto sequence = parts_->commit(offsets, nullptr);
  if (!sequence) return sequence.error();
  return parts_->seat->await_commit(*sequence, until);
}

void Member::commit_async(const std::vector<OffsetToCommit>& offsets,
                          std::function<void(Outcome<void>)> done) {
  if (!done) done = [](const Outcome<void>&) {};
  if (offsets.empty()) return parts_->seat->finish_commit(std::move(done), {});
  auto refused = done;
  const auto sequence = parts_->commit(offsets, std::move(done));
  if (!sequence) parts_->seat->finish_commit(std::move(refused), sequence.error());
}

Outcome<std::vector<CommittedOffset>> Member::committed(std::span<const Ownership> partitions,
                                                        Millis timeout) {
  if (partitions.empty()) return std::vector<CommittedOffset>{};
  if (auto fork = parts_->check_fork(); !fork) return fork.error();
  const Seat::Inside inside(*parts_->seat);
  FetchOffsets fetch{GroupId{parts_->group}, {}};
  for (const Ownership& partition : partitions)
    fetch.partitions.push_back(partition.topic_partition());
  auto answer = parts_->connection->ask(fetch, after(timeout));
  if (!answer) return answer.error();
  auto* list = std::get_if<OffsetList>(&*answer);
  if (list == nullptr || list->offsets.size() != partitions.size())
    return Error{Errc::malformed, "the broker answered something else than was asked"};
  return std::move(list->offsets);
}

}  // namespace muster
