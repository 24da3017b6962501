#include "loop.hpp"

#include <muster/mutant.hpp>

#include "clock.hpp"

#include <boost/asio/post.hpp>

#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace muster::broker {
namespace {

/// While there are sessions every loop wakes this often, so that a gap is seen whole.
constexpr Millis wake_interval{25};
constexpr Millis idle_interval{1000};
/// Bounds of one pass over the sockets: then the gathered requests get their turn.
constexpr std::uint64_t handlers_per_pass = 4'096;
constexpr std::uint64_t requests_per_pass = 1'024;
/// Deferred work holds up what has become ready meanwhile for no longer than this, unless one piece
/// takes longer by itself.
constexpr std::chrono::milliseconds deferred_per_turn{2};

std::uint64_t random_seed() {
  std::uint64_t seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) != sizeof seed) {
    seed = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  }
  return seed;
}

}  // namespace

Loop::Loop(std::uint32_t index, Shared& shared)
    : index_(index),
      shared_(shared),
      work_(boost::asio::make_work_guard(context_)),
      connections_(index, shared.connection_ordinals),
      seed_(shared.options.seed != 0 ? shared.options.seed + index : random_seed()) {}

Loop::~Loop() {
  finish();
}

void Loop::start_by_hand(Mono last_ran) {
  last_ran_ = last_ran.ms;
  outgoing_.resize(shared_.loops.size());
  woken_.resize(drivers_.size());
}

void Loop::start(Mono last_ran) {
  start_by_hand(last_ran);
  thread_ = std::thread([this] { run(); });
}

void Loop::finish() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mail_mutex_);
    finishing_ = true;
    mail_waits_ = true;
  }
  wake();
  thread_.join();
}

void Loop::post(Mail&& mail) {
  if (mail.empty()) return;
  const std::lock_guard lock(mail_mutex_);
  const bool first = !mail_waits_;
  mailbox_.append(std::move(mail));
  mail_waits_ = true;
  if (first) wake();
}

void Loop::wake() {
  boost::asio::post(context_, [] {});
}

void Loop::run() {
  while (!ended_) {
    const Millis wait = plan();
    if (wait.count() > 0) handlers_ += context_.run_one_for(wait);
    const bool exhausted = read_sockets();
    turn(exhausted);
    work_off();
  }
}

/// At least one, so that it comes to its end however busy the loop is.
void Loop::work_off() {
  if (deferred_.empty()) return;
  const auto until = std::chrono::steady_clock::now() + deferred_per_turn;
  do {
    const auto work = std::move(deferred_.front());
    deferred_.pop_front();
    work();
  } while (!deferred_.empty() && std::chrono::steady_clock::now() < until);
}

Millis Loop::plan() {
  const Millis wait = wait_time();
  planned_idle_ = wait > wake_interval;
  return wait;
}

void Loop::turn_by_hand(std::uint64_t read, bool exhausted) {
  context_.poll();  // nothing but calls of wake()
  handlers_ += read;
  turn(exhausted);
}

/// Runs what is ready until nothing is, or a bound is reached. True: nothing was left.
bool Loop::read_sockets() {
  for (std::uint64_t n = 0; n < handlers_per_pass && gathered_ < requests_per_pass; ++n) {
    if (context_.poll_one() == 0) return true;
    ++handlers_;
  }
  return false;
}

Millis Loop::wait_time() {
  if (!asks_.empty() || mail_waits_ || !deferred_.empty()) return Millis{0};
  for (const ShardDriver* driver : drivers_) {
    if (driver->has_input()) return Millis{0};
  }
  Millis wait = shared_.shards_with_sessions > 0 ? wake_interval : idle_interval;
  if (round_.running) return wait;  // the answers to it wake this loop
  for (ShardDriver* driver : drivers_) {
    const auto deadline = driver->next_deadline(last_ran());
    if (deadline) wait = std::min({wait, wake_interval, *deadline - last_ran()});
  }
  return std::max(wait, Millis{0});
}

