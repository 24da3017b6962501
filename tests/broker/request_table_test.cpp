#include <broker/request_table.hpp>

#include <gtest/gtest.h>

namespace muster::broker {
namespace {

TEST(RequestTable, EachAnswerFindsItsOriginOnce) {
  RequestTable table;
  const auto a = table.open({.connection = 1, .correlation = 10});
  const auto b = table.open({.connection = 2, .correlation = 20});

  EXPECT_EQ(table.close(b)->correlation, 20U);
  EXPECT_EQ(table.close(a)->connection, 1U);
  EXPECT_FALSE(table.close(a));
  EXPECT_EQ(table.open_count(), 0U);
}

TEST(RequestTable, ReusedSlotDoesNotAnswerForTheOldRequest) {
  RequestTable table;
  const auto old = table.open({.connection = 1, .correlation = 10});
  (void)table.close(old);
  const auto fresh = table.open({.connection = 2, .correlation = 20});

  EXPECT_NE(old, fresh);
  EXPECT_FALSE(table.close(old));
  EXPECT_EQ(table.close(fresh)->correlation, 20U);
}

TEST(RequestTable, DropForgetsTheParkedRequestsOfOneConnectionOnly) {
  RequestTable table;
  std::vector<core::RequestId> ids;
  for (std::uint64_t i = 0; i < 10; ++i) {
    ids.push_back(table.open({.connection = i % 2 + 1, .correlation = i}));
  }
  for (const auto id : ids) table.park_if_open(id);

  table.drop(1);

  EXPECT_EQ(table.open_count(), 5U);
  EXPECT_EQ(table.parked_count(), 5U);
  EXPECT_FALSE(table.close(ids[0]));
  EXPECT_EQ(table.close(ids[1])->correlation, 1U);
  EXPECT_EQ(table.parked_count(), 4U);
}

TEST(RequestTable, AnsweredRequestIsNotParked) {
  RequestTable table;
  const auto id = table.open({.connection = 1, .correlation = 1});
  (void)table.close(id);

  table.park_if_open(id);

  EXPECT_EQ(table.parked_count(), 0U);
}

}  // namespace
}  // namespace muster::broker
