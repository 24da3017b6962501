/// The library's sessions against the broker's own core, with everything that goes wrong between.
#include "world.hpp"

#include <gtest/gtest.h>

namespace muster::member {
namespace {

TEST(World, WithoutFaultsThreeMembersShareATopic) {
  World world(1, 3, 6);

  world.run(Millis{10'000}, false);

  EXPECT_EQ(world.violation(), "");
  EXPECT_TRUE(world.settled());
}

/// No operator expels anybody here and no static id is claimed twice, so validity alone, without a
/// look at the tokens, must keep members apart.
TEST(World, NoTwoMembersEverWorkOnOnePartitionAndCalmFollowsTheFaults) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    World world(seed, 3, 6);

    world.run(Millis{60'000}, true);
    ASSERT_EQ(world.violation(), "") << "seed " << seed;
    world.run(Millis{30'000}, false);

    ASSERT_EQ(world.violation(), "") << "seed " << seed;
    EXPECT_TRUE(world.settled()) << "seed " << seed;
    EXPECT_GT(world.grants_told(), 10U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace muster::member
