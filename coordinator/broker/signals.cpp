#include "signals.hpp"

#include "log.hpp"

#include <csignal>
#include <ctime>

#include <chrono>
#include <thread>

namespace muster::broker {
namespace {

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, signal);
  return set;
}

timespec to_timespec(std::chrono::milliseconds time) {
  return {time.count() / 1'000, time.count() % 1'000 * 1'000'000};
}

/// A loop that is stuck must not be hidden from the watchdog; a disk that is slow is no reason to
/// be killed.
void feed_watchdog(const Broker& broker, const Notifier& notifier) {
  const auto interval = notifier.watchdog_interval();
  if (!interval) return;
  const Millis tolerated = std::max<Millis>(2 * *interval, Millis{3'000});
  if (broker.responsive(tolerated)) {
    notifier.send("WATCHDOG=1");
  } else {
    log::error("a loop does not run: the watchdog is not fed",
               {{"tolerated_ms", tolerated.count()}});
  }
}

void reread_level(const std::function<log::Level()>& reread) {
  try {
    log::set_level(reread());
    log::info("log level read again");
  } catch (const ConfigError& error) {
    log::error("the configuration was not read again", {{"reason", error.what()}});
  }
}

void reread_tokens(Broker& broker) {
  try {
    broker.reload();
  } catch (const std::exception& error) {
    log::error("the tokens were not read again", {{"reason", error.what()}});
  }
}

/// Beside the signal loop, so that the watchdog is fed while a large store is copied.
void back_up(Broker& broker) {
  try {
    log::info("backup begins");
    const std::string path = broker.backup();
    log::info("backup written", {{"path", path}});
  } catch (const std::exception& error) {
    log::error("backup failed", {{"reason", error.what()}});
  }
}

}  // namespace

void block_signals() {
  const sigset_t set = our_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void serve(Broker& broker, const Notifier& notifier, const std::function<log::Level()>& reread) {
  const sigset_t set = our_signals();
  const timespec wait =
      to_timespec(notifier.watchdog_interval().value_or(std::chrono::seconds{10}));
  std::thread backup;
  while (true) {
    feed_watchdog(broker, notifier);
    siginfo_t info{};
    const int signal = sigtimedwait(&set, &info, &wait);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) {
      reread_level(reread);
      reread_tokens(broker);
    }
    if (signal == SIGUSR1) {
      if (backup.joinable()) backup.join();
      backup = std::thread([&broker] { back_up(broker); });
    }
  }
  if (backup.joinable()) backup.join();
}

}  // namespace muster::broker
