#include "watcher.hpp"

#include <chrono>
#include <utility>

namespace muster::chaos {
namespace {

constexpr std::chrono::milliseconds between_tries{50};
constexpr std::chrono::milliseconds patience{700};  // a broker that is stopped is asked anew
constexpr std::chrono::milliseconds long_patience{30'000};
constexpr std::chrono::seconds enough{60};
constexpr std::uint32_t page = 1'000;

Told noted(const Event& event, Stamp seen, bool live) {
  return {event.shard,  event.number, event.sequence, event.group, event.kind,
          event.member, event.reason, event.took,     seen,        live};
}

}  // namespace

std::vector<Told> read_kept_events(const std::string& address) {
  cli::Client client({*cli::parse_servers(address), long_patience});
  std::vector<Told> all;
  ReadEvents ask{{}, std::nullopt, page, false};
  while (true) {
    const Query query = ask;
    auto list = client.ask<EventList>(query);
    for (const Event& event : list.events) all.push_back(noted(event, boot_stamp(), false));
    if (list.next == ask.after) return all;
    ask.after = std::move(list.next);
  }
}

Watcher::Watcher(std::string address) : address_(std::move(address)), thread_([this] { run(); }) {}

Watcher::~Watcher() {
  (void)finish(0);
}

std::vector<Told> Watcher::finish(std::size_t least) {
  {
    std::unique_lock lock(mutex_);
    if (thread_.joinable()) stopping_.wait_for(lock, enough, [&] { return told_.size() >= least; });
    stop_ = true;
  }
  stopping_.notify_all();
  if (thread_.joinable()) thread_.join();
  return std::move(told_);
}

/// True: time for the next try.
bool Watcher::wait() {
  std::unique_lock lock(mutex_);
  return !stopping_.wait_for(lock, between_tries, [this] { return stop_; });
}

void Watcher::run() {
  while (wait()) try {
      cli::Client client({*cli::parse_servers(address_), patience});
      follow(client);
      return;
    } catch (const cli::Failure&) {
      // It is away, as it is meant to be: the next round goes on where this one ended.
    }
}

void Watcher::follow(cli::Client& client) {
  ReadEvents ask{after_, std::nullopt, page, false};
  for (bool more = true; more;) {
    const Query query = ask;
    auto list = client.ask<EventList>(query);
    more = list.next != ask.after;
    ask.after = list.next;
    take(std::move(list), false);
  }
  ask.follow = true;
  const Query query = ask;
  const std::uint64_t correlation = client.follow(query);
  while (true) {
    auto body = client.next(correlation, std::chrono::steady_clock::now() + between_tries);
    if (body) take(cli::Client::as<EventList>(std::move(*body)), true);
    const std::lock_guard lock(mutex_);
    if (stop_) return;
  }
}

void Watcher::take(EventList list, bool live) {
  const Stamp now = boot_stamp();
  const std::lock_guard lock(mutex_);
  for (const Event& event : list.events) told_.push_back(noted(event, now, live));
  after_ = std::move(list.next);
  stopping_.notify_all();
}

}  // namespace muster::chaos
