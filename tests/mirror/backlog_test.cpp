#include <broker/mirror/backlog.hpp>
#include <broker/mirror/message.hpp>
#include <broker/mirror/window.hpp>

#include <record_codec.hpp>
#include <record_key.hpp>

#include <gtest/gtest.h>

namespace muster::broker::mirror {
namespace {

TEST(Window, PassesOnlyWhatHasNothingMissingBefore) {
  Window window(10);
  for (const std::uint64_t n : {11, 12, 20}) window.sent(n);  // 20 is a marker of 13-20

  EXPECT_TRUE(window.delivered(20));
  EXPECT_EQ(window.passed(), 10U);
  EXPECT_TRUE(window.delivered(11));
  EXPECT_EQ(window.passed(), 11U);
  EXPECT_TRUE(window.delivered(12));
  EXPECT_EQ(window.passed(), 20U);
  EXPECT_EQ(window.next(), 21U);
}

TEST(Window, AfterARewindOldReportsCountForNothing) {
  Window window(0);
  window.sent(1);
  window.sent(2);
  window.rewind();

  EXPECT_FALSE(window.delivered(1));
  EXPECT_EQ(window.next(), 1U);
}

TEST(Backlog, DropsWholeRunsButNeverTheNewest) {
  Backlog backlog(100);
  for (std::uint64_t n = 1; n <= 5; ++n) backlog.made(n, 60, Wall{static_cast<std::int64_t>(n)});

  EXPECT_EQ(backlog.bytes(), 300U);
  ASSERT_EQ(backlog.oldest_run_from(1), 2U);
  backlog.dropped(1, 2);
  EXPECT_EQ(backlog.bytes(), 180U);
  ASSERT_EQ(backlog.oldest_run_from(3), 4U);
  EXPECT_EQ(backlog.oldest_run_from(5), std::nullopt);
}

TEST(Backlog, ForgetsWhatHasPassed) {
  Backlog backlog(100);
  for (std::uint64_t n = 1; n <= 5; ++n) backlog.made(n, 60, Wall{static_cast<std::int64_t>(n)});

  backlog.passed(3);

  EXPECT_EQ(backlog.bytes(), 180U);
  EXPECT_EQ(backlog.oldest(), Wall{3});
  backlog.passed(5);
  EXPECT_EQ(backlog.bytes(), 0U);
  EXPECT_EQ(backlog.oldest(), std::nullopt);
}

TEST(Message, ItsStoredSizeIsGuessedWell) {
  store::RecordCodec codec;
  for (const std::size_t partitions : {0, 10, 1'000}) {
    Event event;
    event.number = 7;
    event.kind = EventKind::assignment_changed;
    event.group = "billing";
    event.member = "4557b9d655f4508e7588a3add6252028";
    event.at = Wall{1'700'000'000'000};
    if (partitions > 0)
      event.assigned = {
          {{}, std::vector<PartitionIndex>(partitions), std::vector<Token>(partitions)}};
    core::Record record;
    record.key = store::event_key(7);
    record.value = std::make_shared<const Event>(event);

    const auto real =
        static_cast<double>(codec.encode(record).size() + store::encode_key(0, record.key).size());

    EXPECT_NEAR(static_cast<double>(stored_bytes(event)) / real, 1, 0.35) << partitions;
  }
}

}  // namespace
}  // namespace muster::broker::mirror
