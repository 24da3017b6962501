#include "crowd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

namespace muster::chaos {
namespace {

constexpr Stamp second = 1'000'000;
constexpr Stamp leave_patience = 10 * second;
constexpr int turn_ms = 5;

sockaddr_in address_of(const std::string& server) {
  const std::size_t colon = server.rfind(':');
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(server.substr(colon + 1))));
  if (::inet_pton(AF_INET, server.substr(0, colon).c_str(), &address.sin_addr) != 1)
    throw std::runtime_error(server + " is no IPv4 address and port");
  return address;
}

/// The member that a refusal of Resume speaks of is gone, whatever the word for it.
bool says_gone(Errc code) {
  return code == Errc::fenced_member || code == Errc::unknown_member || code == Errc::unknown_group;
}

}  // namespace

struct Crowd::One {
  enum class Phase { away, connecting, greeting, entering, live, silent, leaving, gone };
  Phase phase = Phase::away;
  int socket = -1;
  wire::FrameReader reader;
  wire::Bytes out;
  std::size_t written = 0;
  Stamp next = 0;     // when to act by itself
  Stamp entered = 0;  // when Join or Resume was sent
  Vigil life;         // of the present member id
  SessionHandle session;
  std::uint32_t sequence = 0;
  std::uint32_t answered = 0;           // the newest beat with an answer
  std::map<std::uint32_t, Stamp> sent;  // beats without an answer
  Epoch epoch = 0;
  bool falls_silent = false;  // at the end of each of its lives
  int beats_left = -1;        // before it does; -1: never
  bool expelled = false;

  [[nodiscard]] Stamp session_time() const { return life.session_timeout.count() * 1'000; }
  [[nodiscard]] Stamp interval() const { return session_time() / 3; }
};

Crowd::Crowd(const CrowdOptions& options)
    : options_(options),
      journal_(options.journal),
      random_(options.seed),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll");
  const Stamp now = boot_stamp();
  for (std::size_t i = 0; i < options_.members; ++i) {
    all_.push_back(std::make_unique<One>());
    // They come within a second, not all in one moment: storms are made, not had by accident.
    all_.back()->next = now + between(0, second);
    all_.back()->falls_silent =
        static_cast<int>(i * 100 / options_.members) < options_.silent_percent;
  }
}

Crowd::~Crowd() {
  for (auto& one : all_)
    if (one->socket >= 0) ::close(one->socket);
  ::close(epoll_);
}

int Crowd::run(const std::atomic<bool>& stop, std::atomic<bool>& storm) {
  while (!stop) {
    if (storm.exchange(false)) {
      const Stamp now = boot_stamp();
      for (auto& one : all_)
        if (one->socket >= 0 && one->phase != One::Phase::silent) drop(*one, now, 0);
      ++counts_["storms"];
    }
    turn();
  }
  leave_all();
  const Stamp now = boot_stamp();
  for (auto& one : all_) end_life(*one, false, now);
  for (const auto& [name, count] : counts_) journal_.count(name, count);
  return 0;
}

void Crowd::leave_all() {
  leaving_ = true;
  const Stamp until = boot_stamp() + leave_patience;
  const auto there = [](const auto& one) { return one->phase == One::Phase::leaving; };
  for (auto& one : all_) {
    if (one->phase != One::Phase::live) continue;
    send(*one, Leave{one->session});
    one->phase = One::Phase::leaving;
  }
  while (boot_stamp() < until && std::any_of(all_.begin(), all_.end(), there)) turn();
}

void Crowd::turn() {
  const Stamp now = boot_stamp();
  for (auto& one : all_) {
    if (one->next <= now && one->phase != One::Phase::leaving) act(*one, now);
    if (one->socket >= 0 && !one->out.empty() && one->phase != One::Phase::connecting)
      flush(*one, now);
  }
  epoll_event events[256];
  const int count = ::epoll_wait(epoll_, events, 256, turn_ms);
  for (int i = 0; i < count; ++i) {
    One& one = *all_[events[i].data.u32];
    if (one.socket < 0) continue;
    if (one.phase == One::Phase::connecting) {
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(one.socket, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) {
        drop(one, now, between(0, one.interval()));
        continue;
      }
      one.phase = One::Phase::greeting;
      epoll_event reading{.events = EPOLLIN, .data = {.u32 = events[i].data.u32}};
      ::epoll_ctl(epoll_, EPOLL_CTL_MOD, one.socket, &reading);
    } else {
      read(one, boot_stamp());
    }
  }
}

