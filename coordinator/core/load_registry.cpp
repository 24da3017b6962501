#include "load_registry.hpp"

#include <muster/mutant.hpp>

#include "damping.hpp"
#include "departed.hpp"
#include "instances.hpp"
#include "ladder.hpp"
#include "nodes.hpp"
#include "protection.hpp"
#include "silence.hpp"

#include <set>

namespace muster::core {
namespace {

void open_session(Turn& turn, std::uint32_t slot, Millis timeout, Status status,
                  Millis last_run_age, Unheard& unheard) {
  const Millis budget = budget_of(turn, slot, timeout, last_run_age);
  const SessionTime heard_at = turn.time() - (timeout - budget).count();
  open_plain_session(turn, slot, timeout, heard_at, status);
  watch_instance(turn, slot);
  expect_to_hear(turn, slot, budget, unheard);
}

}  // namespace

void load_registry(Turn& turn, Millis last_run_age, Parts& parts) {
  std::set<std::string> awaited;
  for (const auto& [name, service] : turn.state().registry().services()) {
    if (!service.instances.empty() && !MUSTER_MUTANT(sure_after_restart)) {
      turn.registry().unsure.insert(name);
      parts.replay.touch_service(name);  // a picture that was taken before this step looks sure
    }
    service.instances.for_each([&](std::string_view, const InstanceView& instance) {
      const InstanceRecord& record = *instance.record;
      restore_score(turn, record);
      if (instance.slot == no_slot) {
        awaited.insert(record.info.node.value);
        return;
      }
      open_session(turn, instance.slot, record.session_timeout, record.ladder, last_run_age,
                   parts.unheard);
    });
    restore_protection(turn, name);
  }
  turn.state().registry().nodes().for_each([&](const std::string&, const NodeView& node) {
    open_session(turn, node.slot, node.record->session_timeout, node.record->status, last_run_age,
                 parts.unheard);
  });
  // Other shards tell of their nodes soon; who is missing then is gone.
  for (const std::string& node : awaited) expect_node(turn, node);
  restore_departed(turn);
}

}  // namespace muster::core
