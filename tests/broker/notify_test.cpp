#include <broker/notify.hpp>

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <map>
#include <string>

namespace muster::broker {
namespace {

std::map<std::string, std::string>& environment() {
  static std::map<std::string, std::string> values;
  return values;
}
const char* lookup(const char* name) {
  const auto it = environment().find(name);
  return it == environment().end() ? nullptr : it->second.c_str();
}

/// What a service manager would hear, on a socket in the abstract namespace.
class Manager {
 public:
  Manager() : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    name_ = "muster-notify-test-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data(), name_.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), length), 0);
  }
  ~Manager() { ::close(fd_); }
  [[nodiscard]] std::string socket() const { return "@" + name_; }
  [[nodiscard]] std::string hear() const {
    std::array<char, 256> text{};
    const auto size = ::recv(fd_, text.data(), text.size(), MSG_DONTWAIT);
    return size < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(size));
  }

 private:
  int fd_;
  std::string name_;
};

TEST(Notify, ManagerHearsTheState) {
  const Manager manager;
  environment() = {{"NOTIFY_SOCKET", manager.socket()}};

  Notifier(&lookup).send("READY=1");

  EXPECT_EQ(manager.hear(), "READY=1");
}

TEST(Notify, WatchdogIsFedTwiceInItsTime) {
  environment() = {{"WATCHDOG_USEC", "10000000"}};

  EXPECT_EQ(Notifier(&lookup).watchdog_interval(), std::chrono::milliseconds{5'000});
}

TEST(Notify, WatchdogOfAnotherProcessIsNotOurs) {
  environment() = {{"WATCHDOG_USEC", "10000000"}, {"WATCHDOG_PID", "1"}};

  EXPECT_FALSE(Notifier(&lookup).watchdog_interval());
}

TEST(Notify, WithoutAManagerNothingHappens) {
  environment() = {{"WATCHDOG_USEC", "garbage"}};
  const Notifier notifier(&lookup);

  notifier.send("READY=1");

  EXPECT_FALSE(notifier.watchdog_interval());
}

}  // namespace
}  // namespace muster::broker
