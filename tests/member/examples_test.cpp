/// The smallest workers, run as their users run them.
#include "musterd.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

namespace muster::member {
namespace {

/// A child whose output is read line by line.
class Child {
 public:
  Child(const char* program, const std::string& server) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      ::dup2(ends[1], STDOUT_FILENO);
      ::close(ends[0]);
      ::execl(program, program, server.c_str(), "workers", "jobs", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(ends[1]);
    output_.reset(::fdopen(ends[0], "r"));
  }
  ~Child() {
    if (pid_ > 0) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
  }

  std::string line() {
    char text[256] = "";
    return std::fgets(text, sizeof text, output_.get()) == nullptr ? "" : text;
  }
  int stop() {
    ::kill(pid_, SIGTERM);
    while (!line().empty()) continue;
    int status = -1;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  struct Close {
    void operator()(FILE* file) const { std::fclose(file); }
  };
  pid_t pid_ = -1;
  std::unique_ptr<FILE, Close> output_;
};

TEST(Examples, TheWorkersInCppAndInCTakeTurnsOnOnePartition) {
  Musterd broker;
  broker.create_topic(TopicName{"jobs"}, 1);
  std::string last;
  {
    Child worker(WORKER, broker.address());
    EXPECT_TRUE(worker.line().starts_with("partition 0: item 0 under token "));
    while (!last.starts_with("partition 0: item 3 ")) {
      last = worker.line();
      ASSERT_FALSE(last.empty());
    }
    EXPECT_EQ(worker.stop(), 0);
  }

  Child worker(WORKER_C, broker.address());

  int item = -1;
  ASSERT_EQ(std::sscanf(worker.line().c_str(), "partition 0: item %d", &item), 1);
  EXPECT_GT(item, 3) << "it goes on where the other had committed";
  EXPECT_EQ(worker.stop(), 0);
}

}  // namespace
}  // namespace muster::member
