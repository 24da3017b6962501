/// `muster services` and `muster health` against a broker that says what the test wants.
#include "fake_broker.hpp"

#include <gtest/gtest.h>
#include <arguments.hpp>
#include <commands.hpp>

#include <sstream>

namespace muster::cli {
namespace {

using test::Caller;
using test::FakeBroker;

InstanceDescription instance(const std::string& id, Status status, bool handed_out) {
  InstanceDescription out;
  out.instance = InstanceId{id};
  out.incarnation = 1'800'000'000'001;
  out.info.address = "10.0.0.1";
  out.info.port = 80;
  out.info.tags = {"v2"};
  out.info.meta = {{"env", "prod"}};
  out.session_timeout = Millis{3'000};
  out.status = status;
  out.reason = Reason::heartbeats_missed;
  out.detail = "silent\033[2J for 2251 ms";
  out.handed_out = handed_out;
  return out;
}

ServiceResult payments() {
  ServiceResult out;
  out.service = ServiceName{"payments"};
  out.known = true;
  out.index = 12;
  out.instances = {instance("a", Status::healthy, true), instance("b", Status::critical, true)};
  out.instances[0].reason = Reason::none;
  out.instances[0].detail.clear();
  out.instances[1].is_protected = true;
  out.protected_for = Reason::service_silent;
  out.protected_since = {1'700'000'000'000};
  out.departed = {{InstanceId{"c"},
                   7,
                   "2001:db8::1",
                   81,
                   {1'700'000'000'000},
                   Status::dead,
                   Reason::session_expired,
                   ""}};
  return out;
}

struct Outcome {
  Exit code;
  std::string out;
  std::string notes;
};

class Services : public ::testing::Test {
 protected:
  Outcome run(Command command, bool json = false) {
    const FakeBroker broker([&](const wire::Call& call, const Caller& caller) {
      calls.push_back(call);
      caller.reply(answer);
    });
    std::ostringstream out;
    std::ostringstream notes;
    const Invocation invocation{
        {{broker.address()}, std::chrono::seconds{20}}, json, std::move(command)};
    const Exit code = cli::run(invocation, out, notes, false);
    return {code, out.str(), notes.str()};
  }
  template <class T>
  const T& request() {
    return std::get<T>(std::get<Request>(calls.at(0)));
  }

  ReplyBody answer = payments();
  std::vector<wire::Call> calls;
};

TEST_F(Services, ShowTellsStatusWhyAndWhoIsGone) {
  const Outcome outcome = run(ServicesShow{"payments"});

  EXPECT_EQ(outcome.code, Exit::ok);
  EXPECT_NE(outcome.out.find("critical, protected"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("protected since"), std::string::npos);
  EXPECT_NE(outcome.out.find("[2001:db8::1]:81"), std::string::npos);
  EXPECT_EQ(outcome.out.find('\033'), std::string::npos) << "nothing steers the terminal";
}

TEST_F(Services, LookupPrintsOneAddressALine) {
  const Outcome outcome = run(ServicesLookup{"payments", "v2", "north"});

  EXPECT_EQ(outcome.out, "10.0.0.1:80\n10.0.0.1:80\n");
  const auto& query = std::get<LookupService>(std::get<Query>(calls.at(0)));
  EXPECT_TRUE(query.passing);
  EXPECT_EQ(query.tag, "v2");
  EXPECT_EQ(query.zone, "north");
}

TEST_F(Services, LookupFailsWhereNobodyIsThereAndOtherwiseWhereNobodyKnows) {
  ServiceResult nobody = payments();
  nobody.instances.clear();
  answer = nobody;
  EXPECT_EQ(run(ServicesLookup{"payments", "", ""}).code, Exit::refused);
  nobody.sure = false;
  answer = nobody;
  EXPECT_EQ(run(ServicesLookup{"payments", "", ""}).code, Exit::no_answer);
  nobody.known = false;
  answer = nobody;
  EXPECT_EQ(run(ServicesLookup{"payments", "", ""}).code, Exit::refused);
}

TEST_F(Services, AreJsonForPrograms) {
  const std::string out = run(ServicesShow{"payments"}, true).out;

  for (const char* part :
       {R"("service":"payments")", R"("index":12)", R"("incarnation":"1800000000001")",
        R"("meta":{"env":"prod"})", R"("protected_for":"service_silent")", R"("handed_out":true)",
        R"("last":"dead")", R"("sure":true)"})
    EXPECT_NE(out.find(part), std::string::npos) << part << " in " << out;
}

TEST_F(Services, RegisterSendsWhatWasSaid) {
  answer = RegisterOk{
      {5}, ServiceName{"payments"}, InstanceId{"pay-1"}, 3, Millis{6'000}, Millis{2'000}, 9};
  const auto parsed =
      parse_arguments({"services",  "register", "payments", "--instance",    "pay-1",
                       "--address", "10.0.0.9", "--port",   "8443",          "--tag",
                       "v2",        "--tag",    "canary",   "--meta",        "env=prod",
                       "--weight",  "3",        "--zone",   "north",         "--session-timeout",
                       "6s",        "--status", "healthy",  "--incarnation", "3"});
  ASSERT_TRUE(std::holds_alternative<Invocation>(parsed)) << std::get<Ending>(parsed).text;

  const Outcome outcome = run(std::get<Invocation>(parsed).command);

  EXPECT_EQ(outcome.out, "instance pay-1 of payments registered; a heartbeat is due every 2 s\n");
  const auto& sent = request<Register>();
  EXPECT_EQ(sent.info.tags, (std::vector<std::string>{"v2", "canary"}));
  EXPECT_EQ(sent.info.meta, (std::vector<MetaEntry>{{"env", "prod"}}));
  EXPECT_EQ(sent.info.port, 8'443);
  EXPECT_EQ(sent.session_timeout, Millis{6'000});
  EXPECT_EQ(sent.status, Status::healthy);
  EXPECT_EQ(sent.incarnation, 3U);
}

TEST_F(Services, HealthEndsWithZeroOnlyWhereSomebodyIsHandedOut) {
  EXPECT_EQ(run(Health{"payments", ""}).out, "2 of 2 instances of payments handed out\n");
  EXPECT_EQ(run(Health{"payments", "b"}).out, "instance b of payments is critical, protected\n");
  EXPECT_EQ(run(Health{"payments", "nobody"}).code, Exit::refused);
  answer = TopicList{};
  EXPECT_EQ(run(Health{"", ""}).code, Exit::ok);
}

TEST_F(Services, HealthSaysWhyNobodyIsHandedOut) {
  ServiceResult ill = payments();
  ill.instances = {instance("b", Status::critical, false)};
  answer = ill;
  const Outcome none = run(Health{"payments", ""});
  EXPECT_EQ(none.code, Exit::refused);
  EXPECT_NE(none.notes.find("none of 1 instance of payments is handed out: b is critical"),
            std::string::npos)
      << none.notes;
  EXPECT_NE(run(Health{"payments", "b"}).notes.find("b of payments is critical and not handed out"),
            std::string::npos);

  ill.sure = false;
  answer = ill;
  EXPECT_EQ(run(Health{"payments", ""}).code, Exit::no_answer) << "the broker cannot know";
  ill.sure = true;
  ill.instances.clear();
  answer = ill;
  EXPECT_NE(run(Health{"payments", ""}).notes.find("has no instances"), std::string::npos);
}

TEST(ServicesArguments, StatusAndMetaAreChecked) {
  const auto fails = [](std::vector<std::string> words) {
    return std::holds_alternative<Ending>(parse_arguments(std::move(words)));
  };
  EXPECT_TRUE(fails({"services", "heartbeat", "s", "i", "--status", "dead"}));
  EXPECT_TRUE(fails({"services", "register", "s", "--address", "a", "--meta", "novalue"}));
  EXPECT_TRUE(fails({"services", "register", "s", "--address", "a", "--port", "65536"}));
  EXPECT_FALSE(fails({"services", "heartbeat", "s", "i", "--status", "critical"}));
}

}  // namespace
}  // namespace muster::cli
