#include "sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace muster::chaos {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw std::runtime_error("the sink's path " + path + " is longer than a socket's may be");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int seqpacket_socket() {
  const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket of the sink");
  return socket;
}

Pid peer_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer.pid;
}

}  // namespace

Sink::Sink(const std::string& path) : listener_(seqpacket_socket()) {
  const sockaddr_un address = address_of(path);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 64) != 0 || ::pipe2(stop_, O_CLOEXEC) != 0)
    fail("the sink");
  thread_ = std::thread([this] { serve(); });
}

Sink::~Sink() {
  finish();
  for (const auto& [socket, pid] : workers_) ::close(socket);
  for (const int fd : {listener_, stop_[0]}) ::close(fd);
}

std::vector<Write> Sink::finish() {
  if (thread_.joinable()) {
    ::close(stop_[1]);
    thread_.join();
  }
  return std::move(writes_);
}

bool Sink::all_wrote_since(Stamp since, std::int32_t partitions) const {
  const std::lock_guard lock(mutex_);
  return std::count_if(newest_.begin(), newest_.end(),
                       [&](const auto& entry) { return entry.second > since; }) == partitions;
}

void Sink::serve() {
  while (true) {
    std::vector<pollfd> watched{{stop_[0], POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& [socket, pid] : workers_) watched.push_back({socket, POLLIN, 0});
    if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
    if (watched[0].revents != 0) return;
    if (watched[1].revents != 0) accept_worker();
    for (std::size_t i = 2; i < watched.size(); ++i) {
      if (watched[i].revents == 0 || serve_worker(watched[i].fd)) continue;
      ::close(watched[i].fd);
      workers_.erase(watched[i].fd);
    }
  }
}

void Sink::accept_worker() {
  const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (socket >= 0) workers_[socket] = peer_of(socket);
}

/// One request. False: the worker is gone.
bool Sink::serve_worker(int socket) {
  WriteRequest request;
  if (::recv(socket, &request, sizeof request, 0) != sizeof request) return false;
  Token& highest = highest_[request.partition];
  const bool accepted = request.token >= highest;
  highest = std::max(highest, request.token);
  {
    const std::lock_guard lock(mutex_);
    const Stamp now = boot_stamp();
    writes_.push_back(
        {request.partition, request.token, request.number, workers_[socket], now, accepted});
    if (accepted) newest_[request.partition] = now;
  }
  const std::uint8_t answer = accepted ? 1 : 0;
  return ::send(socket, &answer, sizeof answer, MSG_NOSIGNAL) == sizeof answer;
}

SinkClient::SinkClient(const std::string& path) : socket_(seqpacket_socket()) {
  const sockaddr_un address = address_of(path);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    fail("the sink does not listen");
}

SinkClient::~SinkClient() {
  ::close(socket_);
}

bool SinkClient::write(const WriteRequest& request) const {
  std::uint8_t answer = 0;
  if (::send(socket_, &request, sizeof request, MSG_NOSIGNAL) != sizeof request) fail("the sink");
  if (::recv(socket_, &answer, sizeof answer, 0) != sizeof answer)
    throw std::runtime_error("the sink is gone");
  return answer != 0;
}

}  // namespace muster::chaos
