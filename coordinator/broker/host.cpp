#include "host.hpp"

#include "clock.hpp"
#include "host_parts.hpp"
#include "log.hpp"
#include "loop.hpp"
#include "probe/allow_list.hpp"

#include "../store/store.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace muster::broker {
namespace {

ShardIndex shard_of_group(const std::string& group, std::uint32_t shards) {
  return core::shard_of(group, shards);
}

/// Where a request goes: to the shard of its group, service or node, to the shard in its handle, or
/// to the catalogue.
struct Route {
  std::uint32_t shards;

  template <class R>
    requires requires(const R& r) { r.session; }
  ShardIndex operator()(const R& request) const {
    return muster::shard_of(request.session);
  }
  template <class R>
    requires requires(const R& r) { r.group; }
  ShardIndex operator()(const R& request) const {
    return shard_of_group(request.group.value, shards);
  }
  template <class R>
    requires requires(const R& r) { r.service; }
  ShardIndex operator()(const R& request) const {
    return core::shard_of(request.service.value, shards);
  }
  template <class R>
    requires requires(const R& r) { r.node; }
  ShardIndex operator()(const R& request) const {
    return core::shard_of(request.node.value, shards);
  }
  template <class R>
    requires requires(const R& r) { r.topic; }
  ShardIndex operator()(const R&) const {
    return 0;
  }
};

std::uint32_t bounded_threads(std::uint32_t asked) {
  return std::clamp(asked, 1U, 4'095U);
}

}  // namespace

Host::Host(HostOptions options, const Clock& clock, store::Store& store)
    : parts_(std::make_unique<Parts>(std::move(options), clock, store)) {
  Shared& shared = parts_->shared;
  const std::uint32_t shards = store.identity().shards;
  const std::uint32_t loops = bounded_threads(shared.options.threads);
  const auto run_on = [&shared](std::uint32_t loop, auto call) {
    Mail mail;
    mail.calls.push_back(std::move(call));
    shared.loops[loop]->post(std::move(mail));
  };
  shared.views = std::make_unique<ViewSlots>(shards, run_on);
  shared.results =
      std::make_unique<ResultWatches>([&shared] { return shared.views->all(); }, run_on);
  shared.store = std::make_unique<StoreThread>(
      store, shards, [&shared](const auto& told) { tell_durable(shared, told); },
      [&shared](std::string why) { fall_silent(shared, std::move(why)); });
  shared.space = std::make_unique<SpaceWatch>(store, *shared.store, shared.options.min_free_bytes);
  for (ShardIndex i = 0; i < shards; ++i) {
    shared.drivers.push_back(std::make_unique<ShardDriver>(i, shared));
  }
  for (std::uint32_t i = 0; i < loops; ++i) {
    shared.loops.push_back(std::make_unique<Loop>(i, shared));
    parts_->owners.push_back(std::make_unique<OwnerTables>(
        OwnerTables::Limits{}, [] { return std::chrono::steady_clock::now(); }));
  }
  for (ShardIndex i = 0; i < shards; ++i) {
    shared.loop_of_shard.push_back(i % loops);
    shared.loops[shared.loop_of(i)]->drive(*shared.drivers[i]);
  }
  parts_->load();
}

Host::~Host() {
  stop();
}

std::uint32_t Host::threads() const {
  return static_cast<std::uint32_t>(parts_->shared.loops.size());
}
std::uint32_t Host::shards() const {
  return parts_->shared.shards();
}

boost::asio::io_context& Host::loop(std::uint32_t thread) {
  return parts_->shared.loops[thread]->context();
}

std::uint32_t Host::loop_of(std::string_view group) const {
  return parts_->shared.loop_of(core::shard_of(group, shards()));
}

void Host::start() {
  Shared& shared = parts_->shared;
  shared.store->start();
  shared.space->start();
  for (auto& loop : shared.loops) loop->start(parts_->loaded_at);
  parts_->started = true;
}

void Host::stop() {
  Shared& shared = parts_->shared;
  shared.stopping = true;
  if (!std::exchange(parts_->started, false)) return;
  // Twice each time: what one loop's turn sends to another arrives there in the next.
  for (int i = 0; i < 2; ++i) parts_->wait_for_turns();
  parts_->tell_of_the_end();
  for (int i = 0; i < 2; ++i) parts_->wait_for_turns();
  shared.store->finish();  // what was taken becomes durable; the loops are told
  for (int i = 0; i < 2; ++i) parts_->wait_for_turns();
  for (auto& loop : shared.loops) loop->finish();
  shared.space->finish();
}

std::uint64_t Host::attach(std::uint32_t thread, std::shared_ptr<Peer> peer) {
  return parts_->shared.loops[thread]->attach(std::move(peer));
}

void Host::detach(std::uint32_t thread, std::uint64_t connection) {
  parts_->shared.loops[thread]->detach(connection);
}

void Host::submit(std::uint32_t thread, std::uint64_t connection, std::uint64_t correlation,
                  Request&& request, const core::Principal& principal) {
  Shared& shared = parts_->shared;
  const auto* const beat = std::get_if<Heartbeat>(&request);
  if (beat != nullptr && principal.name.empty()) {
    return submit(thread, connection, correlation, *beat);
  }
  static const probe::AllowList nobody;
  const auto& allowed = shared.options.probe_allow;
  if (auto refusal = probe::refuse_checks(request, principal.address, allowed ? *allowed : nobody))
    return shared.loops[thread]->turn_away(connection, correlation, std::move(*refusal));
  Waiting waiting;
  waiting.correlation = correlation;
  waiting.shard = shared.known_shard(std::visit(Route{shared.shards()}, request));
  waiting.other = std::make_unique<OtherCommand>(OtherCommand{std::move(request), principal});
  shared.loops[thread]->submit(connection, std::move(waiting));
}

void Host::submit(std::uint32_t thread, std::uint64_t connection, std::uint64_t correlation,
                  const Heartbeat& beat) {
  Shared& shared = parts_->shared;
  const ShardIndex shard = shared.known_shard(muster::shard_of(beat.session));
  shared.loops[thread]->submit(connection, correlation, shard, beat);
}

void Host::probed(std::vector<core::Probed>&& results) {
  Shared& shared = parts_->shared;
  std::vector<Mail> mails(shared.loops.size());
  for (core::Probed& one : results) {
    const ShardIndex shard = core::shard_of(one.service.value, shared.shards());
    shared.drivers[shard]->stats().crossing.add();
    mails[shared.loop_of(shard)].requests.push_back(host_command(shard, 0, std::move(one)));
  }
  for (std::size_t loop = 0; loop < mails.size(); ++loop)
    if (!mails[loop].empty()) shared.loops[loop]->post(std::move(mails[loop]));
}

void Host::defer(std::uint32_t thread, std::function<void()> work) {
  parts_->shared.loops[thread]->defer(std::move(work));
}

std::vector<std::shared_ptr<const core::View>> Host::views() const {
  return parts_->shared.views->all();
}

std::shared_ptr<const core::View> Host::view(ShardIndex shard) const {
  return parts_->shared.views->of(shard);
}

OwnerTables& Host::owners(std::uint32_t thread) {
  return *parts_->owners[thread];
}

std::uint64_t Host::changed(std::uint32_t thread, ShardIndex shard, Revision than,
                            std::function<void()> f) {
  return parts_->shared.views->watch(thread, shard, than, std::move(f));
}

void Host::unwatch(ShardIndex shard, std::uint64_t watch) {
  parts_->shared.views->unwatch(shard, watch);
}

std::uint64_t Host::result_changed(std::uint32_t thread, const std::string& service,
                                   std::uint64_t than, std::function<void()> f) {
  return parts_->shared.results->watch(thread, service, than, std::move(f));
}

void Host::unwatch_result(std::uint64_t watch) {
  parts_->shared.results->unwatch(watch);
}

void Host::add_metrics(std::function<void(MetricsText&)> write) {
  parts_->more_metrics.push_back(std::move(write));
}

void Host::on_published(std::function<void()> f) {
  parts_->shared.views->on_publish(std::move(f));
}

void Host::note_events(std::vector<store::EventNote>&& notes,
                       std::vector<store::EventRange>&& removed) {
  parts_->shared.store->note(std::move(notes), std::move(removed));
}

Result<void> Host::backup(const std::string& path) {
  return parts_->shared.store->backup(path);
}

bool Host::responsive(Millis within) const {
  const Mono now = parts_->shared.clock->mono();
  const auto& loops = parts_->shared.loops;
  return std::all_of(loops.begin(), loops.end(),
                     [&](const auto& loop) { return now - loop->last_ran() <= within; });
}

bool Host::silent() const {
  return parts_->shared.silent;
}

Term Host::term_of(ShardIndex shard) const {
  return parts_->shared.drivers[shard]->term();
}

}  // namespace muster::broker
