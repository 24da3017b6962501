#include "control.hpp"

#include "folder.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace muster::agent {

namespace asio = boost::asio;
using local = asio::local::stream_protocol;

namespace {

constexpr std::size_t longest_line = 1'024;
constexpr int most_open = 8;
constexpr std::chrono::seconds patience{5};

bool may_speak(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
         (peer.uid == 0 || peer.uid == ::geteuid());
}

}  // namespace

/// One order and its answer.
struct Control::Talk : std::enable_shared_from_this<Talk> {
  Talk(local::socket peer, Handler on_line, std::shared_ptr<int> count)
      : socket(std::move(peer)),
        handler(std::move(on_line)),
        open(std::move(count)),
        timer(socket.get_executor()) {
    ++*open;
  }
  ~Talk() { --*open; }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;

  void begin() {
    timer.expires_after(patience);
    timer.async_wait([weak = weak_from_this()](const boost::system::error_code& cancelled) {
      const auto self = weak.lock();
      if (cancelled || !self) return;
      boost::system::error_code ignored;
      self->socket.close(ignored);
    });
    asio::async_read_until(
        socket, asio::dynamic_buffer(text, longest_line), '\n',
        [self = shared_from_this()](const boost::system::error_code& error, std::size_t length) {
          if (!error) self->answer(length - 1);
        });
  }

  void answer(std::size_t length) {
    text = handler(text.substr(0, length)) + "\n";
    asio::async_write(socket, asio::buffer(text),
                      [self = shared_from_this()](const boost::system::error_code&, std::size_t) {
                        self->timer.cancel();
                      });
  }

  local::socket socket;
  Handler handler;
  std::shared_ptr<int> open;
  asio::steady_timer timer;
  std::string text;
};

Control::Control(asio::io_context& io, std::string path, Handler handler)
    : io_(io), path_(std::move(path)), handler_(std::move(handler)), acceptor_(io) {
  ::unlink(path_.c_str());  // of an agent that was killed: the folder's lock is ours
  const mode_t before = ::umask(0177);
  boost::system::error_code error;
  const local::endpoint endpoint(path_);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(most_open, error);
  ::umask(before);
  if (error) throw FolderError("socket " + path_ + " cannot be made: " + error.message());
  accept();
}

Control::~Control() {
  ::unlink(path_.c_str());
}

void Control::accept() {
  acceptor_.async_accept([this](const boost::system::error_code& error, local::socket peer) {
    if (error == asio::error::operation_aborted) return;
    if (!error && *open_ < most_open && may_speak(peer.native_handle()))
      std::make_shared<Talk>(std::move(peer), handler_, open_)->begin();
    accept();
  });
}

namespace {

/// Closes itself.
struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int fd;
};

}  // namespace

std::string ask_agent(const std::string& folder, const std::string& line, int timeout_ms) {
  const std::string path = Folder::socket_in(folder);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw FolderError("no agent answers at " + path + ": " +
                      std::generic_category().message(errno));
  const std::string text = line + "\n";
  if (::send(socket.fd, text.data(), text.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(text.size()))
    throw FolderError("the agent at " + path + " does not listen");
  std::string out;
  char buffer[4096];
  while (!out.ends_with('\n')) {
    pollfd wait{socket.fd, POLLIN, 0};
    const int ready = ::poll(&wait, 1, timeout_ms);
    const ssize_t count = ready > 0 ? ::recv(socket.fd, buffer, sizeof buffer, 0) : 0;
    if (count <= 0) throw FolderError("the agent at " + path + " gives no answer");
    out.append(buffer, static_cast<std::size_t>(count));
  }
  out.pop_back();
  return out;
}

}  // namespace muster::agent
