#include "codec.hpp"

#include "fields.hpp"
#include "samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <set>

namespace muster {
namespace {

using testing::AnyMessage;
using testing::decode;
using testing::encode;
using testing::equal;
using testing::only_frame;
using testing::Sample;
using testing::samples;

using wire::Bytes;
using wire::Frame;
using wire::Kind;

template <class T>
T round_trip(const T& message) {
  const AnyMessage sent{message};
  const Bytes bytes = encode(sent);
  const auto received = decode(only_frame(bytes), sent);
  if (!received) {
    ADD_FAILURE() << received.error().message();
    return {};
  }
  return std::get<T>(*received);
}

TEST(Codec, SamplesCoverEveryMessageWithEveryField) {
  std::set<std::pair<std::size_t, std::size_t>> seen;
  for (const Sample& sample : samples()) {
    const auto inner = [](const auto& m) -> std::size_t {
      if constexpr (requires { m.index(); }) {
        return m.index();
      } else {
        return 0;
      }
    };
    seen.emplace(sample.message.index(), std::visit(inner, sample.message));
    if (sample.name != "commit" && sample.name != "alter_offsets") {  // these hold an offset 0, too
      EXPECT_TRUE(testing::all_set(sample.message, AnyMessage{})) << sample.name;
    }
  }

  EXPECT_EQ(seen.size(), samples().size()) << "a message is there twice";
  EXPECT_EQ(seen.size(), 2 + std::variant_size_v<Request> + std::variant_size_v<Query> +
                             std::variant_size_v<ReplyBody> + std::variant_size_v<PushBody>);
}

TEST(Codec, EveryMessageComesBackAsItWasSent) {
  for (const Sample& sample : samples()) {
    const Bytes bytes = encode(sample.message);

    const auto received = decode(only_frame(bytes), sample.message);

    ASSERT_TRUE(received) << sample.name << ": " << received.error().message();
    EXPECT_TRUE(equal(*received, sample.message)) << sample.name;
    EXPECT_EQ(encode(*received), bytes) << sample.name;
  }
}

template <class Variant, std::size_t... I>
void expect_defaults_round_trip(std::index_sequence<I...>) {
  const auto check = [](Variant message) {
    EXPECT_TRUE(equal(round_trip(message), message)) << "alternative " << message.index();
  };
  (check(Variant{std::in_place_index<I>}), ...);
}

template <class Variant>
void expect_defaults_round_trip() {
  expect_defaults_round_trip<Variant>(std::make_index_sequence<std::variant_size_v<Variant>>{});
}

TEST(Codec, EveryMessageComesBackWhenItIsEmpty) {
  EXPECT_TRUE(equal(round_trip(wire::Hello{}), wire::Hello{}));
  EXPECT_TRUE(equal(round_trip(wire::HelloOk{}), wire::HelloOk{}));
  expect_defaults_round_trip<Request>();
  expect_defaults_round_trip<Query>();
  expect_defaults_round_trip<ReplyBody>();
  expect_defaults_round_trip<PushBody>();
}

TEST(Codec, AbsentAndEmptyAreNotTheSame) {
  const Request none = Update{};
  const Request empty =
      Update{.session = {}, .topics = {{}}, .weight = 0, .session_timeout = Millis{0}};
  EXPECT_TRUE(equal(round_trip(none), none));
  EXPECT_TRUE(equal(round_trip(empty), empty));
  EXPECT_FALSE(equal(none, empty));

  const Request back_to_preference =
      AlterGroup{.group = {}, .assignor = "", .first_assignment_delay = {}};
  EXPECT_TRUE(equal(round_trip(back_to_preference), back_to_preference));

  Join join;
  join.instance = InstanceId{};
  EXPECT_TRUE(equal(round_trip(Request{join}), Request{join}));

  ReadEvents events;
  events.group = GroupId{};
  EXPECT_TRUE(equal(round_trip(Query{events}), Query{events}));
}

TEST(Codec, AbsurdNumbersArePassedOnUntouched) {
  for (const std::int64_t ms : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                                std::numeric_limits<std::int64_t>::max()}) {
    Join join;
    join.session_timeout = join.rebalance_timeout = join.max_poll_interval = Millis{ms};
    EXPECT_TRUE(equal(round_trip(Request{join}), Request{join}));
  }
  const Request topic = CreateTopic{.topic = TopicName{"t"}, .partitions = -5};
  EXPECT_TRUE(equal(round_trip(topic), topic));
}

TEST(Codec, StringsAreCarriedAsBytes) {
  for (const std::string& text :
       {std::string(1, '\0'), std::string{"\xff\xfe\n\t"}, std::string(100'000, 'x')}) {
    const Request expel =
        ExpelMember{.group = GroupId{text}, .member = MemberId{text}, .why = text};
    EXPECT_TRUE(equal(round_trip(expel), expel));
  }
}

TEST(Codec, NumbersOfEnumsThatAreNotKnownHereAreKeptInAnswers) {
  const ReplyBody refusal =
      Refusal{.code = static_cast<Errc>(60'000), .message = "from the future"};
  EXPECT_TRUE(equal(round_trip(refusal), refusal));

  Event event;
  event.kind = static_cast<EventKind>(250);
  event.reason = static_cast<Reason>(251);
  event.from = event.to = static_cast<Status>(252);
  const ReplyBody list = EventList{.next = {}, .events = {event}};
  EXPECT_TRUE(equal(round_trip(list), list));
}

TEST(Codec, CallsAndRepliesCarryTheirCorrelationAndPushesNone) {
  const Bytes call = encode(Request{Leave{}}, 7);
  const Bytes reply = encode(ReplyBody{Done{}}, 0xffff'ffff'ffff'ffff);
  const Bytes push = encode(PushBody{Step{}}, 7);
  const Bytes ping = encode(PushBody{Ping{}}, 7);

  EXPECT_EQ(only_frame(call).correlation, 7);
  EXPECT_EQ(only_frame(reply).correlation, 0xffff'ffff'ffff'ffff);
  EXPECT_EQ(only_frame(push).correlation, 0);
  EXPECT_EQ(only_frame(ping).correlation, 0);
}

TEST(Codec, EncodingAppendsToWhatIsThere) {
  Bytes together;
  Bytes apart;
  for (const Sample& sample : samples()) {
    const Bytes one = encode(sample.message);
    EXPECT_EQ(one.size() % 8, 0) << sample.name;
    apart.insert(apart.end(), one.begin(), one.end());
    if (const auto* request = std::get_if<Request>(&sample.message)) {
      EXPECT_TRUE(wire::encode_request(*request, testing::sample_correlation, together));
    } else {
      together.insert(together.end(), one.begin(), one.end());
    }
  }
  EXPECT_EQ(together, apart);
}

TEST(Codec, EncodingIsTheSameAfterALongMessage) {
  const Sample& sample = samples().back();
  const Bytes before = encode(sample.message);

  const ReplyBody long_one = Metrics{.text = std::string(3'000'000, 'x')};
  EXPECT_TRUE(equal(round_trip(long_one), long_one));

  EXPECT_EQ(encode(sample.message), before);
}

TEST(Codec, AReplyThatIsTooLongBecomesARefusal) {
  Bytes bytes;
  GroupList list;
  list.groups.assign(80'000, GroupSummary{.group = GroupId{std::string(249, 'g')}});

  wire::encode_reply(list, 9, bytes);

  const Frame frame = only_frame(bytes);
  const auto answer = wire::decode_answer(frame);
  ASSERT_TRUE(answer);
  const auto& refusal = std::get<Refusal>(std::get<ReplyBody>(*answer));
  EXPECT_EQ(frame.correlation, 9);
  EXPECT_EQ(refusal.code, Errc::limit_reached);
  EXPECT_EQ(refusal.message,
            "the answer is longer than 16777216 bytes, the longest that is sent; ask for less");
}

TEST(Codec, ACallOrPushThatIsTooLongIsNotAppended) {
  const std::string text(wire::max_body, 'x');
  Bytes bytes(8);

  EXPECT_FALSE(wire::encode_request(CreateTopic{.topic = TopicName{text}}, 1, bytes));
  EXPECT_FALSE(wire::encode_query(ListTopics{.prefix = text}, 1, bytes));
  EXPECT_FALSE(
      wire::encode_push(Expelled{.group = {}, .member = {}, .reason = {}, .detail = text}, bytes));
  EXPECT_EQ(bytes.size(), 8);
}

TEST(Codec, AMessageUpToTheLimitPasses) {
  const ReplyBody metrics = Metrics{.text = std::string(wire::max_body - 64, 'x')};
  EXPECT_TRUE(equal(round_trip(metrics), metrics));
}

template <class T>
Errc error_of(const Result<T>& result) {
  return result ? Errc::ok : static_cast<Errc>(result.error().value());
}

TEST(Codec, KindsOfTheOtherDirectionAreUnknown) {
  for (const Sample& sample : samples()) {
    const Bytes bytes = encode(sample.message);
    const Frame frame = only_frame(bytes);
    const bool call = std::holds_alternative<Request>(sample.message) ||
                      std::holds_alternative<Query>(sample.message);
    const bool answer = std::holds_alternative<ReplyBody>(sample.message) ||
                        std::holds_alternative<PushBody>(sample.message);
    EXPECT_EQ(error_of(wire::decode_call(frame)), call ? Errc::ok : Errc::unknown_kind)
        << sample.name;
    EXPECT_EQ(error_of(wire::decode_answer(frame)), answer ? Errc::ok : Errc::unknown_kind)
        << sample.name;
  }
}

TEST(Codec, HelloIsRecognizedInAnyVersionButNotWithoutItsMagic) {
  wire::Hello from_the_future;
  from_the_future.major = 999;
  const Bytes bytes = encode(from_the_future);
  ASSERT_TRUE(wire::decode_hello(only_frame(bytes)));
  EXPECT_EQ(wire::decode_hello(only_frame(bytes))->major, 999);

  const Bytes join = encode(Request{Join{}});
  EXPECT_EQ(wire::decode_hello(only_frame(join)).error(), Errc::not_greeted);
  EXPECT_EQ(wire::decode_hello_ok(only_frame(join)).error(), Errc::not_greeted);

  Bytes other = encode(wire::Hello{});
  const std::byte magic[] = {std::byte{'M'}, std::byte{'S'}, std::byte{'T'}, std::byte{'R'}};
  const auto at = std::search(other.begin(), other.end(), std::begin(magic), std::end(magic));
  ASSERT_NE(at, other.end());
  *at = std::byte{'X'};
  EXPECT_EQ(wire::decode_hello(only_frame(other)).error(), Errc::malformed);
}

}  // namespace
}  // namespace muster
