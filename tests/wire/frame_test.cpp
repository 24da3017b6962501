#include "frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace muster::wire {
namespace {

Bytes frame(std::uint16_t kind, std::size_t body_size, std::uint64_t correlation = 0) {
  Bytes bytes;
  const auto body = append_frame(bytes, kind, correlation, body_size);
  for (std::size_t i = 0; i < body_size; ++i) body[i] = static_cast<std::byte>(kind + i);
  return bytes;
}

void feed(FrameReader& reader, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto room = reader.prepare();
    const std::size_t count = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), count, room.begin());
    reader.commit(count);
    bytes = bytes.subspan(count);
  }
}

// Only the header's length, as it stands first on the wire.
Bytes length_of(std::uint32_t length) {
  Bytes bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::byte>(length >> (8 * i)));
  return bytes;
}

bool is(const Frame& got, const Bytes& sent) {
  return std::equal(got.body.begin(), got.body.end(), sent.begin() + header_size, sent.end());
}

TEST(AppendFrame, PadsTheBodyWithZeroesToAMultipleOf8) {
  for (std::size_t size = 0; size <= 24; ++size) {
    Bytes bytes = frame(7, size);
    ASSERT_EQ(bytes.size() % 8, 0);
    ASSERT_GE(bytes.size(), header_size + size);
    ASSERT_LT(bytes.size(), header_size + size + 8);
    EXPECT_TRUE(std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(header_size + size),
                            bytes.end(), [](std::byte b) { return b == std::byte{0}; }));
  }
}

TEST(AppendFrame, WritesTheHeaderLittleEndian) {
  Bytes bytes;
  append_frame(bytes, 0x0102, 0x1112131415161718, 9, 0x2122);

  const int expected[] = {16,   0,    0,    0,    0x02, 0x01, 0x22, 0x21,
                          0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11};
  for (std::size_t i = 0; i < header_size; ++i)
    EXPECT_EQ(std::to_integer<int>(bytes[i]), expected[i]) << i;
}

TEST(FrameReader, ReadsAFrameOneByteAtATime) {
  const Bytes sent = frame(5, 100, 0xfeedfacecafebeef);
  FrameReader reader;

  for (std::size_t i = 0; i + 1 < sent.size(); ++i) {
    feed(reader, {&sent[i], 1});
    const auto next = reader.next();
    ASSERT_TRUE(next);
    ASSERT_FALSE(*next) << "after " << i + 1 << " bytes";
  }
  feed(reader, {&sent.back(), 1});
  const auto next = reader.next();

  ASSERT_TRUE(next && *next);
  EXPECT_EQ((*next)->kind, 5);
  EXPECT_EQ((*next)->flags, 0);
  EXPECT_EQ((*next)->correlation, 0xfeedfacecafebeef);
  EXPECT_TRUE(is(**next, sent));
  EXPECT_FALSE(*reader.next());
}

TEST(FrameReader, GivesAllFramesOfOneRead) {
  Bytes all;
  for (std::uint16_t kind = 0; kind < 50; ++kind) {
    const Bytes one = frame(kind, kind * 3U);
    all.insert(all.end(), one.begin(), one.end());
  }
  FrameReader reader;
  const auto room = reader.prepare(all.size());
  ASSERT_GE(room.size(), all.size());
  std::copy(all.begin(), all.end(), room.begin());
  reader.commit(all.size());

  std::vector<Frame> frames;
  while (auto next = reader.next().value()) frames.push_back(*next);

  // All of them stay valid until the next prepare.
  ASSERT_EQ(frames.size(), 50);
  for (std::uint16_t kind = 0; kind < 50; ++kind) {
    EXPECT_EQ(frames[kind].kind, kind);
    EXPECT_TRUE(is(frames[kind], frame(kind, kind * 3U)));
  }
}

TEST(FrameReader, BodiesAreAlignedHoweverTheBytesCome) {
  std::mt19937 random{42};
  Bytes all;
  std::vector<Bytes> sent;
  for (std::uint16_t kind = 0; kind < 300; ++kind) {
    sent.push_back(frame(kind, random() % 2'000));
    all.insert(all.end(), sent.back().begin(), sent.back().end());
  }

  FrameReader reader;
  std::size_t fed = 0;
  std::size_t got = 0;
  while (fed < all.size()) {
    const auto room = reader.prepare(1 + random() % 100);
    const std::size_t count =
        std::min({room.size(), all.size() - fed, std::size_t{1 + random() % 700}});
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(fed), count, room.begin());
    reader.commit(count);
    fed += count;
    while (auto next = reader.next().value()) {
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(next->body.data()) % 8, 0);
      EXPECT_TRUE(is(*next, sent[got]));
      ++got;
    }
  }
  EXPECT_EQ(got, sent.size());
  EXPECT_TRUE(reader.unread().empty());
}

TEST(FrameReader, AFrameOfTheLimitPassesAndOneLongerDoesNot) {
  FrameReader reader{64};
  feed(reader, frame(1, 64));
  ASSERT_TRUE(*reader.next());

  feed(reader, frame(1, 72));
  EXPECT_EQ(reader.next().error(), Errc::frame_too_large);
}

