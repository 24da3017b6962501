#include "timetable.hpp"

#include <algorithm>

namespace muster::broker::probe {
namespace {

constexpr Millis longest_pause{60'000};
constexpr std::uint32_t patient_misses = 3;

Millis pause(Millis interval, std::uint32_t missed) {
  if (missed <= patient_misses) return interval;
  const std::uint32_t doublings = std::min<std::uint32_t>(missed - patient_misses, 3);
  return std::max(interval, std::min(interval * (1 << doublings), longest_pause));
}

}  // namespace

void Timetable::put(std::uint64_t target, Mono at) {
  put_for_ = at;
  due_.emplace(at.ms, target);
}

void Timetable::add(std::uint64_t target, Millis interval, std::uint64_t spread, Mono now) {
  const auto span = static_cast<std::uint64_t>(std::max<std::int64_t>(interval.count(), 1));
  put(target, now + Millis{static_cast<std::int64_t>(spread % span)});
}

void Timetable::again(std::uint64_t target, Mono was_due, Millis interval, std::uint32_t missed,
                      Mono now) {
  const Mono next = was_due + pause(interval, missed);
  put(target, next < now ? now : next);
}

std::optional<Timetable::Due> Timetable::take(Mono now) {
  if (due_.empty() || due_.begin()->first > now.ms) return std::nullopt;
  const Due due{due_.begin()->second, {due_.begin()->first}};
  due_.erase(due_.begin());
  return due;
}

std::optional<Mono> Timetable::next() const {
  if (due_.empty()) return std::nullopt;
  return Mono{due_.begin()->first};
}

}  // namespace muster::broker::probe
