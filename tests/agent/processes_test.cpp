/// Real processes of this machine: what belongs to a start, and what does not.
#include <agent/brood.hpp>
#include <agent/launch.hpp>
#include <agent/processes.hpp>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

namespace muster::agent {
namespace {

template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

/// Starts a shell under marks of its own, and clears away whatever is left of it.
class Processes : public ::testing::Test {
 protected:
  Processes() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~Processes() override {
    if (brood) {
      EXPECT_TRUE(eventually([this] {
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        return brood->signal(SIGKILL) == 0;
      }));
    }
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  }

  void start(const std::string& script) {
    const Brood::Marks marks = marks_of("test-" + std::to_string(::getpid()), 7);
    Launch what;
    what.command = {"/bin/sh", "-c", script};
    what.environment = marks;
    const auto started = launch(what);
    ASSERT_TRUE(std::holds_alternative<pid_t>(started)) << std::get<std::string>(started);
    pid = std::get<pid_t>(started);
    brood.emplace(marks, pid, look_at(pid)->start_time, "");
  }
  [[nodiscard]] bool has(std::size_t count) {
    return eventually([&] { return brood->members().size() == count; });
  }
  void reap(pid_t which) {
    int status = 0;
    EXPECT_EQ(::waitpid(which, &status, 0), which);
  }

  pid_t pid = 0;
  std::optional<Brood> brood;
};

TEST_F(Processes, ANameWithParenthesesEndsAtTheLastOne) {
  const auto info = parse_stat(
      "42 (a) b (c)) S 7 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 12345 100 200 300\n");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->pid, 42);
  EXPECT_EQ(info->parent, 7);
  EXPECT_EQ(info->group, 42);
  EXPECT_EQ(info->start_time, 12345U);
  EXPECT_EQ(info->state, 'S');
  for (const char* const odd : {"", "42", "42 (x", "42 (x) S 1", "x (x) S 1 1 1"})
    EXPECT_FALSE(parse_stat(odd)) << odd;
}

TEST_F(Processes, KnowsItself) {
  const auto self = look_at(::getpid());
  ASSERT_TRUE(self);
  EXPECT_EQ(self->pid, ::getpid());
  EXPECT_EQ(self->parent, ::getppid());
  EXPECT_FALSE(look_at(-1));
}

TEST_F(Processes, ASignalIsNotForALaterOneOfThatNumber) {
  start("exec sleep 1000");
  ProcessInfo other = *look_at(pid);
  ++other.start_time;
  send_signal(other, SIGKILL);
  EXPECT_TRUE(has(1));
  send_signal(*look_at(pid), SIGKILL);
  reap(pid);
  EXPECT_TRUE(has(0));
}

TEST_F(Processes, ChildrenBelongToIt) {
  start("sleep 1000 & sleep 1000 & wait");
  EXPECT_TRUE(has(3));
}

TEST_F(Processes, OrphansBelongToIt) {
  start("sh -c 'sleep 1000 & sleep 1000 & :' ; exec sleep 1000");
  EXPECT_TRUE(has(3));
  ::kill(pid, SIGKILL);
  reap(pid);
  EXPECT_TRUE(has(2)) << "their parents are gone, and their group's leader";
}

TEST_F(Processes, WhoLeftTheGroupAndTheSessionBelongsToIt) {
  start("setsid sh -c 'trap \"\" TERM; while :; do sleep 1000; done' & wait");
  EXPECT_TRUE(has(3));
  ::kill(pid, SIGKILL);
  reap(pid);
  EXPECT_TRUE(has(2));
  brood->signal(SIGKILL);
  EXPECT_TRUE(eventually([this] {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    return brood->members().empty();
  }));
}

TEST_F(Processes, WhoWipedItsEnvironmentBelongsToItsGroup) {
  start("env -i sleep 1000 & wait");
  EXPECT_TRUE(has(2));
  ::kill(pid, SIGKILL);
  reap(pid);
  EXPECT_TRUE(has(1));
}

TEST_F(Processes, StrangersDoNotBelongToIt) {
  start("exec sleep 1000");
  const Brood::Marks others = marks_of("test-" + std::to_string(::getpid()), 8);
  Launch what;
  what.command = {"sleep", "1000"};
  what.environment = others;
  const auto stranger = std::get<pid_t>(launch(what));
  EXPECT_TRUE(has(1));
  // A record of a process that is gone, whose number a stranger has now.
  Brood stale(marks_of("test-gone", 1), stranger, look_at(stranger)->start_time - 1, "");
  EXPECT_TRUE(stale.members().empty());
  EXPECT_EQ(stale.signal(SIGKILL), 0U);
  EXPECT_TRUE(look_at(stranger));
  ::kill(stranger, SIGKILL);
  reap(stranger);
}

TEST_F(Processes, WhatCannotBeStartedSaysWhy) {
  struct Row {
    Launch what;
    std::string said;
  };
  std::vector<Row> rows(3);
  rows[0].what.command = {"/nonexistent/program"};
  rows[0].said = "/nonexistent/program: No such file";
  rows[1].what.command = {"true"};
  rows[1].what.directory = "/nonexistent";
  rows[1].said = "directory /nonexistent: No such file";
  rows[2].what.command = {"true"};
  rows[2].what.user = "no-such-user-here";
  rows[2].said = "there is no user no-such-user-here";
  for (const Row& row : rows) {
    const auto started = launch(row.what);
    ASSERT_TRUE(std::holds_alternative<std::string>(started)) << row.said;
    EXPECT_TRUE(std::get<std::string>(started).starts_with(row.said))
        << std::get<std::string>(started);
  }
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
}

}  // namespace
}  // namespace muster::agent
