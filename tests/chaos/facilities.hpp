/// What this machine can do for a chaos run, tried out once before it.
#pragma once

#include <string>
#include <vector>

namespace muster::chaos {

struct Facility {
  const char* name;
  bool there = false;
  std::string reason;  ///< Why not.
};

/// Tries each in a process of its own, so nothing is left behind. Needs one thread only.
[[nodiscard]] std::vector<Facility> try_facilities(const std::string& folder);

/// Of the facility with this name.
[[nodiscard]] const Facility& find(const std::vector<Facility>& all, const std::string& name);

}  // namespace muster::chaos
