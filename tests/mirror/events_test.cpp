// The JSON of every kind of event, there and back; and what a reader makes of odd input.
#include <event_from_json.hpp>
#include <event_json.hpp>
#include <mirror_check.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace muster::cli {
namespace {

constexpr std::string_view uuid = "00112233445566778899aabbccddeeff";

TopicId topic(unsigned seed) {
  TopicId id;
  id.bytes.fill(static_cast<std::uint8_t>(seed));
  return id;
}

std::string written(const Event& event) {
  std::string out;
  wire::append_event_json(out, event, uuid, [](const TopicId& id) {
    return id == topic(1) ? std::string{"orders"} : std::string{};
  });
  return out;
}

Event full(EventKind kind) {
  Event event;
  event.shard = 3;
  event.number = 77;
  event.kind = kind;
  event.at = Wall{1'800'000'000'456};
  event.term = 9;
  event.revision = 12'345;
  event.group = "b\"il\\ling\n\x01 ü";
  event.sequence = 12;
  event.member = "worker-1";
  event.service = "payments";
  event.instance = "pay-1";
  event.node = "host-9";
  event.incarnation = 1'800'000'000'001;
  event.epoch = 42;
  event.reason = Reason::heartbeats_missed;
  event.detail = "silent";
  event.from = Status::overloaded;
  event.to = Status::critical;
  return event;
}

TEST(EventJson, EveryKindComesBackAsItWas) {
  for (int i = 1; i <= 28; ++i) {
    if (to_string(static_cast<EventKind>(i)) == "unknown") continue;  // 16-19 are kept
    const Event event = full(static_cast<EventKind>(i));
    const std::string json = written(event);
    TopicNames names;

    const auto back = event_from_json(json, names);

    ASSERT_TRUE(back) << json;
    EXPECT_EQ(written(back->event), json);
    EXPECT_EQ(back->store_uuid, uuid);
    EXPECT_EQ(back->event.kind, event.kind);
    EXPECT_EQ(back->event.group, event.group);
    EXPECT_EQ(back->event.at, event.at);
  }
}

std::string catalogue() {
  std::ifstream file(EVENTS_DOCUMENT);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(EventJson, TheCatalogueHasEveryKindAndEveryField) {
  const std::string document = catalogue();
  for (int i = 1; i < 64; ++i) {
    const auto kind = static_cast<EventKind>(i);
    if (to_string(kind) == "unknown") continue;
    EXPECT_NE(document.find("`" + std::string{to_string(kind)} + "`"), std::string::npos)
        << to_string(kind);
    const std::string json = written(full(kind));
    for (std::size_t at = json.find("\":"); at != std::string::npos;
         at = json.find("\":", at + 1)) {
      const std::size_t begin = json.rfind('"', at - 1) + 1;
      const std::string field = json.substr(begin, at - begin);
      EXPECT_NE(document.find("`" + field + "`"), std::string::npos) << field;
    }
  }
}

TEST(EventJson, AnAssignmentComesBackWithItsTokens) {
  Event event = full(EventKind::assignment_changed);
  event.step = 4;
  event.assigned = {{topic(1), {0, 1, 5}, {make_token(max_term, max_token_counter), 2, 3}}};
  event.revoked = {{topic(2), {7}, {9}}};
  event.released = {{topic(1), {8, 9}, {10, 11}}};
  TopicNames names;

  const auto back = event_from_json(written(event), names);

  ASSERT_TRUE(back);
  EXPECT_EQ(back->event.assigned, event.assigned);
  EXPECT_EQ(back->event.revoked, event.revoked);
  EXPECT_EQ(back->event.released, event.released);
  EXPECT_EQ(back->event.step, 4U);
  EXPECT_EQ(names.find(topic(1)), "orders");
  EXPECT_EQ(names.find(topic(2)), "");
}

TEST(EventJson, ARebalanceComesBackWithItsMoves) {
  Event event = full(EventKind::rebalance_completed);
  EpochHistory epoch;
  epoch.epoch = 42;
  epoch.reason = Reason::member_left;
  epoch.trigger = "worker-9";
  epoch.changes = 2;
  epoch.assignor = "uniform";
  epoch.started_at = Wall{1'800'000'000'001};
  epoch.gathered = Millis{5};
  epoch.settled = Millis{9};
  epoch.members = 3;
  epoch.moved = 2;
  epoch.moves = {{MemberId{}, MemberId{"worker-1"}, {topic(1), {1, 2}}}};
  event.rebalance = std::make_shared<const EpochHistory>(epoch);
  TopicNames names;

  const auto back = event_from_json(written(event), names);

  ASSERT_TRUE(back && back->event.rebalance);
  EXPECT_EQ(*back->event.rebalance, epoch);
}

TEST(EventJson, BytesThatAreNoUtf8AreReplaced) {
  Event event = full(EventKind::member_joined);
  event.detail = "a\xff\xc3(\xed\xa0\x80z";

  EXPECT_NE(written(event).find("a\xEF\xBF\xBD\xEF\xBF\xBD("), std::string::npos);
}

TEST(EventJson, FieldsToComeAreOverlooked) {
  std::string json = written(full(EventKind::member_joined));
  json.insert(1, R"("mood":{"of":["the","day"]},)");
  TopicNames names;

  EXPECT_TRUE(event_from_json(json, names));
}

TEST(EventJson, WhatIsNoEventIsNone) {
  const std::string good = written(full(EventKind::member_joined));
  TopicNames names;
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string json = good;
    json.replace(json.find(from), from.size(), to);
    return event_from_json(json, names).has_value();
  };

  EXPECT_FALSE(event_from_json("", names));
  EXPECT_FALSE(event_from_json("[]", names));
  EXPECT_FALSE(event_from_json("{}", names));
  EXPECT_FALSE(event_from_json("{\"id\":1}", names));
  EXPECT_FALSE(changed("\"schema\":1", "\"schema\":2"));
  EXPECT_FALSE(changed("member_joined", "member_sneezed"));
  EXPECT_FALSE(changed("\"number\":77", "\"number\":78"));
  EXPECT_FALSE(changed("\"number\":77", "\"number\":-1"));
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_FALSE(event_from_json(std::string_view{good}.substr(0, cut), names)) << cut;
}

Event numbered(std::uint64_t number, std::uint64_t first_lost = 0) {
  Event event;
  event.number = number;
  event.first_lost = first_lost;
  if (first_lost != 0) event.kind = EventKind::events_lost;
  return event;
}

TEST(MirrorCheck, TellsRepeatsFromNewEvents) {
  MirrorCheck check;

  EXPECT_TRUE(check.take("u", numbered(5)));
  EXPECT_TRUE(check.take("u", numbered(7)));
  EXPECT_FALSE(check.take("u", numbered(5)));
  EXPECT_TRUE(check.take("v", numbered(5))) << "another store";
  EXPECT_TRUE(check.take("u", numbered(6)));
  for (const std::uint64_t n : {5, 6, 7}) EXPECT_FALSE(check.take("u", numbered(n))) << n;
  EXPECT_TRUE(check.gaps().empty());
}

TEST(MirrorCheck, FindsWhatIsMissingUnlessAMarkerNamesIt) {
  MirrorCheck check;
  for (const std::uint64_t n : {3, 4, 9, 20}) (void)check.take("u", numbered(n));

  ASSERT_EQ(check.gaps().size(), 2U);
  EXPECT_EQ(check.gaps()[0].first, 5U);
  EXPECT_EQ(check.gaps()[0].last, 8U);
  EXPECT_TRUE(check.take("u", numbered(19, 10)));
  EXPECT_FALSE(check.take("u", numbered(19, 10)));
  ASSERT_EQ(check.gaps().size(), 1U);
  EXPECT_TRUE(check.take("u", numbered(8, 4))) << "it says something new";
  EXPECT_TRUE(check.gaps().empty());
}

}  // namespace
}  // namespace muster::cli
