// What an answer of the DNS door costs, beside a bare UDP responder of the same sizes in the same
// run: it takes as many datagrams as there are with one call, and sends a ready answer back for
// each.
//
//   bench_dns --server HOST:PORT --broker-pid PID [--questions FILE] [--in-flight 64] [--queries
//   300000]
//             [--rounds 5] [--udp-size 1232] [--check RATIO]
//
// FILE has a question a line, "NAME TYPE", asked in turn; without it, "muster SOA". The responder's
// answers are those that the broker gave to the same questions. Broker and responder take turns,
// and the best round of each counts: what disturbs a run only ever adds. CPU time is that of the
// process, any server of DNS, and of the responder's thread.
#include "load/fleet.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;
using Steady = std::chrono::steady_clock;

constexpr std::size_t batch = 64;
constexpr std::size_t largest = 16'384;

int check(int result) {
  if (result < 0) throw std::system_error(errno, std::generic_category());
  return result;
}

struct Options {
  std::string server;
  pid_t broker = 0;
  std::string questions;
  std::size_t in_flight = 64;
  std::uint64_t queries = 300'000;
  int rounds = 5;
  double check = 0;
  std::uint16_t udp_size = 1'232;
};

std::uint16_t type_number(const std::string& name) {
  static const std::vector<std::pair<std::string, std::uint16_t>> known{
      {"A", 1}, {"SOA", 6}, {"TXT", 16}, {"AAAA", 28}, {"SRV", 33}};
  for (const auto& [text, number] : known)
    if (text == name) return number;
  throw std::runtime_error("no such type: " + name);
}

/// With EDNS.
Bytes question(const std::string& name, std::uint16_t type, std::uint16_t udp_size) {
  Bytes out{0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1};
  std::istringstream labels(name);
  for (std::string label; std::getline(labels, label, '.');) {
    out.push_back(static_cast<std::uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
  }
  for (const int byte : {0, type >> 8, type & 0xff, 0, 1, 0, 0, 41, udp_size >> 8, udp_size & 0xff,
                         0, 0, 0, 0, 0, 0})
    out.push_back(static_cast<std::uint8_t>(byte));
  return out;
}

std::vector<Bytes> read_questions(const std::string& file, std::uint16_t udp_size) {
  if (file.empty()) return {question("muster", 6, udp_size)};
  std::vector<Bytes> out;
  std::ifstream in(file);
  for (std::string name, type; in >> name >> type;)
    out.push_back(question(name, type_number(type), udp_size));
  if (out.empty()) throw std::runtime_error("no questions in " + file);
  return out;
}

sockaddr_in address_of(const std::string& server) {
  const auto colon = server.rfind(':');
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<std::uint16_t>(std::stoul(server.substr(colon + 1))));
  if (::inet_pton(AF_INET, server.substr(0, colon).c_str(), &at.sin_addr) != 1)
    throw std::runtime_error(server + " is no IPv4 address and port");
  return at;
}

