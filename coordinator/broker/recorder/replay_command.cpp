#include "replay_command.hpp"

#include "inputs_text.hpp"
#include "replay.hpp"

#include <muster/core/trace.hpp>

#include <algorithm>
#include <iostream>
#include <limits>

namespace muster::broker::recorder {
namespace {

/// What one shard's replay prints.
class Teller {
 public:
  Teller(const ReplayWish& wish, ShardIndex index, core::Shard& shard)
      : wish_(wish), index_(index), shard_(shard) {
    if (!wish.from.empty()) from_ = time_of(wish.from).ms;
    if (!wish.until.empty()) until_ = time_of(wish.until).ms;
  }

  /// The step was run already; one after the end is the sign to stop.
  bool see(const Step& step, const core::Effects& effects) {
    if (step.now.wall.ms > until_) return false;
    first_ = std::min(first_, step.now.wall.ms);
    last_ = std::max(last_, step.now.wall.ms);
    if (step.now.wall.ms < from_ || !wanted(step, effects)) return true;
    std::cout << words(step.now.wall) << " shard " << index_ << " " << words(step.input) << "\n"
              << core::trace(effects, [this](const TopicId& id) { return name_of(id); });
    for (const auto& event : effects.events)
      if (!event->detail.empty()) std::cout << "  why " << event->detail << "\n";
    return true;
  }

  [[nodiscard]] std::int64_t first() const { return first_; }
  [[nodiscard]] std::int64_t last() const { return last_; }

 private:
  static bool has_effects(const core::Effects& effects) {
    return !effects.records.empty() || !effects.pushes.empty();
  }

  [[nodiscard]] bool wanted(const Step& step, const core::Effects& effects) const {
    if (wish_.group.empty()) return wish_.all || has_effects(effects);
    if (wish_.epoch != 0) return touches_epoch(effects);
    const bool touches =
        std::any_of(effects.records.begin(), effects.records.end(),
                    [&](const core::Record& record) { return record.key.group == wish_.group; });
    if (touches || !wish_.all) return touches;
    const auto* request = std::get_if<Request>(&step.input.command);
    return request != nullptr;
  }

  /// Its events say who or what raised it, its history what it cost.
  [[nodiscard]] bool touches_epoch(const core::Effects& effects) const {
    const auto number = static_cast<std::uint64_t>(wish_.epoch);
    const bool told =
        std::any_of(effects.events.begin(), effects.events.end(), [&](const auto& event) {
          return event->group == wish_.group && event->epoch == wish_.epoch;
        });
    return told || std::any_of(effects.records.begin(), effects.records.end(),
                               [&](const core::Record& record) {
                                 return record.key.kind == core::RecordKind::history &&
                                        record.key.group == wish_.group &&
                                        record.key.number == number;
                               });
  }

  [[nodiscard]] std::string name_of(const TopicId& id) const {
    std::string name = "?";
    shard_.view()->topics.for_each([&](const std::string& topic, const auto& record) {
      if (record->id == id) name = topic;
    });
    return name;
  }

  const ReplayWish& wish_;
  ShardIndex index_;
  core::Shard& shard_;
  std::int64_t from_ = std::numeric_limits<std::int64_t>::min();
  std::int64_t until_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t first_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t last_ = std::numeric_limits<std::int64_t>::min();
};

void print_state(const core::View& view, const std::string& only) {
  view.groups.for_each([&](const std::string& name, const auto& group) {
    if (!only.empty() && name != only) return;
    std::cout << "group " << name << ": " << to_string(group->state) << ", epoch "
              << group->record->epoch << ", " << group->members.size() << " members\n";
    group->members.for_each([](std::string_view id, const core::MemberView& member) {
      std::size_t owned = 0;
      if (member.current)
        for (const core::Granted& topic : member.current->assigned)
          owned += topic.partitions.size();
      std::cout << "  member " << id << ": " << to_string(member.record->status()) << ", step "
                << (member.current ? member.current->step : 0) << ", owns " << owned
                << " partitions\n";
    });
  });
}

void add(ReplayOutcome& sum, const ReplayOutcome& one) {
  sum.steps += one.steps;
  sum.heartbeats += one.heartbeats;
  sum.images += one.images;
  sum.differing += one.differing;
  sum.damaged += one.damaged;
}

ExitCode told(const ReplayWish& wish, const std::string& version) {
  if (wish.epoch != 0 && wish.group.empty())
    throw FlightFileError("--epoch is an epoch of a --group");
  const Recording recording(wish.file, version);
  const std::uint32_t shards = recording.shards();
  const ShardIndex first = wish.group.empty() ? 0 : core::shard_of(wish.group, shards);
  const ShardIndex end = wish.group.empty() ? shards : first + 1;
  ReplayOutcome sum;
  std::int64_t from = std::numeric_limits<std::int64_t>::max();
  std::int64_t until = std::numeric_limits<std::int64_t>::min();
  for (ShardIndex index = first; index < end; ++index) {
    core::Shard shard({.index = index, .limits = recording.limits()});
    Teller teller(wish, index, shard);
    add(sum, recording.replay(index, shard, [&](const Step& step, const core::Effects& effects) {
      return teller.see(step, effects);
    }));
    from = std::min(from, teller.first()), until = std::max(until, teller.last());
    if (wish.state) print_state(*shard.view(), wish.group);
  }
  std::cout << sum.steps << " inputs, " << sum.heartbeats << " of them heartbeats, of "
            << end - first << " shards";
  if (from <= until) std::cout << ", from " << words(Wall{from}) << " to " << words(Wall{until});
  std::cout << "; " << sum.images << " images compared, " << sum.differing << " differ, "
            << sum.damaged << " damaged segments\n";
  return sum.differing + sum.damaged == 0 ? ExitCode::ok : ExitCode::failed;
}

}  // namespace

ExitCode replay(const ReplayWish& wish, const std::string& version) {
  try {
    return told(wish, version);
  } catch (const std::exception& error) {
    std::cerr << "musterd: " << error.what() << "\n";
    return ExitCode::failed;
  }
}

}  // namespace muster::broker::recorder