/// Its time has come: to connect, to beat, to give a silent connection up.
void Crowd::act(One& one, Stamp now) {
  switch (one.phase) {
    case One::Phase::away:
      return leaving_ ? void() : connect(one, now);
    case One::Phase::connecting:
    case One::Phase::greeting:
    case One::Phase::entering:
      ++counts_["attempts given up"];
      return drop(one, now, between(0, one.interval()));
    case One::Phase::live:
      if (!one.sent.empty() && now - one.sent.begin()->second > one.interval()) {
        ++counts_["connections that did not answer"];
        return drop(one, now, 0);
      }
      if (one.beats_left == 0) return fall_silent(one, now);
      return beat(one, now);
    case One::Phase::silent:  // long enough: whoever was not told of the end asks
      one.phase = One::Phase::live;
      return drop(one, now, 0);
    default:
      return;
  }
}

void Crowd::connect(One& one, Stamp now) {
  if (one.life.session_timeout == Millis{0}) {
    one.life.session_timeout = Millis{between(options_.shortest.count(), options_.longest.count())};
    one.beats_left = one.falls_silent ? static_cast<int>(between(2, 8)) : -1;
  }
  const auto index = static_cast<std::uint32_t>(
      std::find_if(all_.begin(), all_.end(), [&](const auto& o) { return o.get() == &one; }) -
      all_.begin());
  one.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (one.socket < 0) throw std::system_error(errno, std::generic_category(), "a socket");
  const int yes = 1;
  ::setsockopt(one.socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const sockaddr_in address = address_of(options_.server);
  if (::connect(one.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno != EINPROGRESS)
    return drop(one, now, between(0, one.interval()));
  epoll_event event{.events = EPOLLIN | EPOLLOUT, .data = {.u32 = index}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, one.socket, &event);
  one.phase = One::Phase::connecting;
  one.reader = wire::FrameReader();
  one.out.clear();
  one.written = 0;
  one.next = now + std::max(one.interval(), second);
  wire::Hello hello;
  hello.client_name = "crowd";
  hello.group = options_.group;
  wire::encode_hello(hello, one.out);
  ++counts_["connections"];
}

/// Cut, not closed: the broker is told by a reset.
void Crowd::drop(One& one, Stamp now, Stamp pause) {
  if (one.socket >= 0) {
    const linger at_once{1, 0};
    ::setsockopt(one.socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(one.socket);
  }
  one.socket = -1;
  one.out.clear();
  one.sent.clear();
  if (one.phase == One::Phase::leaving) {
    one.phase = One::Phase::gone;
    return;
  }
  one.phase = One::Phase::away;
  one.next = now + pause;
}

void Crowd::enter(One& one, Stamp now) {
  one.phase = One::Phase::entering;
  one.entered = now;
  one.next = now + std::max(one.interval(), second);
  if (!one.life.member.empty())
    return send(one, Resume{GroupId{options_.group}, MemberId{one.life.member}, one.epoch, false});
  Join join;
  join.group = GroupId{options_.group};
  if (!options_.topic.empty()) join.topics = {TopicName{options_.topic}};
  join.weight = options_.topic.empty() ? 0 : 1;
  join.session_timeout = one.life.session_timeout;
  join.client.client_id = "crowd";
  send(one, join);
}

void Crowd::beat(One& one, Stamp now) {
  Heartbeat beat;
  beat.session = one.session;
  beat.sequence = ++one.sequence;
  beat.member_epoch = one.epoch;
  beat.progress = one.sequence;
  beat.session_timeout_ms = static_cast<std::uint32_t>(one.life.session_timeout.count());
  one.sent[one.sequence] = one.life.last_sent = now;
  wire::encode_heartbeat(beat, 2, one.out);
  flush(one, now);
  one.next = now + one.interval() - between(0, one.interval() / 20);
  if (one.beats_left > 0) --one.beats_left;
  ++counts_["beats"];
}

/// Half of them keep their connection open and half hang up: neither is a reason to wait less or
/// more.
void Crowd::fall_silent(One& one, Stamp now) {
  one.life.silent = true;
  one.beats_left = -1;
  ++counts_["fell silent"];
  if (between(0, 1) == 0) drop(one, now, 0);
  one.phase = One::Phase::silent;
  one.next = now + 3 * one.session_time();
}

void Crowd::send(One& one, const Request& request) {
  if (!wire::encode_request(request, 1, one.out))
    throw std::runtime_error("a request is too long to send");
  flush(one, boot_stamp());
}

void Crowd::flush(One& one, Stamp now) {
  while (one.socket >= 0 && one.written < one.out.size()) {
    const ssize_t n = ::send(one.socket, one.out.data() + one.written, one.out.size() - one.written,
                             MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) return drop(one, now, between(0, one.interval() / 4));
    one.written += static_cast<std::size_t>(n);
  }
  one.out.clear();
  one.written = 0;
}

void Crowd::read(One& one, Stamp now) {
  const auto room = one.reader.prepare(16'384);
  const ssize_t n = ::recv(one.socket, room.data(), room.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    const bool silent = one.phase == One::Phase::silent;
    const Stamp next = one.next;
    drop(one, now, between(0, one.interval() / 4));
    if (silent) one.phase = One::Phase::silent, one.next = next;
    return;
  }
  one.reader.commit(static_cast<std::size_t>(n));
  while (one.socket >= 0) {
    const auto frame = one.reader.next();
    if (!frame) throw std::runtime_error("what the broker sends is no frame");
    if (!*frame) return;
    take(one, **frame, now);
  }
}

void Crowd::take(One& one, const wire::Frame& frame, Stamp now) {
  HeartbeatOk ok;
  if (wire::decode_heartbeat_ok(frame, ok)) {
    const auto sent = one.sent.find(ok.sequence);
    if (sent == one.sent.end()) return;
    one.life.heard_sent = std::max(one.life.heard_sent, sent->second);
    one.sent.erase(one.sent.begin(), std::next(sent));
    ++counts_["beats answered"];
    return heard(one, now);
  }
  if (one.phase == One::Phase::greeting && wire::decode_hello_ok(frame)) return enter(one, now);
  const auto answer = wire::decode_answer(frame);
  if (!answer) return;
  if (const auto* reply = std::get_if<ReplyBody>(&*answer)) return take(one, *reply, now);
  take(one, std::get<PushBody>(*answer), now);
}

void Crowd::heard(One& one, Stamp now) {
  one.life.heard_at = now;
}

void Crowd::take(One& one, const ReplyBody& reply, Stamp now) {
  if (const auto* joined = std::get_if<JoinOk>(&reply)) {
    one.session = joined->session;
    one.life.member = joined->member.value;
    one.life.joined = one.entered;
    ++counts_["joins"];
  } else if (const auto* resumed = std::get_if<ResumeOk>(&reply)) {
    one.session = resumed->session;
    ++counts_["resumes"];
    if (one.expelled) one.life.revived = true;
  } else if (one.phase == One::Phase::leaving) {
    one.phase = One::Phase::gone;
    return;
  } else if (const auto* refusal = std::get_if<Refusal>(&reply)) {
    ++counts_["refused: " + std::string(to_string(refusal->code))];
    if (says_gone(refusal->code)) end_life(one, true, now);
    return drop(one, now, between(0, one.interval()));
  } else {
    return;
  }
  one.life.heard_sent = one.life.last_sent = one.entered;
  heard(one, now);
  one.phase = One::Phase::live;
  one.next = now;
}

void Crowd::take(One& one, const PushBody& push, Stamp now) {
  if (const auto* step = std::get_if<Step>(&push)) {
    if (step->member.value != one.life.member) return;
    one.epoch = step->member_epoch;
    if (!step->revoking.empty() && one.phase == One::Phase::live)
      send(one, Release{one.session, step->number});
  } else if (std::get_if<Expelled>(&push) != nullptr) {
    // It asks all the same, as itself: an expelled member has to be refused.
    one.expelled = true;
    if (one.phase == One::Phase::silent) one.phase = One::Phase::live;
    drop(one, now, between(0, one.interval()));
  }
}

void Crowd::end_life(One& one, bool expelled, Stamp) {
  if (one.life.member.empty()) return;
  one.life.refused = expelled;
  journal_.vigil(one.life);
  if (expelled) ++counts_["lives that ended"];
  one.life = Vigil{};
  one.expelled = false;
  one.epoch = 0;
  one.sequence = 0;
}

Stamp Crowd::between(Stamp low, Stamp high) {
  return std::uniform_int_distribution<Stamp>(low, std::max(low, high))(random_);
}

}  // namespace muster::chaos
