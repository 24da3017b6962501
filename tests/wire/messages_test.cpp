// The closed lists: every number has its own name, every error says whether to retry.
#include <muster/errc.hpp>
#include <muster/messages.hpp>

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace muster {
namespace {

// Every Errc, and whether the same request may succeed later.
const std::map<Errc, bool> errors = {
    {Errc::ok, false},
    {Errc::malformed, false},
    {Errc::frame_too_large, false},
    {Errc::unsupported_version, false},
    {Errc::unknown_kind, false},
    {Errc::not_greeted, false},
    {Errc::invalid_name, false},
    {Errc::out_of_range, false},
    {Errc::invalid_request, false},
    {Errc::not_allowed, false},
    {Errc::unknown_group, false},
    {Errc::unknown_member, false},
    {Errc::unknown_session, false},
    {Errc::unknown_topic, false},
    {Errc::topic_exists, false},
    {Errc::unknown_partition, false},
    {Errc::unknown_epoch, false},
    {Errc::unknown_assignor, false},
    {Errc::unknown_service, false},
    {Errc::unknown_instance, false},
    {Errc::unknown_node, false},
    {Errc::fenced_member, false},
    {Errc::stale_epoch, false},
    {Errc::stale_token, false},
    {Errc::stale_commit, false},
    {Errc::group_full, false},
    {Errc::group_not_empty, false},
    {Errc::wrong_group_type, false},
    {Errc::limit_reached, false},
    {Errc::epoch_exhausted, false},
    {Errc::partitions_shrink, false},
    {Errc::stale_incarnation, false},
    {Errc::not_protected, false},
    {Errc::store_full, true},
    {Errc::catalogue_behind, true},
    {Errc::overloaded, true},
    {Errc::not_leader, true},
    {Errc::shutting_down, true},
    {Errc::deadline_passed, true},
    {Errc::connection_lost, true},
    {Errc::push_stalled, true},
    {Errc::store_failed, false},
    {Errc::store_locked, false},
    {Errc::store_corrupt, false},
    {Errc::store_incompatible, false},
};

TEST(Errors, EveryOneSaysWhetherToRetry) {
  for (const auto& [errc, expected] : errors)
    EXPECT_EQ(retriable(errc), expected) << to_string(errc);
}

TEST(Errors, TheTableAboveHoldsEveryOne) {
  for (unsigned number = 0; number <= 0xffff; ++number) {
    const auto errc = static_cast<Errc>(number);
    EXPECT_EQ(to_string(errc) != "unknown_error", errors.contains(errc)) << number;
  }
}

TEST(Errors, NamesAreDistinct) {
  std::set<std::string_view> names;
  for (const auto& [errc, _] : errors)
    EXPECT_TRUE(names.insert(to_string(errc)).second) << to_string(errc);
}

TEST(Errors, AreErrorCodesOfOneCategory) {
  const boost::system::error_code error = Errc::stale_token;
  EXPECT_EQ(error, Errc::stale_token);
  EXPECT_EQ(error.message(), "stale_token");
  EXPECT_STREQ(error.category().name(), "muster");
  EXPECT_FALSE(boost::system::error_code{Errc::ok});
  EXPECT_TRUE(error);
}

// All numbers that have a name; names must be distinct.
template <class Enum>
std::set<unsigned> named() {
  std::set<unsigned> numbers;
  std::set<std::string_view> names;
  for (unsigned number = 0; number <= 0xff; ++number) {
    const std::string_view name = to_string(static_cast<Enum>(number));
    if (name == "unknown") continue;
    numbers.insert(number);
    EXPECT_TRUE(names.insert(name).second) << name << " names two numbers";
  }
  return numbers;
}

std::set<unsigned> from_to(unsigned first, unsigned last) {
  std::set<unsigned> numbers;
  for (unsigned number = first; number <= last; ++number) numbers.insert(number);
  return numbers;
}

// The compiler sees to it that to_string has a line for each; here: no gap, and nothing lost.
template <class Enum>
void expect_dense(Enum first, Enum at_least) {
  const std::set<unsigned> numbers = named<Enum>();
  ASSERT_FALSE(numbers.empty());
  EXPECT_EQ(numbers, from_to(static_cast<unsigned>(first), *numbers.rbegin()));
  EXPECT_GE(*numbers.rbegin(), static_cast<unsigned>(at_least)) << "a number has lost its name";
}

TEST(Lists, EveryNumberHasItsOwnName) {
  expect_dense(Status::starting, Status::maintenance);
  expect_dense(GroupType::consumer, GroupType::classic);
  expect_dense(GroupState::empty, GroupState::stable);
  expect_dense(Reason::none, Reason::protection_ended);
  std::set<unsigned> kinds = from_to(1, 15);
  kinds.merge(from_to(20, 28));  // 16-19 are kept
  EXPECT_EQ(named<EventKind>(), kinds);
}

TEST(Lists, NumbersThatAreNotKnownAreUnknown) {
  EXPECT_EQ(to_string(static_cast<Status>(255)), "unknown");
  EXPECT_EQ(to_string(static_cast<GroupType>(255)), "unknown");
  EXPECT_EQ(to_string(static_cast<GroupState>(255)), "unknown");
  EXPECT_EQ(to_string(static_cast<Reason>(255)), "unknown");
  EXPECT_EQ(to_string(static_cast<EventKind>(255)), "unknown");
}

TEST(HeartbeatInterval, IsAThirdOfTheSessionTimeout) {
  EXPECT_EQ(heartbeat_interval(Millis{45'000}), Millis{15'000});
  EXPECT_EQ(heartbeat_interval(Millis{3'000}), Millis{1'000});
  EXPECT_EQ(heartbeat_interval(Millis{1'000}), Millis{333});  // rounded down: three fit into S
  EXPECT_EQ(heartbeat_interval(Millis{1'800'000}), Millis{600'000});
}

TEST(HeartbeatGrace, IsAQuarterOfTheIntervalBetween50MsAnd1S) {
  EXPECT_EQ(heartbeat_grace(Millis{300}), Millis{50});
  EXPECT_EQ(heartbeat_grace(Millis{3'000}), Millis{250});
  EXPECT_EQ(heartbeat_grace(Millis{12'000}), Millis{1'000});
  EXPECT_EQ(heartbeat_grace(Millis{45'000}), Millis{1'000});
}

TEST(Token, OrdersByTermThenCounter) {
  EXPECT_EQ(make_token(1, 5), (Token{1} << 40) + 5);
  EXPECT_LT(make_token(1, max_token_counter), make_token(2, 0));
  EXPECT_EQ(term_of(make_token(max_term, 7)), max_term);
  EXPECT_EQ(make_token(max_term, max_token_counter), ~Token{0});
}

}  // namespace
}  // namespace muster
