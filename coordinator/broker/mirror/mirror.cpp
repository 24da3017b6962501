#include "mirror.hpp"

#include "../clock.hpp"
#include "../host.hpp"
#include "../log.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace muster::broker::mirror {
namespace {

using namespace std::chrono_literals;

/// Messages of one shard before the next one's turn.
constexpr int share = 1'000;
/// What is read from the store at once, and kept of each shard.
constexpr std::size_t page_events = 1'000;
constexpr std::uint64_t page_bytes = 512ULL << 10;
constexpr std::chrono::milliseconds first_backoff{100};
constexpr std::chrono::milliseconds longest_backoff{5'000};
constexpr std::size_t most_names = 1'000'000;

constexpr int shard_shift = 48;
std::uint64_t cookie_of(ShardIndex shard, std::uint64_t number) {
  return static_cast<std::uint64_t>(shard) << shard_shift | number;
}

/// The first event of the ring at or above `from`; null if there is none.
const Event* first_from(const core::View& view, std::uint64_t from) {
  const Event* found = nullptr;
  view.events.for_each_from(from, [&](std::uint64_t, const auto& event) {
    found = event.get();
    return false;
  });
  return found;
}

}  // namespace

Mirror::Mirror(MirrorOptions options, Host& host, store::Store& store, const Clock& clock,
               MakeProducer make_producer)
    : options_(std::move(options)),
      host_(host),
      store_(store),
      clock_(clock),
      make_producer_(std::move(make_producer)),
      views_(host.views()),
      shards_(views_.size()),
      name_of_([this](const TopicId& topic) { return topic_name(topic); }) {
  const std::uint64_t run =
      std::clamp<std::uint64_t>(options_.outbox_bytes / 256, 4ULL << 10, 4ULL << 20);
  for (ShardIndex i = 0; i < shards_.size(); ++i) {
    shards_[i].index = i;
    shards_[i].backlog = Backlog{run};
    begin(shards_[i]);
  }
  most_in_flight_ = std::max<std::size_t>(options_.most_in_flight / shards_.size(), 1);
  stats_.positions = std::vector<Counter>(shards_.size());
  host_.on_published([this] { wake(); });
}

Mirror::~Mirror() {
  stop();
}

void Mirror::start() {
  thread_ = std::thread([this] { run(); });
}

void Mirror::stop() {
  ending_ = true;
  wake();
  if (thread_.joinable()) thread_.join();
}

/// Where this mirror was, or where a new one starts.
void Mirror::begin(Shard& shard) {
  std::uint64_t first = 0;
  store_.read_events(shard.index, 0, [&](const auto& event) {
    first = event->number;
    return false;
  });
  const store::EventNote note = store_.read_note(shard.index);
  std::uint64_t passed = first == 0 ? 0 : first - 1;
  if (note.reader == options_.reader) {
    passed = note.passed;
  } else if (options_.from_now) {
    views_[shard.index]->events.for_each(
        [&](std::uint64_t number, const auto&) { passed = number; });
  }
  shard.window = Window{passed};
  shard.newest = shard.observed = shard.noted = passed;
  shard.kept_from = first;
}

// The thread
// ------------------------------------------------------------------------------------------------

/// On loops and on librdkafka's threads.
void Mirror::wake() {
  if (awake_.exchange(true)) return;
  {
    const std::lock_guard lock(mutex_);
  }
  woken_.notify_one();
}

void Mirror::wait() {
  std::unique_lock lock(mutex_);
  woken_.wait_for(lock, 200ms, [this] { return awake_.load(); });
  awake_ = false;
}

void Mirror::run() {
  std::optional<SteadyTime> deadline;
  try {
    while (true) {
      wait();
      const bool ending = ending_;
      const SteadyTime now = std::chrono::steady_clock::now();
      turn(now);
      if (!ending) continue;
      if (!deadline) deadline = now + options_.drain;
      if (caught_up() || now >= *deadline) break;
    }
    note(true);
  } catch (const store::StoreError& error) {
    if (options_.on_store_failure)
      options_.on_store_failure("the mirror cannot read events: " + std::string{error.what()});
  }
  if (!caught_up())
    log::warning("events wait for Kafka until the next start",
                 {{"events", stats_.lag_events.value()}});
  producer_.reset();
}

void Mirror::turn(SteadyTime now) {
  views_ = host_.views();
  for (Shard& shard : shards_) observe(shard);
  bound(now);
  tend_producer(now);
  bool more = true;
  for (int round = 0; more && round < 16 && producer_; ++round) {
    full_ = more = false;
    // Each shard is the first in turn: where there is room for few, all get some.
    ++first_;
    for (std::size_t i = 0; i < shards_.size(); ++i)
      more = feed(shards_[(first_ + i) % shards_.size()]) || more;
    producer_->poll([this](std::uint64_t cookie) { delivered(cookie); });
  }
  if (more || !all_observed()) awake_ = true;
  if (now - noted_at_ >= options_.note_interval) {
    noted_at_ = now;
    note(false);
  }
  note_lag();
}

/// Counts what is new. What has left the ring meanwhile is read from the store, a page in a turn:
/// after a start with a full outbox that is all of it.
void Mirror::observe(Shard& shard) {
  const core::View& view = *views_[shard.index];
  const auto count = [&](const Event& event) {
    if (event.number <= shard.observed) return;
    shard.backlog.made(event.number, stored_bytes(event), event.at);
    shard.observed = event.number;
  };
  const Event* const first = first_from(view, shard.observed + 1);
  if (first == nullptr) return;
  if (first->number != shard.observed + 1) {
    const Page& page = page_from(shard, shard.observed + 1);
    for (const auto& event : page.events)
      if (event->number < first->number) count(*event);
    const bool all = page.events.empty() || page.events.back()->number >= first->number;
    shard.newest = first->number;
    if (!all) return;
  }
  view.events.for_each_from(shard.observed + 1, [&](std::uint64_t, const auto& event) {
    count(*event);
    return true;
  });
  shard.newest = shard.observed;
}

const Mirror::Page& Mirror::page_from(Shard& shard, std::uint64_t from) {
  Page& page = shard.page;
  if (!page.events.empty() && page.from <= from && from <= page.events.back()->number) return page;
  page.from = from;
  page.events.clear();
  std::uint64_t bytes = 0;
  store_.read_events(shard.index, from, [&](auto event) {
    bytes += stored_bytes(*event);
    page.events.push_back(std::move(event));
    return page.events.size() < page_events && bytes < page_bytes;
  });
  return page;
}

// The bound
// -------------------------------------------------------------------------------------------------

Mirror::Shard* Mirror::fullest() {
  Shard* found = nullptr;
  for (Shard& shard : shards_) {
    if (!shard.backlog.oldest_run_from(first_to_drop(shard))) continue;
    if (found == nullptr || shard.backlog.bytes() > found->backlog.bytes()) found = &shard;
  }
  return found;
}

std::uint64_t Mirror::first_to_drop(const Shard& shard) {
  return shard.lost.empty() ? shard.window.next()
                            : std::max(shard.window.next(), shard.lost.back().last + 1);
}

const store::EventRange* Mirror::lost_at(const Shard& shard, std::uint64_t number) {
  for (const store::EventRange& range : shard.lost)
    if (range.first <= number && number <= range.last) return &range;
  return nullptr;
}

/// Past the bound the oldest go that are not on their way. The store forgets them together with a
/// note of what has passed, so that the hole they leave says exactly what is missing.
void Mirror::bound(SteadyTime now) {
  const auto waiting = [this] {
    std::uint64_t sum = 0;
    for (const Shard& shard : shards_) sum += shard.backlog.bytes();
    return sum;
  };
  std::vector<store::EventNote> notes;
  std::vector<store::EventRange> removed;
  std::uint64_t bytes = waiting();
  while (bytes > options_.outbox_bytes) {
    Shard* const shard = fullest();
    if (shard == nullptr) break;
    const std::uint64_t first = first_to_drop(*shard);
    const std::uint64_t last = *shard->backlog.oldest_run_from(first);
    if (!shard->lost.empty() && shard->lost.back().last + 1 == first) {
      shard->lost.back().last = last;
    } else {
      shard->lost.push_back({shard->index, first, last});
    }
    shard->backlog.dropped(first, last);
    shard->noted = shard->window.passed();
    notes.push_back({shard->index, options_.reader, shard->noted});
    removed.push_back({shard->index, first, last});
    stats_.lost.add(last - first + 1);
    bytes = waiting();
  }
  stats_.waiting_bytes.set(bytes);
  if (removed.empty()) return;
  host_.note_events(std::move(notes), std::move(removed));
  if (now - shouted_at_ < 10s) return;
  shouted_at_ = now;
  log::error("the outbox is full: the oldest events are lost, Kafka has not taken them",
             {{"bound_bytes", options_.outbox_bytes}, {"lost_so_far", stats_.lost.value()}});
}

// The producer
// ----------------------------------------------------------------------------------------------

void Mirror::tend_producer(SteadyTime now) {
  if (!producer_) {
    if (now < retry_at_) return;
    try {
      producer_ = make_producer_([this] { wake(); });
    } catch (const std::exception& error) {  // no more threads, or the like
      return postpone(error.what(), now);
    }
  }
  producer_->poll([this](std::uint64_t cookie) { delivered(cookie); });
  if (!producer_->failure().empty()) return replace_producer(now);
  const std::string complaint = producer_->complaint();
  stats_.complaining.set(complaint.empty() ? 0 : 1);
  if (complaint == complaint_) return;
  if (complaint.empty()) {
    log::info("Kafka takes events again");
  } else if (complaint_.empty()) {
    log::warning("Kafka does not take events", {{"why", complaint}});
  }
  complaint_ = complaint;
}

/// What it had on its way may have arrived or not: all of it is sent again, in order.
void Mirror::replace_producer(SteadyTime now) {
  const std::string why = producer_->failure();
  producer_.reset();
  for (Shard& shard : shards_) shard.window.rewind();
  postpone(why, now);
}

void Mirror::postpone(const std::string& why, SteadyTime now) {
  backoff_ = std::clamp(backoff_ * 2, first_backoff, longest_backoff);
  log::error("the mirror's producer failed; another one takes over",
             {{"why", why}, {"in_ms", backoff_.count()}});
  stats_.failures.add();
  stats_.complaining.set(1);
  complaint_ = why;
  retry_at_ = now + backoff_;
}

void Mirror::delivered(std::uint64_t cookie) {
  Shard& shard = shards_[cookie >> shard_shift];
  const auto at = shard.window.delivered(cookie & ((1ULL << shard_shift) - 1));
  if (!at) return;
  stats_.delay.observe(Millis{std::max<std::int64_t>(clock_.wall().ms - at->ms, 0)});
  shard.backlog.passed(shard.window.passed());
  while (!shard.lost.empty() && shard.lost.front().last <= shard.window.passed())
    shard.lost.pop_front();
  stats_.delivered.add();
  backoff_ = {};
}

/// Gives whether there is more that could be sent now.
bool Mirror::feed(Shard& shard) {
  int left = share;
  const auto take = [&](const Event& event) {
    return event.number <= shard.observed && shard.window.size() < most_in_flight_ &&
           offer(shard, event) && --left > 0;
  };
  const core::View& view = *views_[shard.index];
  while (left > 0 && !full_) {
    const std::uint64_t next = shard.window.next();
    if (const auto* const gap = lost_at(shard, next)) {
      if (!send(shard, gap_marker(shard.index, next, gap->last, clock_.wall()))) return false;
      continue;
    }
    if (next > shard.observed || shard.window.size() >= most_in_flight_) return false;
    const Event* const first = first_from(view, next);
    if (first != nullptr && first->number == next) {
      view.events.for_each_from(next,
                                [&](std::uint64_t, const auto& event) { return take(*event); });
    } else {
      const Page& page = page_from(shard, next);
      auto at = std::partition_point(page.events.begin(), page.events.end(),
                                     [&](const auto& event) { return event->number < next; });
      while (at != page.events.end() && take(**at)) ++at;
      if (shard.window.next() == next) return false;  // full
    }
  }
  return !full_;
}

/// A number that is missing was dropped by an earlier run.
bool Mirror::offer(Shard& shard, const Event& event) {
  const std::uint64_t next = shard.window.next();
  if (event.number < next) return true;
  if (lost_at(shard, event.number) != nullptr) return false;  // the ring may still have it
  if (event.number > next &&
      !send(shard, gap_marker(shard.index, next, event.number - 1, clock_.wall())))
    return false;
  return send(shard, event);
}

bool Mirror::send(Shard& shard, const Event& event) {
  write_message(message_, event, options_.store_uuid, name_of_);
  if (!producer_->send(message_, cookie_of(shard.index, event.number))) {
    full_ = true;
    stats_.full.add();
    return false;
  }
  if (event.kind == EventKind::events_lost)
    log::error("a gap marker tells what is lost",
               {{"shard", event.shard}, {"first", event.first_lost}, {"last", event.number}});
  shard.window.sent(event.number, event.at);
  return true;
}

/// Topics that were deleted stay known as long as this process lives: events still speak of them.
std::string Mirror::topic_name(const TopicId& topic) {
  const core::View& catalogue = *views_.front();
  if (names_version_ != catalogue.catalogue_version) {
    if (names_.size() > most_names) names_.clear();
    catalogue.topics.for_each(
        [&](const std::string& name, const auto& known) { names_[known->id] = name; });
    names_version_ = catalogue.catalogue_version;
  }
  const auto it = names_.find(topic);
  return it == names_.end() ? std::string{} : it->second;
}

// What is remembered
// ----------------------------------------------------------------------------------------

/// What has passed goes from the store, but for what the ring of this run keeps for other readers.
void Mirror::note(bool at_last) {
  std::vector<store::EventNote> notes;
  std::vector<store::EventRange> removed;
  for (Shard& shard : shards_) {
    const std::uint64_t passed = shard.window.passed();
    if (passed != shard.noted || at_last) {
      shard.noted = passed;
      notes.push_back({shard.index, options_.reader, passed});
    }
    const Event* const ring = first_from(*views_[shard.index], 0);
    const std::uint64_t keep = std::min(passed + 1, ring == nullptr ? passed + 1 : ring->number);
    if (keep <= shard.kept_from) continue;
    removed.push_back({shard.index, shard.kept_from, keep - 1});
    shard.kept_from = keep;
  }
  if (!notes.empty() || !removed.empty()) host_.note_events(std::move(notes), std::move(removed));
}

void Mirror::note_lag() {
  std::uint64_t lag = 0;
  std::uint64_t in_flight = 0;
  std::int64_t age = 0;
  const std::int64_t now = clock_.wall().ms;
  for (const Shard& shard : shards_) {
    in_flight += shard.window.size();
    stats_.positions[shard.index].set(shard.window.passed());
    if (shard.newest <= shard.window.passed()) continue;
    lag += shard.newest - shard.window.passed();
    if (const auto oldest = shard.backlog.oldest()) age = std::max(age, now - oldest->ms);
  }
  stats_.lag_events.set(lag);
  stats_.in_flight.set(in_flight);
  stats_.lag_ms.set(static_cast<std::uint64_t>(age));
}

bool Mirror::caught_up() const {
  return std::all_of(shards_.begin(), shards_.end(),
                     [](const Shard& shard) { return shard.window.passed() >= shard.newest; });
}

bool Mirror::all_observed() const {
  return std::all_of(shards_.begin(), shards_.end(),
                     [](const Shard& shard) { return shard.observed >= shard.newest; });
}

void Mirror::write_metrics(MetricsText& text) const {
  text.counter("muster_mirror_events_total", "Messages that Kafka has acknowledged.",
               stats_.delivered.value());
  text.family("muster_mirror_delay_seconds", MetricsText::Type::histogram,
              "Time from an event's making to Kafka's acknowledgement, becoming durable included.");
  text.histogram(stats_.delay);
  text.counter("muster_mirror_lost_total",
               "Events that were dropped because the outbox was full: a gap marker names them.",
               stats_.lost.value());
  text.counter("muster_mirror_failures_total", "Producers that failed and were replaced.",
               stats_.failures.value());
  text.counter("muster_mirror_full_total", "Times that the producer's queue was full.",
               stats_.full.value());
  text.family("muster_mirror_position", MetricsText::Type::gauge,
              "Number of the newest event up to which Kafka has all.");
  for (std::size_t shard = 0; shard < stats_.positions.size(); ++shard)
    text.value(stats_.positions[shard].value(), {{"shard", std::to_string(shard)}});
  text.gauge("muster_mirror_lag_events", "Durable events that Kafka has not acknowledged.",
             stats_.lag_events.value());
  text.gauge("muster_mirror_lag_ms", "Age of the oldest of them, roughly.", stats_.lag_ms.value());
  text.gauge("muster_mirror_in_flight",
             "Messages handed to the producer that, or one before them, are not acknowledged.",
             stats_.in_flight.value());
  text.gauge("muster_mirror_outbox_bytes", "Bytes, roughly, of the events that wait.",
             stats_.waiting_bytes.value());
  text.gauge("muster_mirror_outbox_bound_bytes", "Their bound: beyond it the oldest are lost.",
             options_.outbox_bytes);
  text.gauge("muster_mirror_troubled", "1 while Kafka does not take events.",
             stats_.complaining.value());
}

}  // namespace muster::broker::mirror
