#include "probes.hpp"

#include "http_answer.hpp"

#include "../grant.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

namespace muster::agent {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);
using Finding = Outcome::Finding;

/// One try over a socket. A timer closes it when its time is over.
struct Try : std::enable_shared_from_this<Try> {
  Try(asio::io_context& io, const CheckSpec& spec, Probes::Done on_done)
      : check(spec), done(std::move(on_done)), socket(io), resolver(io), timer(io) {}

  void watch() {
    timer.expires_after(check.timeout);
    timer.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      self->late = true;
      self->resolver.cancel();
      boost::system::error_code ignored;
      self->socket.close(ignored);
    });
  }
  [[nodiscard]] Millis took() const { return member::boot_now() - began; }
  Outcome missed(const std::string& why) const {
    const std::string reason =
        late ? "no answer within " + std::to_string(check.timeout.count()) + " ms" : why;
    return {Finding::missed, in_words(check) + ": " + reason};
  }
  void finish(Outcome outcome) {
    timer.cancel();
    boost::system::error_code ignored;
    socket.close(ignored);
    done(std::move(outcome));
  }

  const CheckSpec check;
  const Probes::Done done;
  tcp::socket socket;
  tcp::resolver resolver;
  asio::steady_timer timer;
  const Mono began = member::boot_now();
  bool late = false;
};

asio::awaitable<std::string> reach(std::shared_ptr<Try> attempt) {
  boost::system::error_code number;
  const auto address = asio::ip::make_address(attempt->check.host, number);
  if (!number) {  // no thread for the resolver
    const tcp::endpoint endpoint(address, attempt->check.port);
    auto [refused] = co_await attempt->socket.async_connect(endpoint, as_result);
    co_return refused ? refused.message() : std::string{};
  }
  const std::string port = std::to_string(attempt->check.port);
  auto [unresolved, endpoints] =
      co_await attempt->resolver.async_resolve(attempt->check.host, port, as_result);
  if (unresolved) co_return "cannot resolve: " + unresolved.message();
  auto [refused, endpoint] = co_await asio::async_connect(attempt->socket, endpoints, as_result);
  co_return refused ? refused.message() : std::string{};
}

Outcome in_time(const Try& attempt) {
  const Millis took = attempt.took();
  const std::string words =
      in_words(attempt.check) + ": open after " + std::to_string(took.count()) + " ms";
  if (took <= attempt.check.slow) return {Finding::passed, words};
  return {Finding::overloaded,
          words + ", slower than " + std::to_string(attempt.check.slow.count()) + " ms"};
}

asio::awaitable<void> try_tcp(std::shared_ptr<Try> attempt) {
  const std::string trouble = co_await reach(attempt);
  if (trouble.empty() && !attempt->late)
    attempt->finish(in_time(*attempt));
  else
    attempt->finish(attempt->missed(trouble));
}

asio::awaitable<void> try_http(std::shared_ptr<Try> attempt) {
  const std::string trouble = co_await reach(attempt);
  if (!trouble.empty() || attempt->late) {
    attempt->finish(attempt->missed(trouble));
    co_return;
  }
  const CheckSpec& check = attempt->check;
  const bool bare_v6 = check.host.find(':') != std::string::npos;
  const std::string request = "GET " + check.path + " HTTP/1.1\r\nHost: " +
                              (bare_v6 ? "[" + check.host + "]" : check.host) + ":" +
                              std::to_string(check.port) +
                              "\r\nUser-Agent: muster-agent\r\nAccept: */*\r\n"
                              "Connection: close\r\n\r\n";
  auto [unsent, sent] =
      co_await asio::async_write(attempt->socket, asio::buffer(request), as_result);
  HttpAnswer answer;
  std::string wrong = unsent ? unsent.message() : std::string{};
  std::array<char, 4096> buffer{};
  while (wrong.empty() && !answer.whole()) {
    auto [error, count] = co_await attempt->socket.async_read_some(asio::buffer(buffer), as_result);
    if (count > 0) answer.take({buffer.data(), count});
    if (error == asio::error::eof)
      answer.close();
    else if (error)
      wrong = error.message();
  }
  attempt->finish(wrong.empty() && !attempt->late ? answer.judge(check, attempt->took())
                                                  : attempt->missed(wrong));
}

