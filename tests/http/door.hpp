/// A host with its HTTP door on a free port of loopback, and a member's connection beside it.
#pragma once

#include "client.hpp"

#include "../broker/harness.hpp"

#include <broker/clock.hpp>
#include <broker/http/door.hpp>

#include <muster/core/view.hpp>

namespace muster::broker::http {

inline constexpr auto test_uuid = "00112233445566778899aabbccddeeff";

struct DoorSetup {
  std::uint32_t shards = 4;
  std::uint32_t threads = 2;
  HostOptions options;
  DoorOptions door;
};

class TestDoor {
 public:
  explicit TestDoor(DoorSetup setup = {}) : store(setup.shards) {
    setup.options.threads = setup.threads;
    setup.door.port = 0;
    setup.door.linger = std::chrono::milliseconds{50};
    setup.door.store_uuid = test_uuid;
    setup.door.version = "1.2.3";
    host = std::make_unique<Host>(setup.options, clock, store);
    door = std::make_unique<Door>(*host, setup.door);
    host->start();
    door->open();
    peer = std::make_shared<FakePeer>(*host);
    on_loop([&] { connection = host->attach(0, peer); });
  }
  ~TestDoor() {
    store.open_gate();
    door.reset();
  }

  [[nodiscard]] Client connect() const { return Client(door->port()); }
  [[nodiscard]] Answer get(const std::string& target, const std::string& fields = {}) const {
    return connect().get(target, fields);
  }

  void on_loop(const std::function<void()>& f) const;
  std::uint64_t submit(muster::Request request);
  template <class Body>
  Body ask(muster::Request request) {
    return peer->expect<Body>(submit(std::move(request)));
  }
  void create_topic(const std::string& topic, int partitions);
  /// Waits until the member is in the published picture.
  JoinOk join(const std::string& group, const std::string& member,
              const std::string& topic = "work", const std::string& address = {});

  [[nodiscard]] std::uint64_t metric(const std::string& line) const;
  [[nodiscard]] bool counts(const std::string& line, std::uint64_t count = 1) const {
    return eventually([&] { return metric(line) >= count; });
  }
  [[nodiscard]] bool counts_close(const std::string& reason) const {
    return counts("muster_http_closed_total{reason=\"" + reason + "\"}");
  }

  SystemClock clock;
  GateStore store;
  std::unique_ptr<Host> host;
  std::unique_ptr<Door> door;
  std::shared_ptr<FakePeer> peer;
  std::uint64_t connection = 0;

 private:
  std::atomic<std::uint64_t> last_correlation_{0};
};

}  // namespace muster::broker::http
