#include "intruders.hpp"

#include <codec.hpp>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

namespace muster::chaos {
namespace {

constexpr std::chrono::milliseconds between_rounds{100};
constexpr std::size_t connects_a_round = 64;

std::vector<char> hello_bytes() {
  wire::Hello hello;
  hello.client_name = "intruder";
  wire::Bytes bytes;
  wire::encode_hello(hello, bytes);
  const auto* const chars = reinterpret_cast<const char*>(bytes.data());
  return {chars, chars + bytes.size()};
}

/// Cheap to ask, long to answer.
std::vector<char> question_bytes() {
  wire::Bytes bytes;
  for (std::uint64_t i = 1; i <= 20; ++i)
    (void)wire::encode_query(ReadEvents{{}, std::nullopt, 10'000, false}, i, bytes);
  const auto* const chars = reinterpret_cast<const char*>(bytes.data());
  return {chars, chars + bytes.size()};
}

int connect_from_here(std::size_t host) {
  const std::string server = Hosts::broker_address(host);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(broker_port);
  ::inet_pton(AF_INET, server.substr(0, server.rfind(':')).c_str(), &address.sin_addr);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int small = 4'096;  // who never reads shall be noticed soon
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EINPROGRESS)
    return fd;
  ::close(fd);
  return -1;
}

bool blocked() {
  return errno == EAGAIN || errno == ENOTCONN || errno == EINTR;
}

}  // namespace

Intruders::Intruders(const Hosts& hosts, std::size_t host, std::size_t count, bool all_mute,
                     std::uint64_t seed)
    : hello_(hello_bytes()),
      question_(question_bytes()),
      seed_(seed),
      thread_([this, &hosts, host, count, all_mute] { run(hosts, host, count, all_mute); }) {}

Intruders::~Intruders() {
  finish();
}

void Intruders::finish() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  for (const One& one : all_)
    if (one.socket >= 0) ::close(one.socket);
  all_.clear();
}

void Intruders::run(const Hosts& hosts, std::size_t host, std::size_t count, bool all_mute) {
  hosts.enter(host);
  while (!stop_) {
    for (std::size_t i = 0; i < connects_a_round && all_.size() < count; ++i) {
      const auto manner = all_mute ? Manner::mute : static_cast<Manner>((all_.size() + seed_) % 5);
      all_.push_back({connect_from_here(host), manner, 0});
      if (all_.back().socket >= 0) ++connected_;
    }
    for (One& one : all_)
      if (one.socket >= 0) be_rude(one);
    std::this_thread::sleep_for(between_rounds);
  }
}

void Intruders::be_rude(One& one) {
  char byte = 0;
  const ssize_t seen = ::recv(one.socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  const bool over = seen == 0 || (seen < 0 && !blocked());
  std::vector<char> words;
  switch (one.manner) {
    case Manner::mute:
      break;
    case Manner::slow:
      if (one.sent < hello_.size()) words = {hello_[one.sent]};
      break;
    case Manner::half_frame:
      if (one.sent == 0) words.assign(hello_.begin(), hello_.end() - 3);
      break;
    case Manner::garbage:
      for (int i = 0; i < 64; ++i)
        words.push_back(
            static_cast<char>((seed_ = seed_ * 6364136223846793005U + 1442695040888963407U) >> 56));
      break;
    case Manner::never_reads:
      words = one.sent == 0 ? hello_ : question_;
      break;
  }
  ssize_t sent = 0;
  if (!words.empty() && !over)
    sent = ::send(one.socket, words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) one.sent += static_cast<std::size_t>(sent);
  if (!over && (sent >= 0 || blocked())) return;
  ++cut_off_;
  ::close(one.socket);
  one.socket = -1;
}

}  // namespace muster::chaos
