/// One loop: an io_context with its thread, the shards that it drives, the connections on it.
///
/// It goes round like this: wait until something is ready; read what the sockets have; one turn. So
/// all frames that were read together share a turn, a store batch and a write to each peer.
#pragma once

#include "connection_table.hpp"
#include "host_stats.hpp"
#include "mail.hpp"
#include "shard_driver.hpp"
#include "shared.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace muster::broker {

class Loop final : private Outlet {
 public:
  Loop(std::uint32_t index, Shared& shared);
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  /// Before start(): this shard is driven here.
  void drive(ShardDriver& driver) { drivers_.push_back(&driver); }

  /// `last_ran`: since when the sessions have waited for this loop.
  void start(Mono last_ran);
  /// The same without a thread: its owner calls plan() and turn_by_hand() in turn.
  void start_by_hand(Mono last_ran);
  /// How long it may sleep before its next turn, unless something comes in.
  [[nodiscard]] Millis plan();
  /// One turn after `read` requests were submitted; `exhausted`: no socket had more.
  void turn_by_hand(std::uint64_t read, bool exhausted);
  /// Something came from another loop or the store: a turn is due.
  [[nodiscard]] bool has_mail() const { return mail_waits_; }
  /// One last turn, which hands out what has become durable; then the thread ends.
  void finish();

  /// Any thread.
  void post(Mail&& mail);
  /// Answers a request that did not get as far as its shard. On this loop.
  void turn_away(std::uint64_t connection, std::uint64_t correlation, Refusal&& refusal);
  void wake();
  [[nodiscard]] Mono last_ran() const { return {last_ran_.load(std::memory_order_relaxed)}; }
  [[nodiscard]] const LoopStats& stats() const { return stats_; }

  // On this loop's thread
  // ------------------------------------------------------------------------------

  [[nodiscard]] std::uint64_t attach(std::shared_ptr<Peer> peer);
  void detach(std::uint64_t connection);
  void submit(std::uint64_t connection, Waiting&& waiting);
  void submit(std::uint64_t connection, std::uint64_t correlation, ShardIndex shard,
              const Heartbeat& beat);
  /// Work that may wait for everything that is ready: it is done behind a turn, oldest first, and
  /// for a few milliseconds only until there is another one.
  void defer(std::function<void()> work) { deferred_.push_back(std::move(work)); }

 private:
  /// A round: this loop has asked all to drain, and expires what was due when it asked.
  struct Round {
    bool running = false;
    std::uint64_t number = 0;
    Mono started;
    std::uint32_t outstanding = 0;
  };
  struct PendingAsk {
    DrainAsk ask;
    std::uint64_t handlers = 0;  // run by this loop when the ask came
  };

  void run();
  [[nodiscard]] bool read_sockets();
  [[nodiscard]] Millis wait_time();

  void work_off();

  // A turn and its parts, in their order.
  void turn(bool exhausted);
  void take_mail();
  void notice_gap(Mono now);
  void run_shards(const TurnTime& now);
  void answer_asks(bool exhausted);
  void finish_round(const TurnTime& now);
  void begin_round(Mono now);
  void flush_peers();
  void send_mail();

  void reply(std::uint64_t connection, std::uint64_t correlation, ReplyBody&& body) override;
  void push(ShardIndex from, std::uint64_t connection, PushBody&& body) override;
  void feed(Waiting&& change) override;
  void deliver(Delivery&& delivery);
  [[nodiscard]] bool queue_full(const Waiting& waiting, std::uint64_t length) const;
  [[nodiscard]] ConnectionTable::Connection* find(std::uint64_t connection);
  void refuse(std::uint64_t connection, std::uint64_t correlation, Errc code, std::string message);
  void touch(std::uint64_t id, ConnectionTable::Connection& connection);
  [[nodiscard]] Mail& mail_to(std::uint32_t loop) { return outgoing_[loop]; }

  const std::uint32_t index_;
  Shared& shared_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<ShardDriver*> drivers_;
  ConnectionTable connections_;
  std::thread thread_;

  std::mutex mail_mutex_;
  Mail mailbox_;            // from other threads
  bool finishing_ = false;  // with the mailbox
  std::atomic<bool> mail_waits_{false};

  Mail mail_;                   // this turn's
  std::vector<Mail> outgoing_;  // by loop
  std::uint64_t last_id_ = 0;   // found last, and where: neighbours are often the same
  ConnectionTable::Connection* last_ = nullptr;
  std::vector<std::uint64_t> touched_;       // connections to flush
  std::vector<std::shared_ptr<Peer>> gone_;  // closed in this turn: freed at its end
  std::vector<Gap> gaps_;                    // of this loop, while its shards hear of it
  std::deque<std::function<void()>> deferred_;
  std::uint64_t gathered_ = 0;        // requests since the last turn
  std::uint64_t handlers_ = 0;        // run so far
  std::vector<PendingAsk> asks_;      // answered after a whole pass over the sockets
  std::vector<PendingAsk> new_asks_;  // came with this turn's mail, so after its pass
  Round round_;
  std::vector<bool> woken_;    // by place in drivers_: told of this turn already
  bool planned_idle_ = false;  // waited longer than a gap, because there was no session
  std::uint64_t seed_ = 0;
  std::atomic<std::int64_t> last_ran_{0};
  bool ended_ = false;
  LoopStats stats_;
};

}  // namespace muster::broker
