/// A host with its native door on a free port of loopback.
#pragma once

#include "harness.hpp"
#include "native_client.hpp"

#include <broker/clock.hpp>
#include <broker/native/door.hpp>

namespace muster::broker {

struct DoorSetup {
  std::uint32_t shards = 4;
  std::uint32_t threads = 2;
  HostOptions options;
  native::DoorOptions door;
};

class TestDoor {
 public:
  using Setup = DoorSetup;

  explicit TestDoor(Setup setup = {}) : store(setup.shards) {
    setup.options.threads = setup.threads;
    setup.door.port = 0;
    setup.door.linger = std::chrono::milliseconds{50};
    setup.door.store_uuid = "00112233445566778899aabbccddeeff";
    host = std::make_unique<Host>(setup.options, clock, store);
    door = std::make_unique<native::Door>(*host, setup.door);
    host->start();
    door->open();
  }

  [[nodiscard]] NativeClient connect() const { return NativeClient(door->port()); }
  [[nodiscard]] NativeClient greeted(const std::string& group = {}) const {
    NativeClient client = connect();
    (void)client.greet(group);
    return client;
  }
  [[nodiscard]] std::string group_on_loop(std::uint32_t loop) const {
    for (int i = 0;; ++i) {
      const std::string name = "group-" + std::to_string(i);
      if (host->loop_of(name) == loop) return name;
    }
  }
  /// The value of one line of the metrics, labels included.
  [[nodiscard]] std::uint64_t metric(const std::string& line) const {
    const std::string text = "\n" + host->metrics();
    const auto at = text.find("\n" + line + " ");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + line.size() + 2));
  }
  [[nodiscard]] bool counts_close(const std::string& reason, std::uint64_t count = 1) const {
    const std::string line = "muster_native_closed_total{reason=\"" + reason + "\"}";
    return eventually([&] { return metric(line) >= count; });
  }

  SystemClock clock;
  GateStore store;
  std::unique_ptr<Host> host;
  std::unique_ptr<native::Door> door;
};

}  // namespace muster::broker
