#include "client.hpp"

#include "text.hpp"
#include "version.hpp"

namespace muster::cli {
namespace {

Deadline in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

/// Ends the search at once: another server would not be the one that was meant.
Failure not_a_broker(const ServerAddress& server, const std::string& why) {
  return {Exit::not_understood, server.text() + " does not answer like a muster broker: " + why};
}

std::string words(const Refusal& refusal) {
  std::string text = "refused (" + std::string(to_string(refusal.code)) + ")";
  if (!refusal.message.empty()) text += ": " + shown(refusal.message);
  return text;
}

}  // namespace

Refused::Refused(const Refusal& refusal)
    : Failure(Exit::refused, words(refusal)), errc_(refusal.code) {}

Client::Client(ClientOptions options) : options_(std::move(options)) {
  std::string tried;
  for (const ServerAddress& server : options_.servers) {
    try {
      const Deadline deadline = in(options_.timeout);
      server_ = server;
      socket_ = Socket::connect(server, deadline);
      reader_ = wire::FrameReader();
      greet(deadline);
      return;
    } catch (const SocketError& error) {
      tried += (tried.empty() ? "" : "; ") + server.text() + ": " + error.reason;
    } catch (const Refused& refused) {
      // One that is on its way down or full; another may take us.
      if (!retriable(refused.errc())) throw;
      tried += (tried.empty() ? "" : "; ") + server.text() + ": " + refused.what();
    }
  }
  throw Lost(Exit::unreachable, "no broker can be reached (" + tried + ")");
}

void Client::greet(Deadline deadline) {
  wire::Hello hello;
  hello.client_name = std::string("muster ") + version;
  wire::Bytes bytes;
  wire::encode_hello(hello, bytes);
  socket_.send(bytes, deadline);

  std::optional<wire::Frame> frame;
  while (!(frame = next_frame()))
    if (!read_more(deadline)) throw SocketError{"no greeting in time"};
  const auto ok = wire::decode_hello_ok(*frame);
  if (ok) {
    broker_ = *ok;
    return;
  }
  const auto answer = wire::decode_answer(*frame);
  const auto* body = answer ? std::get_if<ReplyBody>(&*answer) : nullptr;
  if (body != nullptr && std::holds_alternative<Refusal>(*body))
    throw Refused(std::get<Refusal>(*body));
  throw not_a_broker(server_, ok.error().message());
}

std::uint64_t Client::send(const wire::Call& call) {
  const std::uint64_t correlation = ++last_correlation_;
  wire::Bytes bytes;
  const auto* request = std::get_if<Request>(&call);
  const bool fits = request != nullptr
                        ? wire::encode_request(*request, correlation, bytes)
                        : wire::encode_query(std::get<Query>(call), correlation, bytes);
  if (!fits) throw Refused(wire::call_too_long());
  try {
    socket_.send(bytes, in(options_.timeout));
  } catch (const SocketError& error) {
    throw Lost(Exit::no_answer,
               "the connection to " + server_.text() + " was lost: " + error.reason);
  }
  return correlation;
}

std::uint64_t Client::follow(const Query& query) {
  const std::uint64_t correlation = send(query);
  followed_[correlation];
  return correlation;
}

std::optional<ReplyBody> Client::next(std::uint64_t correlation, Deadline deadline) {
  if (const auto it = followed_.find(correlation); it != followed_.end() && !it->second.empty()) {
    ReplyBody body = std::move(it->second.front());
    it->second.pop_front();
    return body;
  }
  try {
    while (true) {
      while (const auto frame = next_frame())
        if (auto body = take(*frame, correlation)) return body;
      if (!read_more(deadline)) return std::nullopt;
    }
  } catch (const SocketError& error) {
    throw Lost(Exit::no_answer, "the connection to " + server_.text() +
                                    " was lost before the answer: " + error.reason);
  }
}

ReplyBody Client::wait(std::uint64_t correlation) {
  if (auto body = next(correlation, in(options_.timeout))) return std::move(*body);
  throw Lost(Exit::no_answer,
             "no answer from " + server_.text() + " within " + duration(options_.timeout));
}

bool Client::read_more(Deadline deadline) {
  const auto room = reader_.prepare(4096);
  const auto read = socket_.receive(room, deadline);
  if (read) reader_.commit(*read);
  return read.has_value();
}

std::optional<wire::Frame> Client::next_frame() {
  const auto frame = reader_.next();
  if (!frame) throw not_a_broker(server_, frame.error().message());
  return *frame;
}

/// Pushes, answers to calls that nobody waits for any more and unknown optional frames are passed
/// over. A refusal without a correlation is about the connection itself: whoever waits is told.
std::optional<ReplyBody> Client::take(const wire::Frame& frame, std::uint64_t correlation) {
  auto answer = wire::decode_answer(frame);
  if (!answer) {
    const bool optional = (frame.flags & wire::flag_optional) != 0;
    if (optional && answer.error() == Errc::unknown_kind) return std::nullopt;
    throw not_a_broker(server_, answer.error().message());
  }
  auto* body = std::get_if<ReplyBody>(&*answer);
  if (body == nullptr) return std::nullopt;
  if (frame.correlation == correlation) return std::move(*body);
  if (const auto it = followed_.find(frame.correlation); it != followed_.end()) {
    it->second.push_back(std::move(*body));
    return std::nullopt;
  }
  const bool about_connection = frame.correlation == 0 && std::holds_alternative<Refusal>(*body);
  return about_connection ? std::optional<ReplyBody>(std::move(*body)) : std::nullopt;
}

}  // namespace muster::cli
