/// musterd as a process: start, stop, kill, and all the ways in which it must refuse to start.
#include "process.hpp"
#include "harness.hpp"
#include "native_client.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace muster::broker {
namespace {

bool says(const std::string& output, const std::string& what) {
  return output.find(what) != std::string::npos;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TopicChanged create_topic(const Musterd& broker, const std::string& name, int partitions) {
  NativeClient client(broker.port());
  (void)client.greet();
  client.send_request(CreateTopic{TopicName{name}, partitions}, 1);
  return client.expect<TopicChanged>();
}

TopicList list_topics(const Musterd& broker) {
  NativeClient client(broker.port());
  (void)client.greet();
  client.send_query(ListTopics{}, 1);
  return client.expect<TopicList>();
}

/// Those that need a store on disk.
class ProcessWithData : public testing::Test {
 protected:
  void SetUp() override {
    if (!MUSTER_WITH_ROCKSDB) GTEST_SKIP() << "built without RocksDB";
  }
};

TEST(Process, AKilledBrokerLeavesItsRecording) {
  const ScratchFolder folder;
  Musterd broker(folder, {"--record", folder.path("flight"), "--record-size", "4MiB"});
  ASSERT_TRUE(broker.ready()) << broker.output();
  create_topic(broker, "work", 4);
  broker.end(SIGKILL);

  const Outcome replay = run_musterd({"replay", folder.path("flight")});

  EXPECT_EQ(replay.code, 0) << replay.output;
  EXPECT_TRUE(says(replay.output, "create topic work of 4 partitions")) << replay.output;
  EXPECT_TRUE(says(replay.output, "0 differ, 0 damaged")) << replay.output;
}

TEST_F(ProcessWithData, ReadyFileTellsThePortAndSigtermEndsWell) {
  const ScratchFolder folder;
  Musterd broker(folder, {"--data", folder.path("data")});
  ASSERT_TRUE(broker.ready()) << broker.output();
  create_topic(broker, "work", 4);

  EXPECT_EQ(broker.end(SIGTERM), 0) << broker.output();

  EXPECT_TRUE(says(broker.output(), "stopped"));
  struct stat data{};
  ASSERT_EQ(::stat(folder.path("data").c_str(), &data), 0);
  EXPECT_EQ(data.st_mode & 0777, 0700U);
}

TEST_F(ProcessWithData, WhatWasAcknowledgedOutlivesKill9AndAnotherThreadCount) {
  const ScratchFolder folder;
  const std::string data = folder.path("data");
  std::size_t topics = 0;
  for (const char* threads : {"1", "2", "4"}) {
    Musterd broker(folder, {"--data", data, "--threads", threads});
    ASSERT_TRUE(broker.ready()) << broker.output();
    EXPECT_EQ(list_topics(broker).topics.size(), topics);
    create_topic(broker, "after-" + std::string{threads}, 4);
    ++topics;
    EXPECT_EQ(broker.end(SIGKILL), -SIGKILL);
  }
}

TEST_F(ProcessWithData, SecondBrokerOnTheSameFolderIsRefused) {
  const ScratchFolder folder;
  Musterd first(folder, {"--data", folder.path("data")});
  ASSERT_TRUE(first.ready());

  Musterd second(folder, {"--data", folder.path("data")});

  EXPECT_FALSE(second.ready());
  EXPECT_EQ(second.wait(), 1);
  EXPECT_EQ(lines(second.output()), 1U) << second.output();
  create_topic(first, "still-here", 1);
}

TEST_F(ProcessWithData, OtherShardCountIsRefusedAndNoneTakesWhatIsThere) {
  const ScratchFolder folder;
  const std::string data = folder.path("data");
  {
    Musterd broker(folder, {"--data", data, "--shards", "3"});
    ASSERT_TRUE(broker.ready());
    EXPECT_EQ(broker.end(SIGTERM), 0);
  }
  {
    Musterd other(folder, {"--data", data, "--shards", "4"});
    EXPECT_FALSE(other.ready());
    EXPECT_EQ(other.wait(), 1);
    EXPECT_TRUE(says(other.output(), "3 shards")) << other.output();
  }
  Musterd again(folder, {"--data", data});
  ASSERT_TRUE(again.ready()) << again.output();
  NativeClient client(again.port());
  EXPECT_EQ(client.greet().shards, 3U);
}

TEST(Process, OtherThanLoopbackIsRefused) {
  const Outcome outcome = run_musterd({"--listen", "0.0.0.0:0"});

  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(says(outcome.output, "--insecure-listen")) << outcome.output;
  EXPECT_EQ(lines(outcome.output), 1U) << outcome.output;
}

TEST(Process, BadValuesAreOneSentenceEach) {
  EXPECT_EQ(run_musterd({"--shards", "99999"}).code, 1);
  EXPECT_EQ(run_musterd({"--config", "/nonexistent.toml"}).code, 1);
  EXPECT_EQ(run_musterd({"--data", "/proc/nonexistent/data", "--listen", "127.0.0.1:0"}).code, 1);
  EXPECT_EQ(run_musterd({"--no-such-flag"}).code, 64);
  EXPECT_EQ(run_musterd({"store"}).code, 64);
}

TEST(Process, TakenPortIsNamed) {
  const ScratchFolder folder;
  Musterd broker(folder, {});
  ASSERT_TRUE(broker.ready());
  const std::string address = "127.0.0.1:" + std::to_string(broker.port());

  const Outcome outcome = run_musterd({"--listen", address});

  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(says(outcome.output, address)) << outcome.output;
}

TEST(Process, HelpVersionAndReferenceArePrinted) {
  const Outcome help = run_musterd({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_TRUE(says(help.output, "MUSTER_MIN_FREE")) << help.output;
  EXPECT_TRUE(says(run_musterd({"--version"}).output, "musterd "));
  EXPECT_TRUE(says(run_musterd({"config-reference"}).output, "| `--data` |"));
}

TEST(Process, SighupReadsTheLevelAgain) {
  const ScratchFolder folder;
  const std::string file = folder.path("musterd.toml");
  std::ofstream(file) << "log_level = \"info\"\n";
  Musterd broker(folder, {"--config", file});
  ASSERT_TRUE(broker.ready()) << broker.output();
  std::ofstream(file) << "log_level = \"debug\"\n";

  broker.signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return says(broker.output(), "log level read again"); }));
  list_topics(broker);

  EXPECT_TRUE(eventually([&] { return says(broker.output(), "connection greeted"); }));
}

TEST_F(ProcessWithData, BackupOfARunningBrokerIsRestoredWithAHigherTerm) {
  const ScratchFolder folder;
  {
    Musterd broker(folder, {"--data", folder.path("data"), "--backup-dir", folder.path("backups")});
    ASSERT_TRUE(broker.ready());
    create_topic(broker, "work", 4);
    broker.signal(SIGUSR1);
    ASSERT_TRUE(eventually([&] {
      return says(broker.output(), "backup written") || says(broker.output(), "backup failed");
    }));
    ASSERT_TRUE(says(broker.output(), "backup written")) << broker.output();
    EXPECT_EQ(broker.end(SIGTERM), 0);
  }
  const auto backup = std::filesystem::directory_iterator(folder.path("backups"))->path().string();

  const Outcome restored =
      run_musterd({"store", "restore", "--from", backup, "--data", folder.path("restored")});
  ASSERT_EQ(restored.code, 0) << restored.output;
  EXPECT_EQ(run_musterd({"store", "check", "--data", folder.path("restored")}).code, 0);

  Musterd broker(folder, {"--data", folder.path("restored")});
  ASSERT_TRUE(broker.ready()) << broker.output();
  EXPECT_EQ(list_topics(broker).topics.size(), 1U);
  const auto at = broker.output().find(" term=");
  ASSERT_NE(at, std::string::npos);
  EXPECT_GT(std::stoul(broker.output().substr(at + 6)), 65'536U);
}

TEST_F(ProcessWithData, StoppedStoreIsCheckedAndBackedUp) {
  const ScratchFolder folder;
  const std::string data = folder.path("data");
  {
    Musterd broker(folder, {"--data", data});
    ASSERT_TRUE(broker.ready());
    create_topic(broker, "work", 4);
    EXPECT_EQ(run_musterd({"store", "backup", "--data", data, "--to", folder.path("no")}).code, 1);
    EXPECT_EQ(broker.end(SIGTERM), 0);
  }

  const Outcome check = run_musterd({"store", "check", "--data", data});
  EXPECT_EQ(check.code, 0) << check.output;
  EXPECT_TRUE(says(check.output, "sound")) << check.output;
  const Outcome backup =
      run_musterd({"store", "backup", "--data", data, "--to", folder.path("copy")});
  EXPECT_EQ(backup.code, 0) << backup.output;
  EXPECT_EQ(run_musterd({"store", "check", "--data", folder.path("nothing")}).code, 1);
}

TEST(Process, ServiceManagerHearsOfItsStates) {
  const ScratchFolder folder;
  const std::string path = folder.path("notify");
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const timeval patience{30, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const auto hear = [&] {
    std::array<char, 256> text{};
    const auto size = ::recv(fd, text.data(), text.size(), 0);
    return size < 0 ? std::string{} : std::string(text.data(), static_cast<std::size_t>(size));
  };
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  ::setenv("WATCHDOG_USEC", "100000", 1);
  Musterd broker(folder, {});
  ::unsetenv("NOTIFY_SOCKET");
  ::unsetenv("WATCHDOG_USEC");

  EXPECT_TRUE(hear().starts_with("READY=1"));
  EXPECT_EQ(hear(), "WATCHDOG=1");
  EXPECT_EQ(hear(), "WATCHDOG=1");
  broker.signal(SIGTERM);
  std::string last;
  while (last = hear(), last == "WATCHDOG=1") {
  }
  EXPECT_EQ(last, "STOPPING=1");
  EXPECT_EQ(broker.wait(), 0);
  ::close(fd);
}

TEST(Process, PausedBrokerExpelsNobody) {
  const ScratchFolder folder;
  Musterd broker(folder, {"--threads", "2"});
  ASSERT_TRUE(broker.ready());
  NativeClient client(broker.port());
  (void)client.greet("g");
  Join join;
  join.group = GroupId{"g"};
  join.session_timeout = Millis{1'000};
  client.send_request(join, 1);
  const JoinOk ok = client.expect<JoinOk>();

  broker.signal(SIGSTOP);
  ::usleep(2'500'000);  // what is tested is that this long a time passes
  wire::Bytes beat;
  wire::encode_heartbeat({.session = ok.session, .sequence = 1}, 2, beat);
  client.send(beat);
  broker.signal(SIGCONT);

  EXPECT_EQ(client.expect<HeartbeatOk>().sequence, 1U);
}

}  // namespace
}  // namespace muster::broker
