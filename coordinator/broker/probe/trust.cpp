#include "trust.hpp"

namespace muster::broker::probe {

void Trust::answered(const std::string& host) {
  hosts_[host].reset();
  lately_.erase(host);
}

void Trust::missed(const std::string& host, Mono now) {
  std::optional<Mono>& since = hosts_[host];
  if (since) return;
  since = now;
  lately_[host] = now;
}

void Trust::forget(const std::string& host) {
  hosts_.erase(host);
  lately_.erase(host);
}

void Trust::began(Millis late, Mono now) {
  if (late > late_by) late_until_ = now + late_by;
}

void Trust::age(Mono now) {
  // While there is doubt nobody leaves the window: else doubt would end by itself.
  if (doubts_since_) return;
  std::erase_if(lately_, [&](const auto& one) { return now - one.second > window; });
}

bool Trust::believes(Mono now) {
  if (late_until_ && now < *late_until_) return false;
  age(now);
  const bool implausible = lately_.size() >= least_hosts && lately_.size() * 2 >= hosts_.size();
  if (!implausible) {
    doubts_since_.reset();
    return true;
  }
  if (!doubts_since_) doubts_since_ = now;
  return now - *doubts_since_ > longest_doubt;
}

}  // namespace muster::broker::probe
