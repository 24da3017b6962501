#include <broker/admission.hpp>

#include <gtest/gtest.h>

namespace muster::broker {
namespace {

Pressure full() {
  return {.space_low = true, .free_bytes = 5, .min_free_bytes = 10};
}

TEST(Admission, WhatAddsStateIsRefusedWhenTheDiskIsFull) {
  OffsetCommit some;
  some.offset = 1;
  const std::vector<Request> adding{
      Join{},      Commit{},     CreateTopic{},
      GrowTopic{}, AlterGroup{}, AlterOffsets{.group = GroupId{"g"}, .offsets = {some}}};

  for (const Request& request : adding) {
    const auto refusal = refuse(request, nullptr, full());
    ASSERT_TRUE(refusal) << request.index();
    EXPECT_EQ(refusal->code, Errc::store_full);
  }
}

TEST(Admission, WhatFreesOrKeepsGoesOn) {
  OffsetCommit none;
  none.offset = -1;
  const std::vector<Request> others{
      Heartbeat{},   Pong{},
      Release{},     Resume{},
      Update{},      Leave{},
      DeleteTopic{}, DeleteGroup{},
      ExpelMember{}, AlterOffsets{.group = GroupId{"g"}, .offsets = {none}}};

  for (const Request& request : others) {
    EXPECT_FALSE(refuse(request, nullptr, full())) << request.index();
  }
}

TEST(Admission, NothingIsRefusedWithoutPressure) {
  EXPECT_FALSE(refuse(Join{}, nullptr, {.unsynced_bytes = 10, .max_unsynced_bytes = 10}));
}

}  // namespace
}  // namespace muster::broker
