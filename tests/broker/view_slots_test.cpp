#include <broker/view_slots.hpp>

#include <gtest/gtest.h>

namespace muster::broker {
namespace {

std::shared_ptr<const core::View> picture(Revision revision) {
  auto view = std::make_shared<core::View>();
  view->revision = revision;
  return view;
}

struct Slots {
  ViewSlots slots{2, [this](std::uint32_t loop, auto call) {
                    loops.push_back(loop);
                    call();
                  }};
  std::vector<std::uint32_t> loops;
};

TEST(ViewSlots, WatcherOfAnOlderPictureIsCalledAtOnce) {
  Slots s;
  s.slots.publish(0, picture(5));
  int calls = 0;

  s.slots.watch(3, 0, 4, [&] { ++calls; });

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(s.loops, std::vector<std::uint32_t>{3});
}

TEST(ViewSlots, WatcherIsCalledOnceAndOnlyForItsShard) {
  Slots s;
  s.slots.publish(0, picture(5));
  s.slots.publish(1, picture(5));
  int calls = 0;
  s.slots.watch(0, 0, 5, [&] { ++calls; });

  s.slots.publish(1, picture(6));
  EXPECT_EQ(calls, 0);
  s.slots.publish(0, picture(6));
  s.slots.publish(0, picture(7));

  EXPECT_EQ(calls, 1);
  EXPECT_EQ(s.slots.watchers(), 0U);
}

TEST(ViewSlots, UnwatchedIsNotCalled) {
  Slots s;
  s.slots.publish(0, picture(5));
  int calls = 0;
  const auto id = s.slots.watch(0, 0, 5, [&] { ++calls; });
  s.slots.watch(0, 0, 5, [&] { calls += 10; });

  s.slots.unwatch(0, id);
  s.slots.publish(0, picture(6));

  EXPECT_EQ(calls, 10);
}

}  // namespace
}  // namespace muster::broker