TEST(FrameReader, RefusesTheLengthBeforeAnythingElseHasCome) {
  FrameReader too_long{64};
  feed(too_long, length_of(72));
  EXPECT_EQ(too_long.next().error(), Errc::frame_too_large);

  FrameReader huge;
  feed(huge, length_of(0xffff'fff8));
  EXPECT_EQ(huge.next().error(), Errc::frame_too_large);

  FrameReader misaligned;
  feed(misaligned, length_of(12));
  EXPECT_EQ(misaligned.next().error(), Errc::malformed);
}

TEST(FrameReader, GivesTheSameErrorForEver) {
  FrameReader reader{64};
  feed(reader, length_of(12));
  ASSERT_EQ(reader.next().error(), Errc::malformed);

  reader.set_limit(max_body);
  feed(reader, frame(1, 0));

  EXPECT_EQ(reader.next().error(), Errc::malformed);
  EXPECT_EQ(reader.next().error(), Errc::malformed);
}

TEST(FrameReader, FramesBeforeTheBadOneAreGivenFirst) {
  Bytes bytes = frame(1, 8);
  const Bytes bad = length_of(9);
  bytes.insert(bytes.end(), bad.begin(), bad.end());
  FrameReader reader;
  feed(reader, bytes);

  EXPECT_TRUE(reader.next().value());
  EXPECT_EQ(reader.next().error(), Errc::malformed);
}

TEST(FrameReader, ALimitThatIsRaisedHoldsForTheNextFrame) {
  FrameReader reader{max_first_body};
  feed(reader, frame(1, 8));
  ASSERT_TRUE(*reader.next());

  reader.set_limit(max_body);
  feed(reader, frame(2, max_first_body + 8));

  const auto next = reader.next();
  ASSERT_TRUE(next && *next);
  EXPECT_EQ((*next)->body.size(), max_first_body + 8);
}

TEST(FrameReader, AnEmptyReaderHasRoomOf4KiB) {
  FrameReader reader;
  EXPECT_EQ(reader.prepare().size(), 4096);
  EXPECT_GE(reader.prepare(10'000).size(), 10'000);
}

TEST(FrameReader, AnAnnouncedLengthAloneCostsNoMemory) {
  FrameReader reader;
  const Bytes whole = frame(1, max_body);

  feed(reader, std::span{whole}.first(header_size));
  ASSERT_FALSE(*reader.next());

  EXPECT_LE(reader.prepare().size(), 4096);
}

TEST(FrameReader, ALongFrameComesInByDoubling) {
  const Bytes sent = frame(1, max_body);
  FrameReader reader;
  std::span<const std::byte> rest{sent};
  std::size_t fed = 0;
  int reads = 0;

  while (!rest.empty()) {
    const auto room = reader.prepare();
    ASSERT_LE(room.size(), std::max<std::size_t>(4096, 4 * fed + 4096));
    const std::size_t count = std::min(room.size(), rest.size());
    std::copy_n(rest.begin(), count, room.begin());
    reader.commit(count);
    rest = rest.subspan(count);
    fed += count;
    ++reads;
  }

  const auto next = reader.next();
  ASSERT_TRUE(next && *next);
  EXPECT_TRUE(is(**next, sent));
  EXPECT_LE(reads, 16);
}

TEST(FrameReader, ShrinksOnceALongFrameHasPassed) {
  FrameReader reader;
  feed(reader, frame(1, 1U << 20));
  ASSERT_TRUE(*reader.next());

  EXPECT_EQ(reader.prepare().size(), 4096);
}

TEST(FrameReader, ShrinkingKeepsWhatIsUnread) {
  Bytes bytes = frame(1, 1U << 20);
  const Bytes second = frame(2, 400);
  bytes.insert(bytes.end(), second.begin(), second.end() - 8);
  FrameReader reader;
  feed(reader, bytes);
  ASSERT_TRUE(*reader.next());

  feed(reader, std::span{second}.last(8));

  const auto next = reader.next();
  ASSERT_TRUE(next && *next);
  EXPECT_TRUE(is(**next, second));
}

TEST(FrameReader, HandsItsUnreadBytesOver) {
  Bytes bytes = frame(1, 16);
  const Bytes second = frame(2, 5'000);
  const Bytes third = frame(3, 24);
  bytes.insert(bytes.end(), second.begin(), second.end());
  bytes.insert(bytes.end(), third.begin(), third.end() - 5);

  FrameReader first_reader;
  feed(first_reader, bytes);
  ASSERT_EQ((*first_reader.next())->kind, 1);
  FrameReader second_reader;
  feed(second_reader, first_reader.unread());
  feed(second_reader, std::span{third}.last(5));

  EXPECT_EQ(first_reader.unread().size(), bytes.size() - frame(1, 16).size());
  const auto after_move = second_reader.next();
  ASSERT_TRUE(after_move && *after_move);
  EXPECT_TRUE(is(**after_move, second));
  EXPECT_TRUE(is(**second_reader.next(), third));
}

TEST(FrameReader, UnreadIsEmptyWhenNothingWasRead) {
  const FrameReader reader;
  EXPECT_TRUE(reader.unread().empty());
}

TEST(FrameReader, RandomBytesNeverDoMoreThanFail) {
  std::mt19937 random{7};
  for (int round = 0; round < 2'000; ++round) {
    FrameReader reader{1024};
    Bytes bytes(random() % 4'000);
    // Mostly zeroes, so that some lengths are plausible.
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 8 == 0 ? random() : 0);
    feed(reader, bytes);
    while (true) {
      const auto next = reader.next();
      if (!next || !*next) break;
      ASSERT_LE((*next)->body.size(), 1024);
    }
  }
}

}  // namespace
}  // namespace muster::wire