// Turn
// ------------------------------------------------------------------------------------------------

void Loop::turn(bool exhausted) {
  const TurnTime now{shared_.clock->mono(), shared_.clock->wall(), seed_ += 0x9e3779b97f4a7c15};
  std::fill(woken_.begin(), woken_.end(), false);
  take_mail();
  for (const DurableUpTo& told : mail_.durable) {
    shared_.drivers[told.shard]->durable(told.revision, now.mono, *this);
  }
  for (Delivery& delivery : mail_.deliveries) deliver(std::move(delivery));
  notice_gap(now.mono);
  run_shards(now);
  answer_asks(exhausted);
  finish_round(now);
  begin_round(now.mono);
  for (ShardDriver* driver : drivers_) driver->settle(now.mono, *this);
  last_ran_.store(now.mono.ms, std::memory_order_relaxed);
  for (const auto& call : mail_.calls) call();
  flush_peers();
  send_mail();
  stats_.requests.add(gathered_);
  gathered_ = 0;
  gone_.clear();
  stats_.turns.add();
}

void Loop::take_mail() {
  mail_ = {};
  if (!mail_waits_.load(std::memory_order_acquire)) return;
  {
    const std::lock_guard lock(mail_mutex_);
    std::swap(mail_, mailbox_);
    mail_waits_ = false;
    ended_ = finishing_;
  }
  for (Waiting& waiting : mail_.requests) {
    ShardDriver& driver = *shared_.drivers[waiting.shard];
    driver.stats().crossing.subtract();
    driver.enqueue(std::move(waiting));
  }
  for (const DrainAsk& ask : mail_.asks) new_asks_.push_back({ask, handlers_});
  for (const std::uint64_t round : mail_.drained) {
    if (round_.running && round == round_.number) --round_.outstanding;
  }
}

/// If this loop was away, every shard has to know before it expires anybody: the sessions of any
/// shard may have beaten on this loop's sockets meanwhile.
void Loop::notice_gap(Mono now) {
  gaps_ = std::move(mail_.gaps);
  const Millis away = now - last_ran();
  // Nobody had a session when this loop went to sleep for longer; nobody waited for it.
  if (planned_idle_) last_ran_ = std::max(last_ran_.load(), now.ms - wake_interval.count());
  if (planned_idle_ || away <= shared_.options.limits.uncredited_gap) return;
  const auto away_ms = static_cast<std::uint64_t>(away.count());
  stats_.longest_gap_ms.set(std::max(stats_.longest_gap_ms.value(), away_ms));
  stats_.gaps.add();
  stats_.gap_ms.add(away_ms);
  const Gap gap{last_ran()};
  gaps_.push_back(gap);
  for (std::uint32_t loop = 0; loop < outgoing_.size(); ++loop) {
    if (loop != index_) mail_to(loop).gaps.push_back(gap);
  }
}

void Loop::run_shards(const TurnTime& now) {
  for (std::size_t i = 0; i < drivers_.size(); ++i) {
    ShardDriver& driver = *drivers_[i];
    for (const Gap& gap : gaps_) driver.woke(gap.last_ran, now, *this);
    if (!driver.has_input() && !driver.has_synced()) continue;
    driver.woke(last_ran(), now, *this);
    woken_[i] = true;
    if (driver.has_input()) driver.run(now, *this);
  }
}

/// An ask is answered once all sockets were read after it had come: a pass that left nothing, or so
/// many handlers that each ready connection has had its share.
void Loop::answer_asks(bool exhausted) {
  const std::uint64_t share = 2 * connections_.size() + 1'024;
  std::erase_if(asks_, [&](const PendingAsk& pending) {
    if (!exhausted && handlers_ - pending.handlers < share) return false;
    if (pending.ask.loop == index_) {
      --round_.outstanding;
    } else {
      mail_to(pending.ask.loop).drained.push_back(pending.ask.round);
    }
    return true;
  });
  asks_.insert(asks_.end(), new_asks_.begin(), new_asks_.end());
  new_asks_.clear();
}