/// The last line of what a command said, without what is no plain text.
std::string last_line(int fd) {
  constexpr off_t most = 200;
  const off_t size = ::lseek(fd, 0, SEEK_END);
  std::string text(static_cast<std::size_t>(std::clamp<off_t>(size, 0, most)), '\0');
  const ssize_t count = ::pread(fd, text.data(), text.size(), std::max<off_t>(size - most, 0));
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  text.erase(0, text.rfind('\n') + 1);
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) c = '?';
  return text;
}

}  // namespace

struct Probes::Running {
  Running(asio::io_context& io, const CheckSpec& spec, Done on_done, int fd)
      : check(spec), done(std::move(on_done)), timer(io), output(fd) {}
  ~Running() { ::close(output); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  const CheckSpec check;
  const Done done;
  asio::steady_timer timer;
  const Mono began = member::boot_now();
  bool late = false;
  int output;
};

void Probes::tcp(const CheckSpec& check, Done done) {
  auto attempt = std::make_shared<Try>(io_, check, std::move(done));
  attempt->watch();
  asio::co_spawn(io_, try_tcp(std::move(attempt)), asio::detached);
}

void Probes::http(const CheckSpec& check, Done done) {
  auto attempt = std::make_shared<Try>(io_, check, std::move(done));
  attempt->watch();
  asio::co_spawn(io_, try_http(std::move(attempt)), asio::detached);
}

void Probes::command(const CheckSpec& check, const CommandSetting& setting, Done done) {
  // A file in memory: a command that says much is neither blocked nor broken by it.
  const int output = ::memfd_create("muster-check", MFD_CLOEXEC);
  auto running = std::make_shared<Running>(io_, check, std::move(done), output);
  Launch what;
  what.command = check.command;
  what.environment = setting.environment;
  what.directory = setting.directory;
  what.user = setting.user;
  what.output = output;
  const auto started = launch(what);
  if (const auto* why = std::get_if<std::string>(&started)) {
    running->done({Finding::missed, in_words(check) + ": could not be started: " + *why});
    return;
  }
  const pid_t pid = std::get<pid_t>(started);
  running_[pid] = running;
  running->timer.expires_after(check.timeout);
  running->timer.async_wait(
      [weak = std::weak_ptr(running), pid](const boost::system::error_code& cancelled) {
        const auto still = weak.lock();
        if (cancelled || !still) return;
        still->late = true;
        ::kill(-pid, SIGKILL);  // not reaped yet, so the number is still its own
      });
}

bool Probes::reaped(pid_t pid, int status) {
  const auto found = running_.find(pid);
  if (found == running_.end()) return false;
  const auto running = std::move(found->second);
  running_.erase(found);
  running->timer.cancel();
  ::kill(-pid, SIGKILL);  // what it has left behind in its group
  const Millis took = member::boot_now() - running->began;
  const std::string what = in_words(running->check) + ": ";
  const std::string said = last_line(running->output);
  const std::string tail =
      " after " + std::to_string(took.count()) + " ms" + (said.empty() ? "" : ": " + said);
  if (running->late)
    running->done({Finding::missed, what + "killed, as it took longer than " +
                                        std::to_string(running->check.timeout.count()) + " ms"});
  else if (WIFSIGNALED(status))
    running->done({Finding::missed, what + "signal " + std::to_string(WTERMSIG(status)) + tail});
  else if (WEXITSTATUS(status) == 0)
    running->done(
        {took > running->check.slow ? Finding::overloaded : Finding::passed, what + "0" + tail});
  else
    running->done({WEXITSTATUS(status) == 1 ? Finding::overloaded : Finding::missed,
                   what + std::to_string(WEXITSTATUS(status)) + tail});
  return true;
}

void Probes::stop() {
  for (const auto& [pid, running] : running_) ::kill(-pid, SIGKILL);
  running_.clear();
}

}  // namespace muster::agent
