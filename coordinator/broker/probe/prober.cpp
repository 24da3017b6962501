#include "prober.hpp"

#include "../clock.hpp"
#include "../host.hpp"
#include "../log.hpp"
#include "allow_list.hpp"

#include <algorithm>
#include <functional>

namespace muster::broker::probe {
namespace {

namespace asio = boost::asio;
using Result = core::Probed::Result;

/// Idle loops wake once a second.
constexpr Millis longest_turn{1'500};

std::uint64_t spread_of(const core::Probed& who) {
  return std::hash<std::string>{}(who.service.value + "/" + who.instance.value) + who.check;
}

bool same_targets(const core::ServiceView& a, const core::ServiceView& b) {
  return a.record->index == b.record->index;
}

}  // namespace

Prober::Prober(ProberOptions options, Host& host, const Clock& clock)
    : options_(options), host_(host), clock_(clock), work_(io_.get_executor()) {
  views_.resize(host.shards());
}

Prober::~Prober() {
  stop();
}

void Prober::start() {
  thread_ = std::thread([this] {
    look();
    io_.run();
  });
}

void Prober::stop() {
  if (!thread_.joinable()) return;
  io_.stop();
  thread_.join();
}

// Whom to ask -------------------------------------------------------------------------------------

void Prober::look() {
  for (ShardIndex shard = 0; shard < views_.size(); ++shard) {
    auto view = host_.view(shard);
    if (view == views_[shard]) continue;
    look_at(shard, *view);
    views_[shard] = std::move(view);
  }
  plan();
  look_timer_.expires_after(options_.look_interval);
  look_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) look();
  });
}

void Prober::look_at(ShardIndex shard, const core::View& view) {
  view.services.for_each(
      [&](const std::string& name, const std::shared_ptr<const core::ServiceView>& service) {
        Known& known = services_[name];
        if (known.view != service) take(known, service);
      });
  if (!views_[shard]) return;
  views_[shard]->services.for_each([&](const std::string& name, const auto&) {
    if (view.services.find(name) != nullptr) return;
    const auto gone = services_.find(name);
    if (gone == services_.end()) return;
    for (const std::uint64_t number : gone->second.targets) drop(number);
    services_.erase(gone);
  });
}

/// A service has changed: those that go on as they are keep their times and connections.
void Prober::take(Known& known, const std::shared_ptr<const core::ServiceView>& service) {
  const bool same = known.view && same_targets(*known.view, *service);
  known.view = service;
  if (same) return;
  std::map<std::pair<std::string_view, std::uint32_t>, std::uint64_t> had;
  for (const std::uint64_t number : known.targets) {
    const core::Probed& who = targets_.at(number).who;
    had.emplace(std::pair{std::string_view{who.instance.value}, who.check}, number);
  }
  Known now;
  service->instances.for_each([&](std::string_view id, const core::InstanceView& instance) {
    const core::InstanceRecord& record = *instance.record;
    for (std::uint32_t check = 0; check < record.info.checks.size(); ++check) {
      const auto it = had.find({id, check});
      if (it != had.end()) {
        const Target& target = targets_.at(it->second);
        const bool goes_on = target.who.incarnation == record.incarnation &&
                             target.host == record.info.address &&
                             target.check == resolved(record, check);
        if (goes_on) {
          now.targets.push_back(it->second);
          had.erase(it);
          continue;
        }
      }
      add(now, record, check);
    }
  });
  for (const auto& [who, number] : had) drop(number);
  known.targets = std::move(now.targets);
}

Check Prober::resolved(const core::InstanceRecord& instance, std::uint32_t check) {
  Check out = instance.info.checks[check];
  if (out.port == 0) out.port = instance.info.port;
  return out;
}

void Prober::add(Known& known, const core::InstanceRecord& instance, std::uint32_t check) {
  const auto address = parse_address(instance.info.address);
  if (!address) return;  // was refused when it was registered
  const std::uint64_t number = next_number_++;
  Target& target = targets_[number];
  target.who.service = instance.service;
  target.who.instance = instance.id;
  target.who.incarnation = instance.incarnation;
  target.who.check = check;
  target.host = instance.info.address;
  target.check = resolved(instance, check);
  target.attempt = std::make_shared<Attempt>(
      io_, Attempt::Tcp::endpoint{*address, target.check.port}, target.check);
  ++hosts_[target.host].targets;
  timetable_.add(number, target.check.interval, spread_of(target.who), clock_.mono());
  target.due = timetable_.put_for();
  known.targets.push_back(number);
  targets_count_.set(targets_.size());
}

void Prober::drop(std::uint64_t number) {
  const auto it = targets_.find(number);
  Target& target = it->second;
  target.attempt->cancel();
  timetable_.remove(number, target.due);
  unkeep(target);
  const std::string host = target.host;
  HostLoad& load = hosts_[host];
  std::erase(load.waiting, number);
  if (target.under_way) {
    --under_way_;
    --load.under_way;
  }
  targets_.erase(it);
  if (--load.targets == 0) {
    hosts_.erase(host);
    trust_.forget(host);
  } else {
    next_of(host);
  }
  targets_count_.set(targets_.size());
  under_way_count_.set(under_way_);
}

// Asking ------------------------------------------------------------------------------------------

