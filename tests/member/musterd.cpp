#include "musterd.hpp"

#include "codec.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace muster::member {

namespace {

void send_all(int socket, const wire::Bytes& bytes) {
  if (::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(bytes.size()))
    throw std::runtime_error("the broker does not read");
}

std::uint16_t receive_kind(int socket, wire::FrameReader& reader) {
  while (true) {
    if (const auto frame = reader.next().value()) return frame->kind;
    const auto room = reader.prepare();
    const auto count = ::recv(socket, room.data(), room.size(), 0);
    if (count <= 0) throw std::runtime_error("the broker hung up");
    reader.commit(static_cast<std::size_t>(count));
  }
}

}  // namespace

Musterd::Musterd() {
  char folder[] = "/tmp/muster-member-XXXXXX";
  if (::mkdtemp(folder) == nullptr) throw std::runtime_error("no folder below /tmp");
  folder_ = folder;
  start();
}

Musterd::~Musterd() {
  kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void Musterd::kill() {
  if (pid_ < 0) return;
  signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void Musterd::start() {
  std::filesystem::remove(ready_file());
  const std::string data = folder_ + "/data";
  const std::string ready = ready_file();
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execl(MUSTERD, MUSTERD, "--listen", address_.c_str(), "--http-listen", "off", "--dns-listen",
            "off", "--ready-file", ready.c_str(), "--threads", "1", "--log-level", "error",
            "--min-free", "0", durable ? "--data" : static_cast<char*>(nullptr), data.c_str(),
            static_cast<char*>(nullptr));
    ::_exit(127);
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (!std::filesystem::exists(ready)) {
    if (::waitpid(pid_, nullptr, WNOHANG) != 0 || std::chrono::steady_clock::now() > end)
      throw std::runtime_error("musterd did not start");
    std::this_thread::sleep_for(Millis{2});
  }
  std::ifstream file(ready);
  std::string line;
  while (std::getline(file, line))
    if (line.starts_with("native=")) address_ = line.substr(7);
}

void Musterd::create_topic(const TopicName& topic, std::int32_t partitions) const {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port =
      htons(static_cast<std::uint16_t>(std::stoi(address_.substr(address_.rfind(':') + 1))));
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("the broker does not listen on " + address_);
  wire::FrameReader reader;
  wire::Bytes bytes;
  wire::encode_hello({}, bytes);
  send_all(socket, bytes);
  (void)receive_kind(socket, reader);
  bytes.clear();
  EXPECT_TRUE(wire::encode_request(CreateTopic{topic, partitions}, 1, bytes));
  send_all(socket, bytes);
  (void)receive_kind(socket, reader);
  ::close(socket);
}

}  // namespace muster::member
