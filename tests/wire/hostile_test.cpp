// Bodies that no honest peer sends: each must be an error or a message, and touch nothing outside.
// Every body lies at the end of its own allocation, so that a sanitizer sees a byte too far.
#include "codec.hpp"
#include "samples.hpp"

#include <flatbuffers/flatbuffers.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>

namespace muster {
namespace {

using testing::decode;
using testing::encode;
using testing::only_frame;
using testing::Sample;
using testing::samples;
using wire::Bytes;
using wire::Frame;
using wire::Kind;

// A copy of exactly these bytes, as aligned as FrameReader would have them.
class Body {
 public:
  explicit Body(std::span<const std::byte> bytes)
      : bytes_{std::make_unique<std::byte[]>(bytes.size())}, size_{bytes.size()} {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }
  [[nodiscard]] Frame as(std::uint16_t kind) const {
    return {.kind = kind, .flags = 0, .correlation = 0, .body = {bytes_.get(), size_}};
  }
  std::byte& operator[](std::size_t i) { return bytes_[i]; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  std::size_t size_;
};

// Everything that reads a frame, whatever its kind.
void decode_all_ways(const Frame& frame) {
  (void)wire::decode_call(frame);
  (void)wire::decode_answer(frame);
  (void)wire::decode_hello(frame);
  (void)wire::decode_hello_ok(frame);
  Heartbeat beat;
  HeartbeatOk ok;
  (void)wire::decode_heartbeat(frame, beat);
  (void)wire::decode_heartbeat_ok(frame, ok);
}

TEST(Hostile, EveryBodyCutOffAnywhereIsAnErrorOrWhatItWas) {
  for (const Sample& sample : samples()) {
    const Bytes bytes = encode(sample.message);
    const Frame whole = only_frame(bytes);
    for (std::size_t size = 0; size < whole.body.size(); ++size) {
      const Body cut{whole.body.first(size)};
      const auto message = decode(cut.as(whole.kind), sample.message);
      // Only the padding can be missing without harm.
      if (message) {
        EXPECT_EQ(encode(*message), bytes) << sample.name << " cut to " << size;
      } else {
        EXPECT_EQ(message.error(), Errc::malformed) << sample.name << " cut to " << size;
      }
      if (size + 8 < whole.body.size() && sample.name != "read_metrics") {
        EXPECT_FALSE(message) << sample.name << " cut to " << size;
      }
    }
  }
}

TEST(Hostile, EveryFlippedBitIsAnErrorOrAnotherMessage) {
  for (const Sample& sample : samples()) {
    const Bytes bytes = encode(sample.message);
    const Frame whole = only_frame(bytes);
    Body body{whole.body};
    for (std::size_t i = 0; i < whole.body.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        body[i] ^= std::byte{1} << bit;
        (void)decode(body.as(whole.kind), sample.message);
        body[i] ^= std::byte{1} << bit;
      }
    }
    EXPECT_TRUE(decode(body.as(whole.kind), sample.message)) << sample.name;
  }
}

TEST(Hostile, EveryBodyUnderEveryOtherKindIsAnErrorOrAnotherMessage) {
  for (const Sample& sample : samples()) {
    const Bytes bytes = encode(sample.message);
    const Body body{only_frame(bytes).body};
    for (std::uint16_t kind = 0; kind < 260; ++kind) decode_all_ways(body.as(kind));
    decode_all_ways(body.as(0xffff));
  }
}

TEST(Hostile, GarbageOfEverySizeUnderEveryKindIsAnErrorOrAMessage) {
  std::mt19937 random{1};
  for (std::uint16_t kind = 0; kind < 200; ++kind) {
    for (std::size_t size = 0; size < 200; size += 8) {
      Bytes bytes(size);
      // Small numbers make offsets that lead somewhere.
      for (std::byte& byte : bytes)
        byte = static_cast<std::byte>(random() % 4 == 0 ? random() % 64 : 0);
      decode_all_ways(Body{bytes}.as(kind));
    }
  }
}

TEST(Hostile, ABodyThatIsNotAlignedIsMalformed) {
  const Bytes bytes = encode(Request{Leave{.session = {1}}});
  const Frame whole = only_frame(bytes);
  Bytes shifted(whole.body.size() + 1);
  std::copy(whole.body.begin(), whole.body.end(), shifted.begin() + 1);

  const Frame frame{
      .kind = whole.kind, .flags = 0, .correlation = 0, .body = std::span{shifted}.subspan(1)};

  EXPECT_EQ(wire::decode_call(frame).error(), Errc::malformed);
}

// ---------------------------------------------------------------------------------------------
// Tables made by hand: `slot(n)` is where a table's n-th field stands.

using flatbuffers::FlatBufferBuilder;
using flatbuffers::uoffset_t;

constexpr flatbuffers::voffset_t slot(int field) {
  return static_cast<flatbuffers::voffset_t>(4 + 2 * field);
}

Body finished(FlatBufferBuilder& builder, uoffset_t root) {
  builder.Finish(flatbuffers::Offset<flatbuffers::Table>{root});
  return Body{std::as_bytes(std::span{builder.GetBufferPointer(), builder.GetSize()})};
}

Errc error_of(const Body& body, Kind kind) {
  const auto frame = body.as(static_cast<std::uint16_t>(kind));
  const auto call = wire::decode_call(frame);
  if (call) return Errc::ok;
  if (call.error() != Errc::unknown_kind) return static_cast<Errc>(call.error().value());
  const auto answer = wire::decode_answer(frame);
  return answer ? Errc::ok : static_cast<Errc>(answer.error().value());
}

TEST(Hostile, ATableWithoutItsRequiredFieldsIsMalformed) {
  for (const Kind kind :
       {Kind::join, Kind::resume, Kind::create_topic, Kind::grow_topic, Kind::delete_topic,
        Kind::alter_offsets, Kind::delete_group, Kind::expel_member, Kind::alter_group,
        Kind::describe_group, Kind::fetch_offsets, Kind::group_history, Kind::join_ok,
        Kind::resume_ok, Kind::topic_changed, Kind::group_description, Kind::step,
        Kind::expelled}) {
    FlatBufferBuilder builder;
    const Body empty = finished(builder, builder.EndTable(builder.StartTable()));
    EXPECT_EQ(error_of(empty, kind), Errc::malformed) << static_cast<int>(kind);
  }
}

TEST(Hostile, FieldsThatANewerPeerAddedAreIgnored) {
  FlatBufferBuilder builder;
  const auto text = builder.CreateString("new");
  const uoffset_t table = builder.StartTable();
  builder.AddElement<std::uint64_t>(slot(0), 77, 0);
  builder.AddOffset(slot(1), text);
  builder.AddElement<std::uint64_t>(slot(20), 1, 0);
  const Body body = finished(builder, builder.EndTable(table));

  const auto call = wire::decode_call(body.as(static_cast<std::uint16_t>(Kind::leave)));

  ASSERT_TRUE(call);
  EXPECT_EQ(std::get<Leave>(std::get<Request>(*call)).session.value, 77);
}

TEST(Hostile, AnotherNumberOfTokensThanPartitionsIsMalformed) {
  for (const std::size_t tokens : {0, 1, 3}) {
    const Step step{
        .group = GroupId{"g"},
        .member = MemberId{"m"},
        .assigned = {{.topic = {}, .partitions = {1, 2}, .tokens = std::vector<Token>(tokens)}},
        .revoking = {}};
    const Bytes bytes = encode(PushBody{step});
    EXPECT_EQ(wire::decode_answer(only_frame(bytes)).error(), Errc::malformed) << tokens;
  }
}

// A Join whose one topic is listed `count` times by offsets to the same string.
Body join_with_one_topic_listed(std::size_t count, std::size_t length) {
  FlatBufferBuilder builder;
  const auto topic = builder.CreateString(std::string(length, 't'));
  const auto topics = builder.CreateVector(std::vector(count, topic));
  const uoffset_t table = builder.StartTable();
  builder.AddOffset(slot(0), topic);
  builder.AddOffset(slot(4), topics);
  return finished(builder, builder.EndTable(table));
}

TEST(Hostile, OneStringNamedAThousandTimesIsPaidForAThousandTimes) {
  // A megabyte that would become 10 GB.
  EXPECT_EQ(error_of(join_with_one_topic_listed(100'000, 100'000), Kind::join), Errc::malformed);
  // Some sharing is harmless.
  EXPECT_EQ(error_of(join_with_one_topic_listed(100, 249), Kind::join), Errc::ok);
}

TEST(Hostile, OneTableNamedManyTimesIsBounded) {
  FlatBufferBuilder builder;
  const auto event = builder.EndTable(builder.StartTable());
  const auto events =
      builder.CreateVector(std::vector(3'000'000, flatbuffers::Offset<flatbuffers::Table>{event}));
  const uoffset_t table = builder.StartTable();
  builder.AddOffset(slot(1), events);
  const Body body = finished(builder, builder.EndTable(table));

  EXPECT_EQ(error_of(body, Kind::event_list), Errc::malformed);
}

TEST(Hostile, AVectorThatClaimsMoreThanThereIsIsMalformed) {
  for (const std::uint32_t claimed : {5U, 0x1000'0000U, 0x3fff'ffffU, 0x7fff'ffffU, 0xffff'ffffU}) {
    FlatBufferBuilder builder;
    builder.StartVector(4, sizeof(std::uint64_t));
    for (int i = 0; i < 4; ++i) builder.PushElement<std::uint64_t>(0);
    const uoffset_t after = builder.EndVector(claimed);
    const uoffset_t table = builder.StartTable();
    builder.AddOffset(slot(0), flatbuffers::Offset<void>{after});
    const Body body = finished(builder, builder.EndTable(table));

    EXPECT_EQ(error_of(body, Kind::read_events), Errc::malformed) << claimed;
  }
}

TEST(Hostile, AVectorWhoseNumbersAreNotAlignedIsMalformed) {
  int malformed = 0;
  for (const std::size_t halves : {6, 7}) {  // one of the two puts the 64-bit numbers off by 4
    FlatBufferBuilder builder;
    builder.StartVector(halves, sizeof(std::uint32_t));
    for (std::size_t i = 0; i < halves; ++i) builder.PushElement<std::uint32_t>(7);
    const uoffset_t after = builder.EndVector(3);
    const uoffset_t table = builder.StartTable();
    builder.AddOffset(slot(0), flatbuffers::Offset<void>{after});
    builder.AddElement<std::uint64_t>(slot(9), 1, 0);  // makes the whole 8-aligned
    const Body body = finished(builder, builder.EndTable(table));
    malformed += error_of(body, Kind::read_events) == Errc::malformed;
  }
  EXPECT_EQ(malformed, 1);
}

TEST(Hostile, ACommitOfMorePartitionsThanTheCoreTakesIsStillRead) {
  // So that the refusal can name the bound.
  Commit commit;
  commit.offsets.resize(150'000);
  const Bytes bytes = encode(Request{commit});

  const auto call = wire::decode_call(only_frame(bytes));

  ASSERT_TRUE(call);
  EXPECT_EQ(std::get<Commit>(std::get<Request>(*call)).offsets.size(), 150'000);
}

TEST(Hostile, ACallOfFarTooManyTablesIsMalformed) {
  Commit commit;
  commit.offsets.resize(250'000);
  const Bytes bytes = encode(Request{commit});

  EXPECT_EQ(wire::decode_call(only_frame(bytes)).error(), Errc::malformed);
}

}  // namespace
}  // namespace muster
