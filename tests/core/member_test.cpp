#include "scenario.hpp"

#include <muster/core/member.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace muster::test {
namespace {

using core::Member;
using core::MemberProfile;
using core::MemberRecord;
using core::Shared;

MemberRecord every_field() {
  MemberRecord record;
  record.group = GroupId{"g"};
  record.id = MemberId{"m"};
  record.instance = InstanceId{"i"};
  record.client = {"client", "host", "host:1", "software", "1.2"};
  record.topics = {TopicName{"a"}, TopicName{"b"}};
  record.session_timeout = Millis{1};
  record.rebalance_timeout = Millis{2};
  record.max_poll_interval = Millis{3};
  record.weight = 4;
  record.zone = "zone";
  record.assignor = "range";
  record.status = Status::overloaded;
  return record;
}

MemberRecord packed_and_back(const MemberRecord& record) {
  const Shared<const MemberProfile> profile{new MemberProfile{record}};
  return Member::make(record, profile)->record(record.group);
}

const MemberProfile* profile_of(const core::View& view, const std::string& group,
                                const std::string& member) {
  const auto* g = view.groups.find(group);
  const auto* m = g == nullptr ? nullptr : (*g)->members.find(member);
  return m == nullptr ? nullptr : &m->record->profile();
}

TEST(Member, GivesBackEveryFieldOfItsRecord) {
  const MemberRecord full = every_field();
  EXPECT_EQ(packed_and_back(full), full);
  EXPECT_EQ(packed_and_back(MemberRecord{}), MemberRecord{});
}

TEST(Member, TellsAnEmptyInstanceFromNone) {
  MemberRecord record = every_field();
  record.instance = InstanceId{""};
  EXPECT_EQ(packed_and_back(record), record);
  record.instance.reset();
  EXPECT_EQ(packed_and_back(record), record);
}

TEST(Member, KeepsItsTextsApartWhateverTheirLength) {
  for (const std::size_t size : {0, 1, 15, 16, 255, 256, 10'000}) {
    MemberRecord record = every_field();
    record.id.value.assign(size, 'x');
    record.client.client_id.assign(size, '\0');
    record.client.host.clear();
    record.client.address.assign(size, 'y');
    EXPECT_EQ(packed_and_back(record), record) << size;
  }
}

TEST(Member, WhoseTextsAreTooLongIsRefusedAtReplay) {
  const auto replayed = [](std::size_t host) {
    core::Shard shard;
    auto group = std::make_shared<core::GroupRecord>();
    group->id = GroupId{"g"};
    const core::RecordKey group_key{core::RecordKind::group, "g", {}, {}, 0, 0};
    EXPECT_TRUE(
        shard.replay({1, 0, 1, group_key, std::shared_ptr<const core::GroupRecord>{group}}));
    auto member = std::make_shared<MemberRecord>();
    member->group = GroupId{"g"};
    member->id = MemberId{"m"};
    member->client.host.assign(host, 'x');
    const core::RecordKey key{core::RecordKind::member, "g", "m", {}, 0, 0};
    return shard.replay({2, 0, 1, key, std::shared_ptr<const MemberRecord>{member}});
  };
  EXPECT_TRUE(replayed(Member::max_texts - 1).has_value()) << "one byte is the id";
  EXPECT_EQ(replayed(Member::max_texts).error(), Errc::store_corrupt);
}

TEST(Profiles, LikeMembersShareOne) {
  Scenario s;
  s.join("g", "a");
  s.join("g", "b");
  s.join("h", "c");  // of another group
  s.join("g", "d", {.weight = 2});

  const auto view = s.shard().view();
  const MemberProfile* shared = profile_of(*view, "g", "a");
  EXPECT_EQ(profile_of(*view, "g", "b"), shared);
  EXPECT_EQ(profile_of(*view, "h", "c"), shared);
  EXPECT_NE(profile_of(*view, "g", "d"), shared);
  EXPECT_EQ(s.shard().stats().profiles, 2U);
}

TEST(Profiles, AMemberThatChangesChangesNobodyElse) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  s.join("g", "b");
  FakeMember& c = s.join("g", "c");
  const auto before = s.shard().view();

  ASSERT_EQ(outcome(s.request(Update{a.session, std::nullopt, 7, std::nullopt}, a.connection)),
            "ok");

  const auto after = s.shard().view();
  EXPECT_EQ(profile_of(*after, "g", "a")->weight, 7U);
  EXPECT_EQ(profile_of(*after, "g", "b")->weight, 1U);
  EXPECT_EQ(profile_of(*before, "g", "a")->weight, 1U) << "a View does not change";
  EXPECT_EQ(s.shard().stats().profiles, 2U);

  ASSERT_EQ(outcome(s.request(Update{c.session, std::nullopt, 7, std::nullopt}, c.connection)),
            "ok");
  const auto both = s.shard().view();
  EXPECT_EQ(profile_of(*both, "g", "c"), profile_of(*both, "g", "a")) << "alike again";
  EXPECT_EQ(s.shard().stats().profiles, 2U);
}

TEST(Profiles, EveryFieldOfOneTellsMembersApart) {
  Scenario s;
  const auto add = [&](const std::string& id, auto&& change) {
    Join join;
    join.group = GroupId{"g"};
    join.member = MemberId{id};
    join.topics = {TopicName{"t"}};
    change(join);
    EXPECT_EQ(outcome(s.request(join, 9)), "ok");
  };
  add("like", [](Join&) {});
  add("topics", [](Join& j) { j.topics = {TopicName{"u"}}; });
  add("session", [](Join& j) { j.session_timeout = Millis{40'000}; });
  add("rebalance", [](Join& j) { j.rebalance_timeout = Millis{40'000}; });
  add("poll", [](Join& j) { j.max_poll_interval = Millis{40'000}; });
  add("weight", [](Join& j) { j.weight = 2; });
  add("zone", [](Join& j) { j.zone = "z"; });
  add("assignor", [](Join& j) { j.assignor = "range"; });
  add("software", [](Join& j) { j.client.software_name = "s"; });
  add("version", [](Join& j) { j.client.software_version = "1"; });
  EXPECT_EQ(s.shard().stats().profiles, 10U);

  add("own", [](Join& j) {
    j.client.client_id = "c";
    j.client.host = "h";
    j.client.address = "h:1";
    j.instance = InstanceId{"i"};
  });
  EXPECT_EQ(s.shard().stats().profiles, 10U) << "a member's own texts are no part of its profile";
}

TEST(Profiles, GoWithTheirLastMember) {
  Scenario s;
  FakeMember& a = s.join("g", "a", {.weight = 2});
  FakeMember& b = s.join("g", "b", {.weight = 2});
  s.join("g", "c");
  const auto held = s.shard().view();
  EXPECT_EQ(s.shard().stats().profiles, 2U);

  s.leave(a);
  EXPECT_EQ(s.shard().stats().profiles, 2U);
  s.leave(b);
  EXPECT_EQ(s.shard().stats().profiles, 1U);
  EXPECT_EQ(profile_of(*held, "g", "a")->weight, 2U) << "who holds a View may read on";

  s.member("c").beating = false;
  s.advance(Millis{10'000});
  EXPECT_EQ(s.shard().stats().profiles, 0U) << "expulsion counts as well";
}

TEST(Profiles, ChurnDoesNotPileThemUp) {
  Scenario s;
  FakeMember& a = s.join("g", "a");
  s.join("g", "b");
  for (std::uint32_t weight = 2; weight < 100; ++weight) {
    s.request(Update{a.session, std::nullopt, weight, std::nullopt}, a.connection);
    EXPECT_EQ(s.shard().stats().profiles, 2U);
  }
  s.restart();
  EXPECT_EQ(s.shard().stats().profiles, 2U) << "rebuilt from the records";
}

}  // namespace
}  // namespace muster::test
