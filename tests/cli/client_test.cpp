#include "fake_broker.hpp"

#include <gtest/gtest.h>
#include <client.hpp>

namespace muster::cli {
namespace {

using test::Caller;
using test::FakeBroker;

constexpr std::chrono::milliseconds long_enough{20'000};
constexpr std::chrono::milliseconds short_time{300};  // in which a busy machine still greets

wire::Call list_topics() {
  return Query{ListTopics{}};
}

void answer(const wire::Call&, const Caller& caller) {
  caller.reply(TopicList{7, {}});
}
void say_nothing(const wire::Call&, const Caller&) {}

/// The code and words with which `action` fails.
template <class F>
std::pair<Exit, std::string> failure_of(F action) {
  try {
    action();
  } catch (const Failure& failure) {
    return {failure.code(), failure.what()};
  }
  return {Exit::ok, "it did not fail"};
}

TEST(Client, AsksAndIsAnswered) {
  FakeBroker broker(answer);
  Client client({{broker.address()}, long_enough});

  EXPECT_EQ(client.ask<TopicList>(list_topics()).catalogue_version, 7U);
  EXPECT_EQ(client.ask<TopicList>(list_topics()).catalogue_version, 7U);
  EXPECT_EQ(client.broker().server_name, "musterd (fake)");
}

TEST(Client, GreetsWithItsVersion) {
  std::string name;
  FakeBroker broker(answer, [&](const wire::Hello& hello, const Caller& caller) {
    name = hello.client_name;
    FakeBroker::greet(caller);
  });

  const Client client({{broker.address()}, long_enough});

  EXPECT_TRUE(name.starts_with("muster 0.")) << name;
}

TEST(Client, ARefusalCarriesItsErrorAndSentence) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) {
    caller.reply(Refusal{Errc::out_of_range, "partitions 0 is below 1\033[2J"});
  });
  Client client({{broker.address()}, long_enough});

  try {
    client.ask<TopicList>(list_topics());
    FAIL();
  } catch (const Refused& refused) {
    EXPECT_EQ(refused.errc(), Errc::out_of_range);
    EXPECT_EQ(refused.code(), Exit::refused);
    EXPECT_STREQ(refused.what(), "refused (out_of_range): partitions 0 is below 1\\x1b[2J");
  }
}

TEST(Client, TheNextServerIsTriedWhenOneIsNotThere) {
  FakeBroker broker(answer);

  Client client({{test::nobody(), broker.address()}, long_enough});

  EXPECT_EQ(client.server(), broker.address());
  EXPECT_EQ(client.ask<TopicList>(list_topics()).catalogue_version, 7U);
}

TEST(Client, TheNextServerIsTriedWhenOneDoesNotGreet) {
  FakeBroker mute(answer, [](const wire::Hello&, const Caller&) {});
  FakeBroker broker(answer);

  const Client client({{mute.address(), broker.address()}, short_time});

  EXPECT_EQ(client.server(), broker.address());
}

TEST(Client, TheNextServerIsTriedWhenOneIsGoingDown) {
  FakeBroker leaving(answer, [](const wire::Hello&, const Caller& caller) {
    caller.reply(Refusal{Errc::shutting_down, "bye"}, 0);
  });
  FakeBroker broker(answer);

  const Client client({{leaving.address(), broker.address()}, long_enough});

  EXPECT_EQ(client.server(), broker.address());
}

TEST(Client, WithoutAnyServerEveryReasonIsNamed) {
  const ServerAddress first = test::nobody();
  FakeBroker closes(answer, [](const wire::Hello&, const Caller& caller) { caller.close(); });

  const auto [code, words] = failure_of([&] { Client({{first, closes.address()}, long_enough}); });

  EXPECT_EQ(code, Exit::unreachable);
  EXPECT_NE(words.find(first.text() + ": Connection refused"), std::string::npos) << words;
  EXPECT_NE(words.find(closes.address().text() + ": it closed the connection"), std::string::npos)
      << words;
}

TEST(Client, AnUnknownHostIsUnreachable) {
  EXPECT_EQ(failure_of([] { Client({{{"host.invalid", "1"}}, long_enough}); }).first,
            Exit::unreachable);
}

TEST(Client, NoAnswerInTimeLeavesTheOutcomeOpen) {
  FakeBroker broker(say_nothing);
  Client client({{broker.address()}, short_time});

  const auto [code, words] = failure_of([&] { client.ask<TopicList>(list_topics()); });

  EXPECT_EQ(code, Exit::no_answer);
  EXPECT_NE(words.find("300 ms"), std::string::npos) << words;
}

TEST(Client, AConnectionThatClosesLeavesTheOutcomeOpen) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) { caller.close(); });
  Client client({{broker.address()}, long_enough});

  EXPECT_EQ(failure_of([&] { client.ask<TopicList>(list_topics()); }).first, Exit::no_answer);
}

