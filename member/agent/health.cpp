#include "health.hpp"

#include <algorithm>

namespace muster::agent {

void CheckHealth::note(Outcome outcome) {
  using Finding = Outcome::Finding;
  words_ = std::move(outcome.words);
  if (outcome.finding == Finding::passed) {
    bad_ = misses_ = 0;
    if (++good_ >= spec_.rising) health_ = Health::well;
    return;
  }
  good_ = 0;
  ++bad_;
  misses_ = outcome.finding == Finding::missed ? misses_ + 1 : 0;
  if (misses_ >= spec_.dead_after)
    health_ = Health::dead;
  else if (misses_ >= spec_.critical_after)
    health_ = Health::critical;
  else if (misses_ == 0 && health_ >= Health::unknown)
    health_ = Health::overloaded;  // it answers again
  else if (bad_ >= spec_.overloaded_after && health_ == Health::well)
    health_ = Health::overloaded;
}

Health worst(std::span<const CheckHealth> checks) {
  Health out = Health::well;
  for (const CheckHealth& check : checks) out = std::max(out, check.health());
  return out;
}

std::string why(std::span<const CheckHealth> checks) {
  const Health health = worst(checks);
  for (const CheckHealth& check : checks) {
    if (check.health() != health || health == Health::well) continue;
    if (check.words().empty()) return in_words(check.spec()) + ": no answer yet";
    return check.misses() > 1 ? std::to_string(check.misses()) + " in a row: " + check.words()
                              : check.words();
  }
  return {};
}

}  // namespace muster::agent
