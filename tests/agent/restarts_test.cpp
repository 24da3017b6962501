#include <agent/restarts.hpp>

#include <gtest/gtest.h>

namespace muster::agent {
namespace {

RestartSpec spec(std::uint32_t budget) {
  RestartSpec out;
  out.backoff = Millis{100};
  out.backoff_max = Millis{1'000};
  out.budget = budget;
  out.window = Millis{60'000};
  return out;
}

TEST(Restarts, WaitsAreDrawnFromAWindowThatDoublesUpToItsBound) {
  const std::int64_t windows[] = {100, 200, 400, 800, 1'000, 1'000};
  std::int64_t longest[6] = {};
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Restarts restarts(spec(6), seed);
    for (int i = 0; i < 6; ++i) {
      const auto wait = restarts.next({i});
      ASSERT_TRUE(wait);
      EXPECT_GE(wait->count(), 0);
      EXPECT_LE(wait->count(), windows[i]);
      longest[i] = std::max<std::int64_t>(longest[i], wait->count());
    }
  }
  // Full jitter: the whole window is used.
  for (int i = 0; i < 6; ++i) EXPECT_GT(longest[i], windows[i] * 9 / 10);
}

TEST(Restarts, BudgetCountsAWindowThatSlides) {
  Restarts restarts(spec(3), 1);
  EXPECT_TRUE(restarts.next({0}));
  EXPECT_TRUE(restarts.next({30'000}));
  EXPECT_TRUE(restarts.next({40'000}));
  EXPECT_FALSE(restarts.next({59'999}));
  EXPECT_TRUE(restarts.next({60'000})) << "the first is a window ago";
  EXPECT_FALSE(restarts.next({89'999}));
}

TEST(Restarts, ForgettingGivesTheWholeBudgetBack) {
  Restarts restarts(spec(1), 1);
  EXPECT_TRUE(restarts.next({0}));
  EXPECT_FALSE(restarts.next({1}));
  restarts.forget();
  EXPECT_TRUE(restarts.next({2}));
}

TEST(Restarts, NoBudgetIsNoRestart) {
  Restarts restarts(spec(0), 1);
  EXPECT_FALSE(restarts.next({0}));
}

TEST(Restarts, TheSameSeedWaitsTheSame) {
  Restarts a(spec(5), 7);
  Restarts b(spec(5), 7);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(a.next({i}), b.next({i}));
}

}  // namespace
}  // namespace muster::agent
