/// What checks share: how they word what they found, and how long somebody was away.
#pragma once

#include "checks.hpp"

#include <algorithm>
#include <sstream>

namespace muster::chaos {

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// Keeps the first few: more of them say nothing new.
template <class... Parts>
void blame(Verdict& verdict, const Parts&... parts) {
  constexpr std::size_t excerpts = 5;
  if (verdict.faults.size() < excerpts) verdict.faults.push_back(text(parts...));
}

/// How much of from..to the spans cover. They do not overlap each other.
inline Stamp overlap(const std::vector<Span>& spans, Stamp from, Stamp to) {
  Stamp sum = 0;
  for (const Span& span : spans)
    sum += std::max<Stamp>(0, std::min(span.to, to) - std::max(span.from, from));
  return sum;
}

inline Stamp micros(Millis time) {
  return time.count() * 1'000;
}

}  // namespace muster::chaos