/// Messages and their buffers for recvmmsg and sendmmsg.
struct Batch {
  explicit Batch(std::size_t size) : buffers(batch, Bytes(size)) {
    for (std::size_t i = 0; i < batch; ++i) {
      parts[i] = {buffers[i].data(), buffers[i].size()};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
  std::vector<Bytes> buffers;
  std::array<iovec, batch> parts{};
  std::array<mmsghdr, batch> messages{};
};

/// The bare responder: one thread. The id says which question it is, so nothing is looked up.
class Responder {
 public:
  explicit Responder(const std::vector<Bytes>& answers) : answers_(answers) {
    socket_ = check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(bind(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at));
    const int size = 4 << 20;
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    socklen_t length = sizeof address;
    check(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &length));
    stop_ = check(eventfd(0, EFD_CLOEXEC));
    epoll_ = check(epoll_create1(EPOLL_CLOEXEC));
    for (const int fd : {socket_, stop_}) {
      epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
      check(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event));
    }
    thread_ = std::thread([this] { serve(); });
  }
  ~Responder() {
    const std::uint64_t one = 1;
    while (write(stop_, &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
    for (const int fd : {socket_, stop_, epoll_}) close(fd);
  }
  Responder(const Responder&) = delete;
  Responder& operator=(const Responder&) = delete;

  [[nodiscard]] double cpu() {
    return muster::load::cpu_seconds_of_thread(thread_.native_handle());
  }
  sockaddr_in address{};

 private:
  void serve() {
    Batch in(2'048);
    std::array<sockaddr_in, batch> from{};
    std::array<mmsghdr, batch> out{};
    std::array<iovec, batch> parts{};
    std::vector<Bytes> answers(batch, Bytes(largest));
    for (;;) {
      epoll_event event{};
      const int ready = epoll_wait(epoll_, &event, 1, -1);
      if (ready == 1 && event.data.fd == stop_) return;
      for (std::size_t i = 0; i < batch; ++i) {
        in.messages[i].msg_hdr.msg_name = &from[i];
        in.messages[i].msg_hdr.msg_namelen = sizeof from[i];
      }
      const int count = recvmmsg(socket_, in.messages.data(), batch, MSG_DONTWAIT, nullptr);
      for (int i = 0; i < count; ++i) {
        const auto n = static_cast<std::size_t>(i);
        const Bytes& asked = in.buffers[n];
        const Bytes& answer = answers_[(asked[0] << 8 | asked[1]) % answers_.size()];
        std::memcpy(answers[n].data(), answer.data(), answer.size());
        std::memcpy(answers[n].data(), asked.data(), 2);
        parts[n] = {answers[n].data(), answer.size()};
        out[n].msg_hdr = in.messages[n].msg_hdr;
        out[n].msg_hdr.msg_iov = &parts[n];
      }
      if (count > 0) sendmmsg(socket_, out.data(), static_cast<unsigned>(count), 0);
    }
  }

  const std::vector<Bytes>& answers_;
  int socket_ = -1;
  int stop_ = -1;
  int epoll_ = -1;
  std::thread thread_;
};

/// Asks; keeps so many questions in flight. An answer that does not come within a second is asked
/// for again.
class Asker {
 public:
  Asker(const sockaddr_in& server, const std::vector<Bytes>& questions)
      : questions_(questions),
        fd_(check(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))),
        in_(largest) {
    const int size = 4 << 20;
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    check(connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server));
  }
  ~Asker() { close(fd_); }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  Bytes ask(std::size_t i) {
    send(1, i);
    if (receive() != 1) throw std::runtime_error("no answer");
    const auto size = static_cast<std::ptrdiff_t>(in_.messages[0].msg_len);
    return {in_.buffers[0].begin(), in_.buffers[0].begin() + size};
  }

  /// Gives how many were lost.
  std::uint64_t run(std::uint64_t queries, std::size_t in_flight) {
    std::uint64_t sent = 0, answered = 0, lost = 0;
    std::size_t waiting = 0;
    while (answered < queries) {
      while (waiting < in_flight && sent < queries + lost) {
        const std::size_t count =
            std::min({in_flight - waiting, batch, static_cast<std::size_t>(queries + lost - sent)});
        send(count, sent);
        sent += count;
        waiting += count;
      }
      const std::size_t count = receive();
      if (count == 0) {
        lost += waiting;
        waiting = 0;
      }
      answered += count;
      bytes_ += count == 0 ? 0 : in_.messages[0].msg_len * count;
      waiting -= std::min(waiting, count);
    }
    return lost;
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  void send(std::size_t count, std::uint64_t first) {
    std::array<mmsghdr, batch> out{};
    std::array<iovec, batch> parts{};
    std::array<Bytes, batch> copies;
    for (std::size_t i = 0; i < count; ++i) {
      const auto id = static_cast<std::uint16_t>((first + i) % questions_.size());
      copies[i] = questions_[id];
      copies[i][0] = static_cast<std::uint8_t>(id >> 8);
      copies[i][1] = static_cast<std::uint8_t>(id & 0xff);
      parts[i] = {copies[i].data(), copies[i].size()};
      out[i].msg_hdr.msg_iov = &parts[i];
      out[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t done = 0; done < count;)
      done += static_cast<std::size_t>(
          check(sendmmsg(fd_, out.data() + done, static_cast<unsigned>(count - done), 0)));
  }
  std::size_t receive() {
    pollfd waits{fd_, POLLIN, 0};
    if (poll(&waits, 1, 1'000) != 1) return 0;
    const int count = recvmmsg(fd_, in_.messages.data(), batch, MSG_DONTWAIT, nullptr);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  const std::vector<Bytes>& questions_;
  int fd_;
  Batch in_;
  std::uint64_t bytes_ = 0;
};

Options parse(int argc, char** argv) {
  Options out;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--server") {
      out.server = value;
    } else if (flag == "--broker-pid") {
      out.broker = std::stoi(value);
    } else if (flag == "--questions") {
      out.questions = value;
    } else if (flag == "--in-flight") {
      out.in_flight = std::stoul(value);
    } else if (flag == "--queries") {
      out.queries = std::stoull(value);
    } else if (flag == "--rounds") {
      out.rounds = std::stoi(value);
    } else if (flag == "--check") {
      out.check = std::stod(value);
    } else if (flag == "--udp-size") {
      out.udp_size = static_cast<std::uint16_t>(std::stoul(value));
    } else {
      throw std::runtime_error("no such option: " + flag);
    }
  }
  if (out.server.empty() || out.broker == 0)
    throw std::runtime_error("--server and --broker-pid are needed");
  return out;
}

int run(const Options& options) {
  const std::vector<Bytes> questions = read_questions(options.questions, options.udp_size);
  const sockaddr_in server = address_of(options.server);
  std::vector<Bytes> answers;
  std::uint64_t bytes = 0;
  {
    Asker asker(server, questions);
    for (std::size_t i = 0; i < questions.size(); ++i) {
      answers.push_back(asker.ask(i));
      bytes += answers.back().size();
    }
  }
  Responder responder(answers);
  const double million = static_cast<double>(options.queries) / 1e6;
  double floor = 0, broker = 0, rate = 0;
  std::uint64_t lost = 0;
  for (int round = 0; round < options.rounds; ++round) {
    Asker bare(responder.address, questions);
    const double responder_before = responder.cpu();
    lost += bare.run(options.queries, options.in_flight);
    const double responder_cpu = (responder.cpu() - responder_before) / million;
    floor = round == 0 ? responder_cpu : std::min(floor, responder_cpu);

    Asker real(server, questions);
    const double broker_before = muster::load::cpu_seconds_of_process(options.broker);
    const auto began = Steady::now();
    lost += real.run(options.queries, options.in_flight);
    const std::chrono::duration<double> took = Steady::now() - began;
    const double broker_cpu =
        (muster::load::cpu_seconds_of_process(options.broker) - broker_before) / million;
    broker = round == 0 ? broker_cpu : std::min(broker, broker_cpu);
    rate = std::max(rate, static_cast<double>(options.queries) / took.count());
  }
  std::printf("%9zu  %9zu  %8llu  %12.3f  %13.3f  %6.2f  %9.0f  %5llu\n", options.in_flight,
              questions.size(), static_cast<unsigned long long>(bytes / questions.size()), floor,
              broker, broker / floor, rate, static_cast<unsigned long long>(lost));
  return options.check > 0 && broker / floor > options.check ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "bench_dns: " << error.what() << "\n";
    return 2;
  }
}
