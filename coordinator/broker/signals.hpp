/// The main thread of a running broker: it waits for signals and feeds the watchdog.
#pragma once

#include "broker.hpp"
#include "config.hpp"
#include "notify.hpp"

#include <functional>

namespace muster::broker {

/// Blocks the signals that serve() takes; before any other thread starts.
void block_signals();

/// Runs until SIGTERM or SIGINT. SIGHUP: `reread` gives the level to log at. SIGUSR1: a backup.
void serve(Broker& broker, const Notifier& notifier, const std::function<log::Level()>& reread);

}  // namespace muster::broker
