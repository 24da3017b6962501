/// A small blocking client of the native door: greets, asks, gets one answer; or follows a stream.
///
/// For tools that ask a few questions and end. Workers want libmuster (muster/member.hpp), which
/// keeps sessions alive and reconnects by itself.
#pragma once

#include "exit.hpp"
#include "socket.hpp"

#include <codec.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace muster::cli {

struct ClientOptions {
  std::vector<ServerAddress> servers{{"127.0.0.1", "7400"}};  ///< Tried in this order.
  std::chrono::milliseconds timeout{10'000};  ///< For reaching one server, and for each answer.
};

/// The broker said no: its typed error and its sentence.
class Refused : public Failure {
 public:
  explicit Refused(const Refusal& refusal);
  [[nodiscard]] Errc errc() const { return errc_; }

 private:
  Errc errc_;
};

/// The connection ended or fell silent. Whoever follows a stream may connect anew.
class Lost : public Failure {
 public:
  using Failure::Failure;
};

/// Threads  one at a time.
/// Fails    by Failure: Lost with Exit::unreachable if no server can be reached and greeted, with
///          Exit::no_answer once it was reached; Exit::not_understood; Refused.
class Client {
 public:
  /// Connects to the first server that answers.
  explicit Client(ClientOptions options);

  /// The broker's own words in its greeting.
  [[nodiscard]] const wire::HelloOk& broker() const { return broker_; }
  /// The server that answered.
  [[nodiscard]] const ServerAddress& server() const { return server_; }
  [[nodiscard]] const ClientOptions& options() const { return options_; }

  /// Sends the call and waits for its answer; `Answer` is the one alternative of ReplyBody that
  /// fits.
  template <class Answer>
  Answer ask(const wire::Call& call) {
    return as<Answer>(wait(send(call)));
  }

  /// Sends a call that is answered again and again. Gives its correlation, for `next`; what comes
  /// for it while another answer is awaited is kept.
  std::uint64_t follow(const Query& query);
  /// The next answer with this correlation; nothing once the deadline has passed.
  std::optional<ReplyBody> next(std::uint64_t correlation, Deadline deadline);

  template <class Answer>
  static Answer as(ReplyBody body) {
    if (const auto* refusal = std::get_if<Refusal>(&body)) throw Refused(*refusal);
    if (auto* answer = std::get_if<Answer>(&body)) return std::move(*answer);
    throw Failure(Exit::not_understood, "the broker answered with a message of another kind");
  }

 private:
  void greet(Deadline deadline);
  std::uint64_t send(const wire::Call& call);
  ReplyBody wait(std::uint64_t correlation);
  bool read_more(Deadline deadline);
  std::optional<wire::Frame> next_frame();
  std::optional<ReplyBody> take(const wire::Frame& frame, std::uint64_t correlation);

  ClientOptions options_;
  ServerAddress server_;
  Socket socket_;
  wire::FrameReader reader_;
  wire::HelloOk broker_;
  std::uint64_t last_correlation_ = 0;
  std::map<std::uint64_t, std::deque<ReplyBody>> followed_;
};

}  // namespace muster::cli
