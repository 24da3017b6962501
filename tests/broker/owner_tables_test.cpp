/// Who owns a partition: true at every moment, however old the table is.
#include <broker/owner_tables.hpp>

#include <gtest/gtest.h>

namespace muster::broker {
namespace {

using namespace std::chrono_literals;

constexpr TopicId topic{{1}};
constexpr TopicId other{{2}};

core::Shared<const core::Member> member(const std::string& id) {
  core::MemberRecord record;
  record.id = MemberId{id};
  record.client.address = id + ".example.com:80";
  return core::Member::make(
      record, core::Shared<const core::MemberProfile>(new core::MemberProfile(record)));
}

using Holdings = std::map<std::string, std::vector<PartitionIndex>>;

OwnerTables::Group group(const Holdings& holdings) {
  auto view = std::make_shared<core::GroupView>();
  for (const auto& [id, partitions] : holdings) {
    core::CurrentRecord current;
    current.assigned.push_back({topic, partitions, std::vector<Token>(partitions.size(), 1),
                                std::vector<Epoch>(partitions.size(), 1)});
    core::MemberView entry;
    entry.record = member(id);
    entry.current = std::make_shared<core::CurrentRecord>(current);
    const std::string_view key = entry.key();
    view->members.put(key, std::move(entry));
  }
  return view;
}

class OwnerTablesTest : public testing::Test {
 protected:
  std::string owner(const OwnerTables::Group& of, PartitionIndex partition,
                    const TopicId& in = topic, const std::string& name = "g",
                    OwnerTables::Effort effort = OwnerTables::Effort::bounded) {
    const auto found = tables.find(name, of, {in, partition}, effort);
    if (found.unsure) return "unsure";
    return found.member == nullptr ? "nobody" : std::string{found.member->record->id()};
  }

  OwnerTables::Time now{1h};
  OwnerTables::Time::duration cost{0};
  OwnerTables tables{{2, 100}, [this] { return now += cost; }};
};

TEST_F(OwnerTablesTest, EachPartitionHasItsOwner) {
  const auto of = group({{"a", {0, 2, 4}}, {"b", {1, 3}}, {"idle", {}}});
  EXPECT_EQ(owner(of, 0), "a");
  EXPECT_EQ(owner(of, 3), "b");
  EXPECT_EQ(owner(of, 4), "a");
  EXPECT_EQ(owner(of, 5), "nobody");
  EXPECT_EQ(owner(of, 0, other), "nobody");
  EXPECT_EQ(tables.made(), 1U);
}

TEST_F(OwnerTablesTest, WhatIsAskedBackIsOwnedUntilItIsGivenUp) {
  auto view = std::make_shared<core::GroupView>(*group({{"a", {0}}}));
  core::CurrentRecord current;
  current.revoking.push_back({topic, {3}, {7}, {1}});
  view->members.change(std::string_view{"a"})->current =
      std::make_shared<core::CurrentRecord>(current);
  EXPECT_EQ(owner(view, 3), "a");
  EXPECT_EQ(owner(view, 0), "nobody");
  const Holding held = holding_of(*view->members.find(std::string_view{"a"}), {topic, 3});
  EXPECT_TRUE(held.revoking);
  EXPECT_EQ(held.token, 7U);
}

TEST_F(OwnerTablesTest, AChangeElsewhereMakesNoNewTable) {
  EXPECT_EQ(owner(group({{"a", {0, 1}}, {"b", {2}}}), 0), "a");
  EXPECT_EQ(owner(group({{"a", {0, 1}}, {"c", {2}}}), 1), "a");
  EXPECT_EQ(tables.made(), 1U);
}

TEST_F(OwnerTablesTest, WhatHasMovedIsSeenAtOnce) {
  EXPECT_EQ(owner(group({{"a", {0}}, {"b", {}}}), 0), "a");
  EXPECT_EQ(owner(group({{"a", {}}, {"b", {0}}}), 0), "b");
  EXPECT_EQ(owner(group({{"a", {}}}), 0), "nobody");
}

TEST_F(OwnerTablesTest, ManyTablesInARowAreRefusedAsUnsure) {
  cost = 10ms;
  EXPECT_EQ(owner(group({{"a", {0, 1}}, {"b", {}}}), 0), "a");
  const auto moved = group({{"a", {1}}, {"b", {0}}});
  cost = 0ms;
  EXPECT_EQ(owner(moved, 0), "unsure");
  EXPECT_EQ(owner(moved, 1), "a");  // what the old table says is still right
  now += 101ms;
  EXPECT_EQ(owner(moved, 0), "b");
}

TEST_F(OwnerTablesTest, WhoSpendsWhateverItTakesIsAlwaysSure) {
  constexpr auto effort = OwnerTables::Effort::whatever_it_takes;
  cost = 10ms;
  EXPECT_EQ(owner(group({{"a", {0, 1}}, {"b", {}}}), 0, topic, "g", effort), "a");
  EXPECT_EQ(owner(group({{"a", {1}}, {"b", {0}}}), 0, topic, "g", effort), "b");
  EXPECT_EQ(tables.made(), 2U);
}

TEST_F(OwnerTablesTest, TheyAreBounded) {
  const auto of = group({{"a", {0, 1, 2}}});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(owner(of, 1, topic, "g" + std::to_string(i)), "a");
  const auto wide = group({{"a", {98}}});
  EXPECT_EQ(owner(wide, 98, topic, "wide"), "a");
  EXPECT_EQ(owner(of, 1, topic, "g0"), "a");
}

}  // namespace
}  // namespace muster::broker