void Loop::finish_round(const TurnTime& now) {
  if (!round_.running || round_.outstanding > 0) return;
  round_.running = false;
  stats_.drain_rounds.add();
  for (std::size_t i = 0; i < drivers_.size(); ++i) {
    const auto deadline = drivers_[i]->next_deadline(now.mono);
    if (!deadline || *deadline > round_.started) continue;
    if (!woken_[i]) drivers_[i]->woke(last_ran(), now, *this);
    woken_[i] = true;
    drivers_[i]->tick(round_.started, now, *this);
  }
}

void Loop::begin_round(Mono now) {
  if (round_.running) return;
  const bool due = std::any_of(drivers_.begin(), drivers_.end(), [&](ShardDriver* driver) {
    const auto deadline = driver->next_deadline(now);
    return deadline && *deadline <= now;
  });
  if (!due) return;
  round_ = {true, round_.number + 1, now, static_cast<std::uint32_t>(outgoing_.size())};
  const DrainAsk ask{index_, round_.number};
  for (std::uint32_t loop = 0; loop < outgoing_.size(); ++loop) {
    if (MUSTER_MUTANT(expires_undrained)) {
      --round_.outstanding;
    } else if (loop == index_) {
      asks_.push_back({ask, handlers_});
    } else {
      mail_to(loop).asks.push_back(ask);
    }
  }
}

void Loop::flush_peers() {
  for (const std::uint64_t id : touched_) {
    auto* const connection = connections_.find(id);
    if (connection == nullptr) continue;
    connection->touched = false;
    if (!shared_.silent) connection->peer->flush();
  }
  touched_.clear();
}

void Loop::send_mail() {
  for (std::uint32_t loop = 0; loop < outgoing_.size(); ++loop) {
    if (outgoing_[loop].empty()) continue;
    shared_.loops[loop]->post(std::move(outgoing_[loop]));
    outgoing_[loop] = {};
  }
}

// Connections
// -----------------------------------------------------------------------------------------

std::uint64_t Loop::attach(std::shared_ptr<Peer> peer) {
  const std::uint64_t id = connections_.add(std::move(peer));
  last_id_ = 0;  // the table may have moved
  stats_.connections.set(connections_.size());
  return id;
}

void Loop::detach(std::uint64_t connection) {
  const auto* const known = connections_.find(connection);
  if (known == nullptr) return;
  const std::uint64_t shards = known->shards;
  gone_.push_back(connections_.remove(connection));
  last_id_ = 0;
  stats_.connections.set(connections_.size());
  for (ShardIndex shard = 0; shard < shared_.shards(); ++shard) {
    if ((shards >> (shard % 64) & 1) == 0) continue;
    feed(host_command(shard, connection, core::ConnectionClosed{}));
  }
}

void Loop::submit(std::uint64_t connection, Waiting&& waiting) {
  auto* const known = connections_.find(connection);
  if (known == nullptr || shared_.silent) return;
  const ShardIndex shard = waiting.shard;
  if (shared_.stopping) {
    return refuse(connection, waiting.correlation, Errc::shutting_down, "the broker is stopping");
  }
  ShardDriver& driver = *shared_.drivers[shard];
  const bool here = shared_.loop_of(shard) == index_;
  if (queue_full(waiting, here ? driver.queue_length() : driver.stats().crossing.value())) {
    driver.stats().refused_queue.add();
    return refuse(connection, waiting.correlation, Errc::overloaded,
                  "the queue of shard " + std::to_string(shard) + " has reached its bound of " +
                      std::to_string(shared_.options.max_queue) + " requests");
  }
  known->shards |= 1ULL << (shard % 64);
  waiting.connection = connection;
  ++gathered_;
  if (here) return driver.enqueue(std::move(waiting));
  stats_.crossed.add();
  feed(std::move(waiting));
}

