#include "event_log.hpp"

#include "log.hpp"

namespace muster::broker {
namespace {

/// One line per member and step is for debugging; what people want to see is the rebalance itself.
log::Level level_of(EventKind kind) {
  return kind == EventKind::assignment_changed ? log::Level::debug : log::Level::info;
}

}  // namespace

void EventLog::tell(const Event& event, Mono now) {
  const log::Level level = level_of(event.kind);
  if (!log::enabled(level)) return;
  if (now - second_ >= Millis{1000}) begin_second(now);
  if (lines_ >= lines_per_second) {
    ++left_out_;
    return;
  }
  ++lines_;
  const bool status = event.kind == EventKind::member_status_changed ||
                      event.kind == EventKind::instance_status_changed ||
                      event.kind == EventKind::node_status_changed;
  log::write(level, to_string(event.kind),
             {{"shard", event.shard},
              {"number", event.number},
              {"group", event.group},
              {"member", event.member},
              {"service", event.service},
              {"instance", event.instance},
              {"node", event.node},
              {"topic", event.topic},
              {"epoch", event.epoch},
              {"status", status ? to_string(event.to) : std::string_view{}},
              {"reason", to_string(event.reason)},
              {"detail", event.detail}});
}

void EventLog::begin_second(Mono now) {
  if (left_out_ > 0) {
    log::info("events were left out of the log",
              {{"events", left_out_}, {"bound_per_second", lines_per_second}});
  }
  second_ = now;
  lines_ = 0;
  left_out_ = 0;
}

}  // namespace muster::broker
