#include "client.hpp"

#include <boost/json/parse.hpp>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace muster::broker::http {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

Answer parse_head(const std::string& head) {
  Answer out;
  std::size_t at = head.find("\r\n");
  if (head.rfind("HTTP/1.", 0) == 0) out.status = std::stoi(head.substr(9, 3));
  while (at + 2 < head.size()) {
    const std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const std::string line = head.substr(begin, at - begin);
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos)
      out.fields[lower(line.substr(0, colon))] = line.substr(colon + 2);
    if (at == std::string::npos) break;
  }
  return out;
}

}  // namespace

boost::json::value Answer::json() const {
  boost::system::error_code error;
  auto out = boost::json::parse(body, error);
  if (error) ADD_FAILURE() << error.message() << ": " << body;
  return out;
}

std::string Answer::code() const {
  const auto parsed = json();
  return std::string(parsed.at("error").at("code").as_string());
}

std::string Answer::message() const {
  const auto parsed = json();
  return std::string(parsed.at("error").at("message").as_string());
}

std::uint64_t Answer::index() const {
  const std::string text = field("x-muster-index");
  return text.empty() ? 0 : std::stoull(text);
}

Client::Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("cannot connect to port " + std::to_string(port));
  timeval patience{30, 0};  // longer than any healthy run takes
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

void Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the door has closed: the test sees it when it reads
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Client::half_close() {
  ::shutdown(fd_, SHUT_WR);
}

bool Client::read_more() {
  std::array<char, 65536> buffer{};
  const ssize_t size = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (size <= 0) return false;
  unread_.append(buffer.data(), static_cast<std::size_t>(size));
  return true;
}

std::optional<Answer> Client::next_head() {
  std::size_t end = 0;
  while ((end = unread_.find("\r\n\r\n")) == std::string::npos)
    if (!read_more()) return std::nullopt;
  Answer out = parse_head(unread_.substr(0, end + 2));
  unread_.erase(0, end + 4);
  return out;
}

std::optional<Answer> Client::next(bool head_only) {
  auto out = next_head();
  if (!out || head_only || out->status == 304 || out->status == 100) return out;
  const std::string length = out->field("content-length");
  if (length.empty()) return out;
  const std::size_t size = std::stoull(length);
  while (unread_.size() < size)
    if (!read_more()) return std::nullopt;
  out->body = unread_.substr(0, size);
  unread_.erase(0, size);
  return out;
}

std::optional<std::string> Client::take_chunk() {
  std::size_t line = 0;
  while ((line = unread_.find("\r\n")) == std::string::npos)
    if (!read_more()) return std::nullopt;
  const std::size_t size = std::stoull(unread_.substr(0, line), nullptr, 16);
  while (unread_.size() < line + 2 + size + 2)
    if (!read_more()) return std::nullopt;
  std::string out = unread_.substr(line + 2, size);
  unread_.erase(0, line + 2 + size + 2);
  return out;
}

std::string Client::next_event() {
  while (true) {
    const std::size_t end = events_.find("\n\n");
    if (end == std::string::npos) {
      const auto chunk = take_chunk();
      if (!chunk) return {};
      events_ += *chunk;
      continue;
    }
    std::string out = events_.substr(0, end);
    events_.erase(0, end + 2);
    if (!out.starts_with(':')) return out;
  }
}

bool Client::is_closed() {
  do {
    unread_.clear();
    errno = 0;  // an orderly end leaves it as it was
  } while (read_more());
  return errno != EAGAIN && errno != EWOULDBLOCK;
}

bool Client::has_input() const {
  pollfd one{fd_, POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

void Client::send_get(const std::string& target, const std::string& fields) {
  send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
}

Answer Client::get(const std::string& target, const std::string& fields) {
  send_get(target, fields);
  auto answer = next();
  if (answer) return std::move(*answer);
  ADD_FAILURE() << "no answer to GET " << target;
  return {};
}

Answer Client::request(const std::string& method, const std::string& target,
                       const std::string& body, const std::string& fields) {
  send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n" + fields +
       "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  auto answer = next(method == "HEAD");
  if (answer) return std::move(*answer);
  ADD_FAILURE() << "no answer to " << method << " " << target;
  return {};
}

}  // namespace muster::broker::http
