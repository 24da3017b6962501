#include "descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace muster::broker {
namespace {

/// A process with few has a quarter of them kept.
constexpr rlim_t kept_for_store = 64;

}  // namespace

/// The kernel gives the lowest number that is free, so all below it are in use.
bool is_the_stores(int descriptor) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  const rlim_t kept = std::min(kept_for_store, limit.rlim_cur / 4);
  return static_cast<rlim_t>(descriptor) + kept >= limit.rlim_cur;
}

}  // namespace muster::broker
