#include "restarts.hpp"

#include <algorithm>

namespace muster::agent {

std::optional<Millis> Restarts::next(Mono now) {
  while (!counted_.empty() && now - counted_.front() >= spec_.window) counted_.pop_front();
  if (counted_.size() >= spec_.budget) return std::nullopt;
  Millis most = std::min(spec_.backoff, spec_.backoff_max);
  for (std::size_t i = 0; i < counted_.size() && most < spec_.backoff_max; ++i)
    most = std::min(most * 2, spec_.backoff_max);
  counted_.push_back(now);
  return dice_.up_to(most);
}

}  // namespace muster::agent