void Loop::turn_away(std::uint64_t connection, std::uint64_t correlation, Refusal&& refusal) {
  if (connections_.find(connection) == nullptr || shared_.silent) return;
  reply(connection, correlation, std::move(refusal));
}

/// The short way of the many; all else takes the other one.
void Loop::submit(std::uint64_t connection, std::uint64_t correlation, ShardIndex shard,
                  const Heartbeat& beat) {
  ShardDriver& driver = *shared_.drivers[shard];
  auto* const known = find(connection);
  const bool plain = known != nullptr && shared_.loop_of(shard) == index_ &&
                     driver.queue_length() < shared_.options.max_queue &&
                     !shared_.stopping.load(std::memory_order_relaxed);
  if (!plain) {
    Waiting waiting;
    waiting.shard = shard;
    waiting.correlation = correlation;
    waiting.beat = beat;
    return submit(connection, std::move(waiting));
  }
  known->shards |= 1ULL << (shard % 64);
  ++gathered_;
  driver.enqueue(connection, correlation, beat);
}

ConnectionTable::Connection* Loop::find(std::uint64_t connection) {
  if (connection == last_id_) return last_;
  last_ = connections_.find(connection);
  last_id_ = last_ != nullptr ? connection : 0;
  return last_;
}

/// What keeps sessions alive is shed last: at twice the bound.
bool Loop::queue_full(const Waiting& waiting, std::uint64_t length) const {
  const std::uint64_t bound = shared_.options.max_queue;
  return length >= (waiting.other ? bound : 2 * bound);
}

void Loop::refuse(std::uint64_t connection, std::uint64_t correlation, Errc code,
                  std::string message) {
  reply(connection, correlation, Refusal{code, std::move(message)});
}

void Loop::feed(Waiting&& waiting) {
  ShardDriver& driver = *shared_.drivers[waiting.shard];
  const std::uint32_t loop = shared_.loop_of(waiting.shard);
  if (loop == index_) return driver.enqueue(std::move(waiting));
  driver.stats().crossing.add();
  mail_to(loop).requests.push_back(std::move(waiting));
}

void Loop::reply(std::uint64_t connection, std::uint64_t correlation, ReplyBody&& body) {
  if (shared_.silent) return;
  const std::uint32_t loop = ConnectionTable::loop_of(connection);
  if (loop != index_) {
    if (loop < outgoing_.size()) {
      mail_to(loop).deliveries.push_back({0, connection, correlation, std::move(body)});
    }
    return;
  }
  auto* const known = find(connection);
  if (known == nullptr) return;
  touch(connection, *known);
  stats_.replies.add();
  known->peer->answer(correlation, body);
}

void Loop::push(ShardIndex from, std::uint64_t connection, PushBody&& body) {
  if (shared_.silent) return;
  const std::uint32_t loop = ConnectionTable::loop_of(connection);
  if (loop != index_) {
    if (loop < outgoing_.size()) {
      mail_to(loop).deliveries.push_back({from, connection, 0, std::move(body)});
    }
    return;
  }
  auto* const known = connections_.find(connection);
  if (known == nullptr) return;
  touch(connection, *known);
  stats_.pushes.add();
  if (known->peer->push(body)) return;
  stats_.pushes_refused.add();
  feed(host_command(from, connection, core::PushStalled{}));
}

void Loop::deliver(Delivery&& delivery) {
  if (auto* const body = std::get_if<ReplyBody>(&delivery.body)) {
    reply(delivery.connection, delivery.correlation, std::move(*body));
  } else {
    push(delivery.shard, delivery.connection, std::move(std::get<PushBody>(delivery.body)));
  }
}

void Loop::touch(std::uint64_t id, ConnectionTable::Connection& connection) {
  if (connection.touched) return;
  connection.touched = true;
  touched_.push_back(id);
}

}  // namespace muster::broker
