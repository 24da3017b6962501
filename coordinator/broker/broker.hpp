/// One running broker: clock, store, host and doors, built by hand and in order.
#pragma once

#include "clock.hpp"
#include "config.hpp"
#include "dns/door.hpp"
#include "host.hpp"
#include "http/door.hpp"
#include "mirror/mirror.hpp"
#include "native/door.hpp"
#include "probe/prober.hpp"

#include "../store/store.hpp"

#include <functional>
#include <memory>
#include <string>

namespace muster::broker {

/// Exit codes of musterd, documented in docs/operations.md.
enum class ExitCode : int {
  ok = 0,
  failed = 1,         ///< It could not start, or a command failed; one sentence says why.
  usage = 64,         ///< The command line makes no sense (EX_USAGE).
  store_failed = 75,  ///< A write failed while it ran: start it again (EX_TEMPFAIL).
};

class Broker {
 public:
  using OnStoreFailure = std::function<void(std::string)>;

  /// Opens or makes the store, loads it, binds the doors. Throws store::StoreError or
  /// std::runtime_error with one sentence. `failed` is called at most once, from any thread.
  Broker(const Config& config, const std::string& version, OnStoreFailure failed);

  /// Starts the loops, opens the doors, writes the ready file.
  void start();
  /// Closes the doors, makes everything durable, ends the threads. Idempotent.
  void stop();

  /// Writes a dated copy of the store below the configured folder; gives its path. Throws
  /// std::runtime_error.
  [[nodiscard]] std::string backup();
  [[nodiscard]] bool responsive(Millis within) const { return host_->responsive(within); }
  /// Reads the token file again; throws std::runtime_error, and then the known tokens stay.
  void reload();
  [[nodiscard]] std::string native_address() const { return native_->address(); }

 private:
  void write_ready_file() const;

  Config config_;
  SystemClock clock_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<mirror::Mirror> mirror_;  // null without --events
  std::unique_ptr<probe::Prober> prober_;
  std::unique_ptr<native::Door> native_;
  std::unique_ptr<http::Door> http_;  // null with --http-listen off
  std::unique_ptr<dns::Door> dns_;    // null with --dns-listen off
};

}  // namespace muster::broker
