// What a lookup costs the HTTP door: requests over kept-alive connections, one in flight on each,
// with the broker's CPU time beside. And what a parked query keeps in memory.
//
//   http_load PORT BROKER_PID register SERVICE INSTANCES   registers and beats them once
//   http_load PORT BROKER_PID lookups TARGET CONNECTIONS REQUESTS
//   http_load PORT BROKER_PID parked TARGET CONNECTIONS    TARGET must wait
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

class Connection {
 public:
  explicit Connection(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("cannot connect");
    const int yes = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  Connection(Connection&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection& operator=(Connection&&) = delete;
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }

  void send(const std::string& bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("cannot send");
  }
  /// One whole answer; gives its size.
  std::size_t receive(std::string& buffer) const {
    buffer.resize(1U << 20);
    std::size_t have = 0;
    std::size_t whole = 0;
    while (whole == 0 || have < whole) {
      const ssize_t size = ::recv(fd_, buffer.data() + have, buffer.size() - have, 0);
      if (size <= 0) throw std::runtime_error("the broker closed the connection");
      have += static_cast<std::size_t>(size);
      if (whole == 0) whole = length(std::string_view(buffer).substr(0, have));
    }
    if (buffer.compare(9, 1, "2") != 0)
      throw std::runtime_error(buffer.substr(0, std::min<std::size_t>(have, 500)));
    return have;
  }

 private:
  static std::size_t length(std::string_view bytes) {
    const auto end = bytes.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    const auto field = bytes.find("Content-Length: ");
    return end + 4 + std::stoull(std::string(bytes.substr(field + 16, 12)));
  }

  int fd_;
};

/// User and system time of a process, in seconds.
double cpu_seconds(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string line;
  std::getline(file, line);
  const char* at = line.c_str() + line.rfind(')') + 2;
  for (int field = 3; field < 14; ++field) at = std::strchr(at, ' ') + 1;
  char* end = nullptr;
  const auto user = std::strtoull(at, &end, 10);
  const auto system = std::strtoull(end, nullptr, 10);
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// Resident memory in bytes.
double resident(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/statm");
  double size = 0;
  double pages = 0;
  file >> size >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

std::string request(const std::string& method, const std::string& target,
                    const std::string& body = {}) {
  return method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

void enrol(int port, const std::string& service, int instances) {
  const Connection connection(port);
  std::string buffer;
  for (int i = 0; i < instances; ++i) {
    const std::string id = service + "-" + std::to_string(i);
    connection.send(
        request("POST", "/v1/register",
                "{\"service\":\"" + service + "\",\"id\":\"" + id + "\",\"address\":\"10.0.0." +
                    std::to_string(i % 250) +
                    "\",\"port\":8080,\"tags\":[\"v1\"],\"zone\":\"eu\",\"ttl\":\"30m\"}"));
    connection.receive(buffer);
    connection.send(request("PUT", "/v1/heartbeat/" + id));
    connection.receive(buffer);
  }
}

void look_up(int port, const std::string& pid, const std::string& target, int count, int requests) {
  std::vector<Connection> connections;
  for (int i = 0; i < count; ++i) connections.emplace_back(port);
  const std::string get = request("GET", target);
  std::string buffer;
  std::size_t bytes = 0;
  const auto round = [&] {
    for (const Connection& connection : connections) connection.send(get);
    for (const Connection& connection : connections) bytes = connection.receive(buffer);
  };
  round();  // the first one is written anew
  const double before = cpu_seconds(pid);
  const auto began = std::chrono::steady_clock::now();
  int done = 0;
  for (; done < requests; done += count) round();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf(
      "%d lookups of %zu bytes over %d connections: %.1f broker CPU s per million, %.0f/s\n", done,
      bytes, count, (cpu_seconds(pid) - before) / done * 1e6, done / took.count());
}

void park(int port, const std::string& pid, const std::string& target, int count) {
  std::vector<Connection> warm;
  for (int i = 0; i < 200; ++i) {
    warm.emplace_back(port);
    warm.back().send(request("GET", target));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  const double before = resident(pid);
  std::vector<Connection> parked;
  for (int i = 0; i < count; ++i) {
    parked.emplace_back(port);
    parked.back().send(request("GET", target));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{1'000});
  std::printf("%d parked: %.0f bytes of resident memory each\n", count,
              (resident(pid) - before) / count);
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  try {
    if (words.size() < 5) throw std::runtime_error("see the head of http_load.cpp");
    const int port = std::stoi(words[0]);
    if (words[2] == "register") {
      enrol(port, words[3], std::stoi(words[4]));
    } else if (words[2] == "lookups") {
      look_up(port, words[1], words[3], std::stoi(words[4]), std::stoi(words.at(5)));
    } else {
      park(port, words[1], words[3], std::stoi(words[4]));
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "http_load: %s\n", error.what());
    return 1;
  }
}
