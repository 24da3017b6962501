/// A real host with fake peers, a store with a gate, and a clock that stands still.
#pragma once

#include <broker/clock.hpp>
#include <broker/host.hpp>
#include <store/store.hpp>

#include <muster/messages.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace muster::broker {

/// Waits until `condition` holds; gives whether it did before a time that no healthy run reaches.
[[nodiscard]] bool eventually(const std::function<bool()>& condition);

/// A memory store whose appends can be held up or made to fail.
class GateStore final : public store::Store {
 public:
  explicit GateStore(std::uint32_t shards) : inner_(store::make_memory_store(shards)) {}

  [[nodiscard]] const store::StoreIdentity& identity() const override { return inner_->identity(); }
  store::LoadedShard load(ShardIndex shard,
                          const std::function<void(core::Record&&)>& take) override {
    return inner_->load(shard, take);
  }
  [[nodiscard]] Result<void> append(std::span<const store::Batch> batches) override;
  void read_events(ShardIndex shard, std::uint64_t from, const store::TakeEvent& take) override;
  [[nodiscard]] store::EventNote read_note(ShardIndex shard) override {
    return inner_->read_note(shard);
  }
  [[nodiscard]] Result<void> note(std::span<const store::EventNote> notes,
                                  std::span<const store::EventRange> removed) override {
    return inner_->note(notes, removed);
  }
  [[nodiscard]] std::uint64_t free_bytes() const override { return free_; }
  [[nodiscard]] Result<void> backup(const std::string& path) override;
  void flush() override { ++flushes; }

  void close_gate();
  void open_gate();
  /// The appends that waited, and all later ones, fail.
  void fail();
  /// Whether an append is standing at the closed gate.
  [[nodiscard]] bool somebody_waits() const;
  void set_free(std::uint64_t bytes) { free_ = bytes; }

  std::atomic<int> appends{0};
  std::atomic<int> flushes{0};
  std::atomic<std::uint64_t> longest_read{0};  ///< Most events that one reader was given.
  std::vector<std::string> backups;

 private:
  std::unique_ptr<store::Store> inner_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  bool failing_ = false;
  bool waits_ = false;
  std::atomic<std::uint64_t> free_{UINT64_MAX};
};

/// Keeps what it is told, in order.
class FakePeer final : public Peer {
 public:
  struct Told {
    std::uint64_t correlation = 0;  // 0: a push
    std::optional<ReplyBody> reply;
    std::optional<PushBody> push;
    std::vector<Revision> published;  // of the views at that moment, by shard
  };

  explicit FakePeer(Host& host) : host_(host) {}
  void answer(std::uint64_t correlation, const ReplyBody& body) override;
  [[nodiscard]] bool push(const PushBody& body) override;
  void flush() override { ++flushes; }

  [[nodiscard]] std::optional<ReplyBody> answer_to(std::uint64_t correlation) const;
  /// Waits for it.
  [[nodiscard]] ReplyBody wait_for(std::uint64_t correlation) const;
  template <class Body>
  [[nodiscard]] Body expect(std::uint64_t correlation) const {
    ReplyBody body = wait_for(correlation);
    if (auto* const as = std::get_if<Body>(&body)) return std::move(*as);
    const auto* const refusal = std::get_if<Refusal>(&body);
    ADD_FAILURE() << "another answer came" << (refusal ? ": " + refusal->message : "");
    return {};
  }
  [[nodiscard]] std::vector<Told> told() const;
  [[nodiscard]] std::vector<Step> steps() const;
  /// Waits for a step that assigns this many partitions.
  [[nodiscard]] bool gets_work(std::size_t partitions) const;
  void stop_reading() { reads_ = false; }

  std::atomic<int> flushes{0};
  std::atomic<std::uint64_t> longest_read{0};  ///< Most events that one reader was given.

 private:
  Host& host_;
  std::atomic<bool> reads_{true};
  mutable std::mutex mutex_;
  std::vector<Told> told_;
};

/// One connection on one loop.
struct Connection {
  std::uint32_t loop = 0;
  std::uint64_t id = 0;
  std::shared_ptr<FakePeer> peer;
};

class TestHost;

struct HostSetup {
  std::uint32_t shards = 4;
  std::uint32_t threads = 2;
  HostOptions options;
  std::shared_ptr<GateStore> store;  // of an earlier host, to start again on
  std::function<void(TestHost&)> before_start = {};
};

class TestHost {
 public:
  using Setup = HostSetup;

  explicit TestHost(Setup setup = {});
  ~TestHost();

  [[nodiscard]] Connection connect(std::uint32_t loop);
  void disconnect(const Connection& connection);
  /// Runs `f` on a loop and waits for it.
  void on_loop(std::uint32_t loop, const std::function<void()>& f);
  /// Submits on the connection's loop; gives the correlation.
  std::uint64_t submit(const Connection& from, Request request);
  template <class Body>
  Body ask(const Connection& from, Request request) {
    return from.peer->expect<Body>(submit(from, std::move(request)));
  }
  Refusal refused(const Connection& from, Request request) {
    return ask<Refusal>(from, std::move(request));
  }
  JoinOk join(const Connection& from, const std::string& group, const std::string& member,
              const std::string& topic = "work");
  TopicChanged create_topic(const Connection& from, const std::string& topic, int partitions);
  /// Lets loop `thread` make so many whole turns that anything due there has happened.
  void turns(std::uint32_t thread, int count = 20);

  /// A group whose shard has this index.
  [[nodiscard]] std::string group_of(ShardIndex shard) const;
  /// Sums a metric over its labels.
  [[nodiscard]] std::uint64_t metric(const std::string& name) const;
  [[nodiscard]] bool has_member(const std::string& group, const std::string& member) const;

  ManualClock clock;
  std::string address;  ///< From which all connections come.
  std::shared_ptr<GateStore> store;
  std::atomic<int> failures{0};
  std::unique_ptr<Host> host;

 private:
  std::atomic<std::uint64_t> last_correlation_{0};
};

}  // namespace muster::broker
