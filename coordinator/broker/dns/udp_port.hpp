/// The UDP side of the door on one loop: takes as many questions as there are with one call, and
/// gives as many answers with one.
#pragma once

#include "answer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace muster::broker::dns {

/// One question, and what its answer is put behind.
struct Datagram {
  std::span<const std::uint8_t> message;
  const sockaddr& from;
};

/// Threads: construct on the main thread, all else on its loop.
class UdpPort {
 public:
  static constexpr std::size_t batch = 64;
  /// More questions than this are not taken before everything else that is ready had its turn.
  static constexpr unsigned batches_per_turn = 4;

  struct Callbacks {
    /// A batch begins and ends: `messages` were read.
    std::function<void()> begins;
    std::function<void(std::size_t messages)> ended;
    /// Appends the answer, or nothing, if there is none.
    std::function<void(const Datagram& question, Bytes& out)> answer;
    /// The kernel did not take so many answers.
    std::function<void(std::size_t answers)> unsent;
  };

  /// Binds; throws boost::system::system_error. `shared`: other loops have ports at this endpoint,
  /// too, and the kernel spreads the clients over them.
  UdpPort(boost::asio::io_context& context, const boost::asio::ip::udp::endpoint& at, bool shared,
          Callbacks callbacks);
  UdpPort(const UdpPort&) = delete;
  UdpPort& operator=(const UdpPort&) = delete;

  /// Begins to answer. It must live until the loop has ended.
  void open();
  void close();

 private:
  /// The rest of a longer one is lost, and what remains is no whole message.
  static constexpr std::size_t question_size = 2'048;
  static constexpr std::size_t control_size = 64;  // the address it was sent to

  struct Slot {
    std::array<std::uint8_t, question_size> bytes;
    sockaddr_storage from;
    alignas(cmsghdr) std::array<std::uint8_t, control_size> control;
    iovec part;
  };

  void wait();
  void ready();
  [[nodiscard]] std::size_t take();
  void answer(std::size_t count);
  void send(std::size_t count);

  boost::asio::io_context& context_;
  boost::asio::ip::udp::socket socket_;
  const Callbacks callbacks_;
  bool any_address_ = false;  // the answer's source has to be told
  std::vector<Slot> slots_;
  std::array<mmsghdr, batch> in_{};
  std::array<mmsghdr, batch> out_{};
  std::array<iovec, batch> parts_{};
  Bytes answers_;
};

}  // namespace muster::broker::dns
