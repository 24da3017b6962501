/// One connection of the HTTP door.
///
/// Requests are answered one after the other. While one waits (for a change, for the core, for its
/// turn) the next is not begun; what the peer sends meanwhile is kept up to a bound. A connection
/// that only waits has no buffers.
#pragma once

#include "call.hpp"
#include "door_parts.hpp"
#include "hub.hpp"
#include "output.hpp"
#include "reader.hpp"

#include "../host.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace muster::broker::http {

/// Threads: all calls on the thread of its loop. Its door and its handlers keep it alive.
class Connection final : public Peer,
                         private Waiter,
                         public std::enable_shared_from_this<Connection> {
 public:
  Connection(Door::Parts& door, std::uint32_t loop, Tcp::socket socket, const Tcp::endpoint& peer);

  void start();
  /// Closes it if it has been slow or idle in a way that it may not be.
  void look(SteadyTime now);
  /// The door goes, and no loop runs any more.
  void abandon();

  void answer(std::uint64_t correlation, const ReplyBody& body) override;
  [[nodiscard]] bool push(const PushBody&) override { return true; }
  void flush() override;

  std::size_t place = 0;  ///< Among the connections of the loop.

 private:
  enum class Waits : std::uint8_t {
    nothing,  // the next request may begin
    turn,     // the loop will run its route again
    change,   // in the hub
    core,     // for a reply
    stream,   // it is answered for ever
  };

  // Reading
  void wait_for_input();
  void on_input_in_turn();
  void on_input();
  void handle();
  void handle_input();
  [[nodiscard]] bool reads() const;
  [[nodiscard]] bool is_full() const;
  void begin(Request&& request);
  [[nodiscard]] std::optional<Response> find_route(Call& call);
  void run();
  void take(Outcome&& outcome);
  void run_later();
  void submit(Submit&& submit);
  void on_end_of_input();

  // Answering
  void respond(Response&& response);
  void refuse(const RequestReader::Failure& failure);
  void begin_stream(Streaming&& streaming);
  void pump();
  void append_chunk(Piece&& piece);
  void count(int status);
  [[nodiscard]] std::string_view date();

  void woken(bool in_time) override;

  // Writing and ending
  void drained();
  void close_after_output(CloseReason why);
  void finish(CloseReason why);

  Door::Parts& door_;
  const std::uint32_t loop_;
  LoopDoor& shared_;
  DoorStats& stats_;
  Tcp::socket socket_;
  boost::asio::ip::address peer_;
  RequestReader reader_;
  std::string input_;  // read, not yet handled

  Waits waits_ = Waits::nothing;
  bool listening_ = false;     // an operation waits for input
  bool writing_ = false;       // one waits for room in the socket
  bool end_of_input_ = false;  // the peer sends nothing more
  bool last_ = false;          // the connection ends behind the answer that is pending
  bool lingering_ = false;     // all is written and the peer told; it may still read
  bool ended_ = false;
  bool handling_ = false;  // requests are being handled further up the stack
  bool paused_ = false;
  bool told_ = false;           // of a change, and nothing was read since
  std::unique_ptr<Call> call_;  // the request that is being answered
  std::unique_ptr<Stream> stream_;
  std::function<Response(const ReplyBody&)> then_;
  std::uint64_t connection_ = 0;   // in the host; 0: never asked the core
  std::uint64_t correlation_ = 0;  // of the last question
  CloseReason reason_ = CloseReason::done;

  Output out_;
  SteadyTime since_;  // of the present phase: idle, header, body, core, silent stream, lingering
  SteadyTime write_since_;
  enum class Phase : std::uint8_t { idle, header, body, busy } phase_ = Phase::idle;
};

}  // namespace muster::broker::http
