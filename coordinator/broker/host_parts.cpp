#include "host_parts.hpp"

#include "clock.hpp"
#include "log.hpp"
#include "loop.hpp"

#include "../store/store.hpp"

#include <sys/random.h>

#include <latch>
#include <memory>
#include <utility>

namespace muster::broker {

Host::Parts::Parts(HostOptions options, const Clock& clock, store::Store& the_store)
    : store(the_store) {
  shared.options = std::move(options);
  shared.clock = &clock;
}

void Host::Parts::load() {
  TurnTime now{shared.clock->mono(), shared.clock->wall(), 0};
  std::uint64_t seed = shared.options.seed;
  const auto draw = [&] {
    if (seed != 0)
      now.seed = ++seed * 0x9e3779b97f4a7c15;
    else if (::getrandom(&now.seed, sizeof now.seed, 0) < 0)
      now.seed = static_cast<std::uint64_t>(now.wall.ms);
  };
  for (auto& driver : shared.drivers) {
    draw();
    driver->load(store, now);
  }
  shared.drivers[0]->publish_first();
  const auto catalogue = shared.views->of(0);
  for (ShardIndex shard = 1; shard < shared.shards(); ++shard) {
    draw();
    shared.drivers[shard]->take_catalogue(store, *catalogue, now);
    shared.drivers[shard]->publish_first();
  }
  for (ShardIndex to = 0; to < shared.shards(); ++to) {
    draw();
    for (ShardIndex from = 0; from < shared.shards(); ++from)
      if (from != to) shared.drivers[to]->take_nodes(store, *shared.views->of(from), now);
  }
  loaded_at = now.mono;
}

void Host::Parts::tell_of_the_end() {
  for (ShardIndex shard = 0; shard < shared.shards(); ++shard) {
    shared.drivers[shard]->stats().crossing.add();
    Mail mail;
    mail.requests.push_back(host_command(shard, 0, core::Stopping{}));
    shared.loops[shared.loop_of(shard)]->post(std::move(mail));
  }
}

void Host::Parts::wait_for_turns() {
  const auto turns = std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(shared.loops.size()));
  for (auto& loop : shared.loops) {
    Mail mail;
    mail.calls.emplace_back([turns] { turns->count_down(); });
    loop->post(std::move(mail));
  }
  turns->wait();
}

void tell_durable(Shared& shared, const std::vector<DurableUpTo>& told) {
  std::vector<Mail> mail(shared.loops.size());
  for (const DurableUpTo& one : told) mail[shared.loop_of(one.shard)].durable.push_back(one);
  for (std::size_t loop = 0; loop < mail.size(); ++loop) {
    shared.loops[loop]->post(std::move(mail[loop]));
  }
}

void fall_silent(Shared& shared, std::string why) {
  if (shared.silent.exchange(true)) return;
  if (shared.options.on_store_failure) shared.options.on_store_failure(std::move(why));
}

}  // namespace muster::broker