TEST(Client, ARefusedGreetingIsARefusal) {
  FakeBroker broker(answer, [](const wire::Hello&, const Caller& caller) {
    caller.reply(Refusal{Errc::unsupported_version, "version 1.0 is not spoken here"}, 0);
  });

  const auto [code, words] = failure_of([&] { Client({{broker.address()}, long_enough}); });

  EXPECT_EQ(code, Exit::refused);
  EXPECT_NE(words.find("unsupported_version"), std::string::npos) << words;
}

TEST(Client, AnotherProgramIsNotTakenForABroker) {
  const std::string http = "HTTP/1.1 400 Bad Request\r\nServer: something else\r\n\r\n";
  FakeBroker broker(answer, [&](const wire::Hello&, const Caller& caller) {
    const auto* first = reinterpret_cast<const std::byte*>(http.data());
    caller.raw(wire::Bytes(first, first + http.size()));
  });

  EXPECT_EQ(failure_of([&] { Client({{broker.address()}, long_enough}); }).first,
            Exit::not_understood);
}

TEST(Client, DamagedAnswersAreNotUnderstood) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) {
    wire::Bytes bytes;
    wire::encode_reply(TopicList{}, 1, bytes);
    for (std::size_t i = wire::header_size; i < bytes.size(); ++i) bytes[i] = std::byte{0xEE};
    caller.raw(bytes);
  });
  Client client({{broker.address()}, long_enough});

  EXPECT_EQ(failure_of([&] { client.ask<TopicList>(list_topics()); }).first, Exit::not_understood);
}

TEST(Client, AnAnswerOfAnotherKindIsNotUnderstood) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) { caller.reply(Metrics{}); });
  Client client({{broker.address()}, long_enough});

  EXPECT_EQ(failure_of([&] { client.ask<TopicList>(list_topics()); }).first, Exit::not_understood);
}

TEST(Client, WhatNobodyAskedForIsPassedOver) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) {
    caller.push(Expelled{});
    caller.reply(TopicList{1, {}}, 4711);
    wire::Bytes bytes;
    wire::append_frame(bytes, 9'999, 0, 8, wire::flag_optional);
    caller.raw(bytes);
    caller.reply(TopicList{7, {}});
  });
  Client client({{broker.address()}, long_enough});

  EXPECT_EQ(client.ask<TopicList>(list_topics()).catalogue_version, 7U);
}

TEST(Client, AnUnknownFrameThatIsNotOptionalEndsIt) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) {
    wire::Bytes bytes;
    wire::append_frame(bytes, 9'999, 0, 8);
    caller.raw(bytes);
  });
  Client client({{broker.address()}, long_enough});

  EXPECT_EQ(failure_of([&] { client.ask<TopicList>(list_topics()); }).first, Exit::not_understood);
}

TEST(Client, ARefusalOfTheWholeConnectionReachesWhoeverWaits) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) {
    caller.reply(Refusal{Errc::shutting_down, "bye"}, 0);
    caller.close();
  });
  Client client({{broker.address()}, long_enough});

  EXPECT_EQ(failure_of([&] { client.ask<TopicList>(list_topics()); }).first, Exit::refused);
}

TEST(Client, AnswersInSmallPiecesAreWhole) {
  FakeBroker broker([](const wire::Call&, const Caller& caller) {
    TopicList list{7, {}};
    for (int i = 0; i < 5'000; ++i)
      list.topics.push_back({TopicName("topic-" + std::to_string(i)), TopicId{{1}}, i});
    wire::Bytes bytes;
    wire::encode_reply(list, 1, bytes);
    for (std::size_t at = 0; at < bytes.size(); at += 1'000) {
      const auto begin = bytes.begin() + static_cast<std::ptrdiff_t>(at);
      caller.raw(wire::Bytes(
          begin, bytes.begin() + static_cast<std::ptrdiff_t>(std::min(at + 1'000, bytes.size()))));
    }
  });
  Client client({{broker.address()}, long_enough});

  EXPECT_EQ(client.ask<TopicList>(list_topics()).topics.size(), 5'000U);
}

TEST(Client, WhatIsFollowedIsKeptWhileAnotherAnswerIsAwaited) {
  FakeBroker broker([](const wire::Call& call, const Caller& caller) {
    if (std::holds_alternative<ReadEvents>(std::get<Query>(call))) return;
    EventList events;
    events.next = {5};
    caller.reply(events, 1);
    caller.reply(TopicList{7, {}});
  });
  Client client({{broker.address()}, long_enough});

  const std::uint64_t followed = client.follow(Query{ReadEvents{}});
  EXPECT_EQ(client.ask<TopicList>(list_topics()).catalogue_version, 7U);
  const auto body = client.next(followed, std::chrono::steady_clock::now() + long_enough);

  ASSERT_TRUE(body);
  EXPECT_EQ(Client::as<EventList>(*body).next, (std::vector<std::uint64_t>{5}));
  EXPECT_FALSE(client.next(followed, std::chrono::steady_clock::now()));
}

}  // namespace
}  // namespace muster::cli
