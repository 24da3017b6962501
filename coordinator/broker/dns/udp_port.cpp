#include "udp_port.hpp"

#include <boost/asio/post.hpp>

#include <netinet/in.h>

#include <cerrno>
#include <utility>

namespace muster::broker::dns {
namespace {

namespace asio = boost::asio;
using Udp = asio::ip::udp;

void set(Udp::socket& socket, int level, int option, int value) {
  ::setsockopt(socket.native_handle(), level, option, &value, sizeof value);
}

/// A burst of questions waits there while the loop does something else.
constexpr int kernel_buffer = 4 << 20;

/// The interface is the kernel's to choose again; only the address is kept.
void forget_interface(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO)
      reinterpret_cast<in_pktinfo*>(CMSG_DATA(part))->ipi_ifindex = 0;
  }
}

}  // namespace

UdpPort::UdpPort(asio::io_context& context, const Udp::endpoint& at, bool shared,
                 Callbacks callbacks)
    : context_(context),
      socket_(context),
      callbacks_(std::move(callbacks)),
      any_address_(at.address().is_unspecified()),
      slots_(batch) {
  socket_.open(at.protocol());
  if (shared) set(socket_, SOL_SOCKET, SO_REUSEPORT, 1);
  set(socket_, SOL_SOCKET, SO_RCVBUF, kernel_buffer);
  set(socket_, SOL_SOCKET, SO_RCVBUFFORCE, kernel_buffer);
  if (any_address_) {
    const bool six = at.address().is_v6();
    set(socket_, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_RECVPKTINFO : IP_PKTINFO, 1);
  }
  socket_.bind(at);
  socket_.non_blocking(true);
  for (std::size_t i = 0; i < batch; ++i) {
    slots_[i].part = {slots_[i].bytes.data(), slots_[i].bytes.size()};
    in_[i].msg_hdr.msg_iov = &slots_[i].part;
    in_[i].msg_hdr.msg_iovlen = 1;
    in_[i].msg_hdr.msg_name = &slots_[i].from;
  }
}

void UdpPort::open() {
  asio::post(context_, [this] { wait(); });
}

void UdpPort::close() {
  asio::post(context_, [this] {
    boost::system::error_code ignored;
    socket_.close(ignored);
  });
}

void UdpPort::wait() {
  socket_.async_wait(Udp::socket::wait_read, [this](const boost::system::error_code& error) {
    if (!error) ready();
  });
}

void UdpPort::ready() {
  for (unsigned i = 0; i < batches_per_turn; ++i) {
    if (!socket_.is_open()) return;
    const std::size_t count = take();
    if (count > 0) answer(count);
    if (count < batch) return wait();
  }
  asio::post(context_, [this] { ready(); });  // behind what else is ready
}

std::size_t UdpPort::take() {
  for (std::size_t i = 0; i < batch; ++i) {
    msghdr& message = in_[i].msg_hdr;
    message.msg_namelen = sizeof slots_[i].from;
    message.msg_control = any_address_ ? slots_[i].control.data() : nullptr;
    message.msg_controllen = any_address_ ? control_size : 0;
    message.msg_flags = 0;
  }
  const int count = ::recvmmsg(socket_.native_handle(), in_.data(), batch, MSG_DONTWAIT, nullptr);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void UdpPort::answer(std::size_t count) {
  callbacks_.begins();
  answers_.clear();
  std::size_t answered = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = answers_.size();
    const Datagram question{{slots_[i].bytes.data(), in_[i].msg_len},
                            reinterpret_cast<const sockaddr&>(slots_[i].from)};
    callbacks_.answer(question, answers_);
    if (answers_.size() == begin) continue;
    // Until all are written their place may move: for now the part keeps its size only.
    parts_[answered].iov_len = answers_.size() - begin;
    msghdr& out = out_[answered].msg_hdr;
    out = in_[i].msg_hdr;
    out.msg_iov = &parts_[answered];
    out.msg_flags = 0;
    if (any_address_) forget_interface(out);
    ++answered;
  }
  std::size_t at = 0;
  for (std::size_t i = 0; i < answered; ++i) {
    parts_[i].iov_base = answers_.data() + at;
    at += parts_[i].iov_len;
  }
  send(answered);
  callbacks_.ended(count);
}

/// What the kernel does not take is lost, as on the way it may be, too; who asked will ask again.
void UdpPort::send(std::size_t count) {
  std::size_t unsent = 0;
  for (std::size_t sent = 0; sent < count;) {
    const int n = ::sendmmsg(socket_.native_handle(), &out_[sent],
                             static_cast<unsigned>(count - sent), MSG_DONTWAIT);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else {
      const bool full = errno == EAGAIN || errno == ENOBUFS;
      unsent += full ? count - sent : 1;
      sent += full ? count - sent : 1;
    }
  }
  if (unsent > 0) callbacks_.unsent(unsent);
}

}  // namespace muster::broker::dns
