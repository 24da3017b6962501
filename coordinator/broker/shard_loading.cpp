/// How a shard comes up, and how the catalogue leaves shard 0, and nodes leave theirs.
#include "shard_driver.hpp"

#include "log.hpp"
#include "recorder/recorder.hpp"

#include "../store/store.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace muster::broker {
namespace {

[[noreturn]] void refuse_record(ShardIndex shard, const core::Record& record,
                                const std::string& why) {
  throw store::StoreError(Errc::store_corrupt, "record " + std::to_string(record.revision) +
                                                   " of shard " + std::to_string(shard) +
                                                   " makes no sense: " + why);
}

/// A shard without an outlet: before the doors open nobody waits for anything.
class Nobody final : public Outlet {
 public:
  void reply(std::uint64_t, std::uint64_t, ReplyBody&&) override {}
  void push(ShardIndex, std::uint64_t, PushBody&&) override {}
  void feed(Waiting&&) override {}
};

}  // namespace

void ShardDriver::load(store::Store& store, const TurnTime& now) {
  const store::LoadedShard loaded = store.load(index_, [&](core::Record&& record) {
    const Result<void> taken = shard_.replay(record);
    if (taken.has_error()) refuse_record(index_, record, taken.error().message());
  });
  if (!shared_.options.limits.outbox) remove_forgotten_events(store, loaded);
  Nobody nobody;
  core::Input input;
  input.command = core::Loaded{.term_floor = loaded.term_floor, .revision_floor = loaded.revision};
  step(input, now, nobody);
  append_now(store);
  shard_term_ = shard_.view()->term;
  log::debug("shard loaded", {{"shard", index_},
                              {"records", loaded.records},
                              {"revision", loaded.revision},
                              {"term", shard_term_}});
}

/// An earlier run had a mirror, or a larger ring: what this one does not keep in memory it would
/// never remove.
void ShardDriver::remove_forgotten_events(store::Store& store, const store::LoadedShard& loaded) {
  std::uint64_t first = 0;
  shard_.view()->events.for_each_from(std::uint64_t{0}, [&](std::uint64_t number, const auto&) {
    first = number;
    return false;
  });
  if (loaded.first_event == 0 || loaded.first_event >= first) return;
  const std::array<store::EventRange, 1> removed{
      store::EventRange{index_, loaded.first_event, first - 1}};
  if (store.note({}, removed).has_error())
    throw store::StoreError(Errc::store_failed, "the store could not remove old events of shard " +
                                                    std::to_string(index_) + ": " +
                                                    store.failure());
}

void ShardDriver::take_catalogue(store::Store& store, const core::View& catalogue,
                                 const TurnTime& now) {
  core::CatalogueChange change;
  change.version = catalogue.catalogue_version;
  change.whole = true;
  catalogue.topics.for_each(
      [&](const auto&, const auto& topic) { change.topics.push_back(topic); });
  Nobody nobody;
  core::Input input;
  input.command = std::move(change);
  step(input, now, nobody);
  append_now(store);
}

void ShardDriver::publish_first() {
  durable_ = shard_.revision();
  stats_.durable.set(durable_);
  newest_ = shard_.view();
  shared_.views->publish(index_, newest_);
  note_stats();
  if (shared_.options.recorder) recorder_ = &shared_.options.recorder->shard(index_);
}

void ShardDriver::append_now(store::Store& store) {
  if (!effects_.records.empty()) {
    std::array<store::Batch, 1> batch{store::Batch{index_, std::move(effects_.records)}};
    const Result<void> appended = store.append(batch);
    if (appended.has_error()) {
      throw store::StoreError(Errc::store_failed,
                              "the store could not keep the new term of shard " +
                                  std::to_string(index_) + ": " + appended.error().message());
    }
  }
  effects_ = {};
}

void ShardDriver::take_nodes(store::Store& store, const core::View& other, const TurnTime& now) {
  core::NodesChange change;
  change.from = other.shard;
  change.whole = true;
  change.shards = shared_.shards();
  other.nodes.for_each([&](const auto&, const core::NodeView& node) {
    change.nodes.push_back({node.record->name, node.record->status});
  });
  Nobody nobody;
  core::Input input;
  input.command = std::move(change);
  step(input, now, nobody);
  append_now(store);
  publish_first();
}

/// In the order in which they came, so that the last word on a node is the last.
void ShardDriver::collect_nodes(Pending& pending) {
  pending.nodes.from = index_;
  for (const core::Record& record : effects_.records) {
    if (record.key.kind != core::RecordKind::node) continue;
    const auto* node = std::get_if<std::shared_ptr<const core::NodeRecord>>(&record.value);
    pending.nodes.nodes.push_back(
        {NodeName{record.key.group}, node == nullptr ? Status::dead : (*node)->status});
  }
}

void ShardDriver::feed_others(const Pending& ready, Outlet& out) {
  for (const core::CatalogueChange& change : ready.catalogue)
    for (ShardIndex shard = 1; shard < shared_.shards(); ++shard)
      out.feed(host_command(shard, 0, change));
  if (ready.nodes.nodes.empty()) return;
  for (ShardIndex shard = 0; shard < shared_.shards(); ++shard)
    if (shard != index_) out.feed(host_command(shard, 0, ready.nodes));
}

/// One change of the catalogue for each step that touched it: the topics it wrote, those it
/// removed, and the version, which the step's meta record has.
void ShardDriver::collect_catalogue(Pending& pending) {
  std::map<Revision, core::CatalogueChange> changes;
  for (const core::Record& record : effects_.records) {
    if (record.key.kind != core::RecordKind::topic) continue;
    core::CatalogueChange& change = changes[record.revision];
    if (const auto* topic = std::get_if<std::shared_ptr<const core::TopicRecord>>(&record.value)) {
      change.topics.push_back(*topic);
      change.version = std::max(change.version, (*topic)->version);
    } else {
      change.deleted.push_back(record.key.topic);
    }
  }
  for (const core::Record& record : effects_.records) {
    const auto* meta = std::get_if<std::shared_ptr<const core::ShardMeta>>(&record.value);
    if (meta == nullptr) continue;
    const auto change = changes.find(record.revision);
    if (change != changes.end()) change->second.version = (*meta)->catalogue_version;
  }
  for (auto& [revision, change] : changes) pending.catalogue.push_back(std::move(change));
}

}  // namespace muster::broker