void Prober::plan() {
  const auto next = timetable_.next();
  if (!next || under_way_ >= options_.most_under_way) return;
  const Mono planned = clock_.mono();
  const Mono at = std::max(*next, planned);
  due_timer_.expires_after(at - planned);
  due_timer_.async_wait([this, at](const boost::system::error_code& error) {
    if (error) return;
    const Mono now = clock_.mono();
    trust_.began(now - at, now);
    run_due();
  });
}

void Prober::run_due() {
  const Mono now = clock_.mono();
  while (under_way_ < options_.most_under_way) {
    const auto due = timetable_.take(now);
    if (!due) break;
    HostLoad& load = hosts_[targets_.at(due->target).host];
    if (load.under_way < options_.most_per_host) {
      begin(due->target);
    } else {
      delayed_.add();
      load.waiting.push_back(due->target);
    }
  }
  plan();
}

void Prober::begin(std::uint64_t number) {
  Target& target = targets_.at(number);
  unkeep(target);
  target.under_way = true;
  ++under_way_;
  ++hosts_[target.host].under_way;
  under_way_count_.set(under_way_);
  const auto begun = std::chrono::steady_clock::now();
  target.attempt->start([this, number, begun](Outcome&& outcome) {
    took_.observe(std::chrono::duration_cast<std::chrono::microseconds>(
        std::chrono::steady_clock::now() - begun));
    ended(number, std::move(outcome));
  });
}

void Prober::ended(std::uint64_t number, Outcome&& outcome) {
  Target& target = targets_.at(number);
  const Mono now = clock_.mono();
  const bool was_full = under_way_ >= options_.most_under_way;
  target.under_way = false;
  --under_way_;
  --hosts_[target.host].under_way;
  under_way_count_.set(under_way_);
  probes_[static_cast<std::size_t>(outcome.result)].add();
  bool believed = !outcome.own_fault;
  if (outcome.own_fault) {
    // It was not asked.
  } else if (outcome.result == Result::missed) {
    ++target.missed;
    trust_.missed(target.host, now);
    believed = trust_.believes(now) && host_.responsive(longest_turn);
  } else {
    target.missed = 0;
    trust_.answered(target.host);
  }
  timetable_.again(number, target.due, target.check.interval, target.missed, now);
  target.due = timetable_.put_for();
  keep(number, target);
  if (believed) {
    core::Probed found = target.who;
    found.result = outcome.result;
    if (outcome.result != Result::passed || target.who.result != Result::passed)
      found.detail = std::move(outcome.detail);
    target.who.result = outcome.result;
    untold_.push_back(std::move(found));
    outcome.result == Result::passed ? tell_soon() : tell();
  } else {
    unbelieved_.add();
  }
  next_of(target.host);
  if (was_full || timetable_.next() == target.due) plan();
}

/// One of this host has ended: the next that waits for it may begin.
void Prober::next_of(const std::string& host) {
  const auto it = hosts_.find(host);
  if (it == hosts_.end()) return;
  HostLoad& load = it->second;
  if (load.waiting.empty() || load.under_way >= options_.most_per_host) return;
  const std::uint64_t number = load.waiting.front();
  load.waiting.erase(load.waiting.begin());
  begin(number);
}

void Prober::keep(std::uint64_t number, Target& target) {
  if (!target.attempt->keeps_connection()) return;
  target.kept = kept_.insert(kept_.end(), number);
  target.is_kept = true;
  if (kept_.size() > options_.most_kept) {
    Target& oldest = targets_.at(kept_.front());
    oldest.attempt->drop();
    unkeep(oldest);
  }
  kept_count_.set(kept_.size());
}

void Prober::unkeep(Target& target) {
  if (!target.is_kept) return;
  kept_.erase(target.kept);
  target.is_kept = false;
  kept_count_.set(kept_.size());
}

// Telling -----------------------------------------------------------------------------------------

/// Good news waits for others, so that many cost few turns.
void Prober::tell_soon() {
  if (telling_) return;
  telling_ = true;
  tell_timer_.expires_after(options_.told_interval);
  tell_timer_.async_wait([this](const boost::system::error_code& error) {
    telling_ = false;
    if (!error) tell();
  });
}

void Prober::tell() {
  if (untold_.empty()) return;
  host_.probed(std::exchange(untold_, {}));
}

void Prober::write_metrics(MetricsText& text) const {
  using Kind = MetricsText::Type;
  text.family("muster_probes_total", Kind::counter, "Probes of checks, by what they found.");
  constexpr const char* names[] = {"passed", "slow", "critical", "missed"};
  for (std::size_t i = 0; i < std::size(names); ++i)
    text.value(probes_[i].value(), {{"result", names[i]}});
  text.counter("muster_probes_unbelieved_total",
               "Missing answers that were not told, because the broker itself may be ill.",
               unbelieved_.value());
  text.counter("muster_probes_delayed_total", "Probes that waited for others of the same host.",
               delayed_.value());
  text.gauge("muster_probe_targets", "Checks that are probed.", targets_count_.value());
  text.gauge("muster_probes_under_way", "Probes that wait for an answer.",
             under_way_count_.value());
  text.gauge("muster_probe_connections_kept", "Connections kept between probes.",
             kept_count_.value());
  text.family("muster_probe_seconds", Kind::histogram, "From asking to the answer, or its lack.");
  text.histogram(took_);
}

}  // namespace muster::broker::probe
