/// Thresholds on the way down and up.
#include <agent/health.hpp>

#include <gtest/gtest.h>

namespace muster::agent {
namespace {

using Finding = Outcome::Finding;

struct Thresholds {
  std::uint32_t overloaded = 1;
  std::uint32_t critical = 2;
  std::uint32_t dead = 3;
  std::uint32_t rising = 1;
};

CheckSpec check_with(Thresholds t) {
  CheckSpec out;
  out.overloaded_after = t.overloaded;
  out.critical_after = t.critical;
  out.dead_after = t.dead;
  out.rising = t.rising;
  return out;
}

/// '.' passes, 'o' is overloaded, 'x' is missed; gives one letter for the health after each:
/// w(ell), o(verloaded), ?, c(ritical), d(ead).
std::string played(const Thresholds& thresholds, const std::string& outcomes) {
  CheckHealth health(check_with(thresholds));
  std::string out;
  for (const char c : outcomes) {
    health.note({c == '.'   ? Finding::passed
                 : c == 'o' ? Finding::overloaded
                            : Finding::missed,
                 {}});
    out += "wo?cd"[static_cast<int>(health.health())];
  }
  return out;
}

TEST(Health, FollowsItsThresholds) {
  struct Row {
    const char* what;
    Thresholds thresholds;
    std::string outcomes;
    std::string healths;
  };
  const Row rows[] = {
      {"the defaults: one is late, two critical, three dead", {}, ".xxxx", "wocdd"},
      {"slow is overloaded and no more, however long", {}, ".ooooo", "wooooo"},
      {"slow between misses begins them anew", {}, ".xoxo", "woooo"},
      {"up at once", {}, ".xx.xxx.", "wocwocdw"},
      {"who answers again, if slowly, is overloaded", {}, ".xxxo.", "wocdow"},
      {"who was never well is unknown, then critical", {}, "xx.", "?cw"},
      {"slow is an answer, too", {}, "o", "o"},
      {"overloaded late", {3, 5, 9, 1}, ".oooo", "wwwoo"},
      {"misses count for overloaded", {2, 4, 9, 1}, ".xxx", "wwoo"},
      {"rising takes three", {1, 2, 3, 3}, "...xx....", "??wocccww"},
      {"a miss on the way up begins it anew", {1, 2, 4, 2}, "..xx.x..", "?woccccw"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    EXPECT_EQ(played(row.thresholds, row.outcomes), row.healths);
  }
}

}  // namespace
}  // namespace muster::agent
