#include "connection.hpp"

#include "../log.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <utility>

namespace muster::broker::http {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;

/// Read at once, and what a peer may send ahead while a request of its waits.
constexpr std::size_t input_size = 64U << 10;
/// Answers that were deferred are gathered up to this size before they are written.
constexpr std::size_t gather_size = 16U << 10;
/// A stream writes so much at once.
constexpr std::size_t stream_room = 64U << 10;

}  // namespace

Connection::Connection(Door::Parts& door, std::uint32_t loop, Tcp::socket socket,
                       const Tcp::endpoint& peer)
    : door_(door),
      loop_(loop),
      shared_(*door.loops[loop]),
      stats_(shared_.stats),
      socket_(std::move(socket)),
      peer_(peer.address()),
      reader_(door.options.limits),
      since_(steady_clock::now()) {}

void Connection::start() {
  shared_.connections.add(shared_from_this());
  wait_for_input();
}

// Reading
// ---------------------------------------------------------------------------------------------

bool Connection::reads() const {
  return !ended_ && !end_of_input_ && (lingering_ || (!is_full() && !paused_));
}

bool Connection::is_full() const {
  return waits_ != Waits::nothing && input_.size() >= input_size;
}

void Connection::wait_for_input() {
  if (listening_ || !reads()) return;
  listening_ = true;
  socket_.async_wait(Tcp::socket::wait_read, [self = shared_from_this()](const auto& error) {
    self->listening_ = false;
    if (self->ended_) return;
    if (error) return self->finish(CloseReason::peer_reset);
    self->on_input_in_turn();
  });
}

/// Who has just been told of a change mostly asks again at once. Those who have not been told yet
/// come before it, so that the last of them does not wait for the next questions of the first.
void Connection::on_input_in_turn() {
  if (!told_ || !shared_.hub.is_waking()) return on_input();
  listening_ = true;
  shared_.hub.after_wakes([self = shared_from_this()] {
    self->listening_ = false;
    if (!self->ended_) self->on_input();
  });
}

void Connection::on_input() {
  told_ = false;
  std::string& buffer = shared_.input;
  buffer.resize(input_size);
  boost::system::error_code error;
  const std::size_t size = socket_.read_some(asio::buffer(buffer), error);
  if (error == asio::error::would_block) return wait_for_input();
  if (error == asio::error::eof) return on_end_of_input();
  if (error) return finish(CloseReason::peer_reset);
  stats_.bytes_in.add(size);
  if (!lingering_ && !last_) {
    input_.append(buffer, 0, size);
    handle();
    flush();
  }
  wait_for_input();
}

/// Handles what has been read, until a request has to wait. The core may refuse a request while it
/// is being submitted: then whoever handles it goes on with the next one, and nobody else.
void Connection::handle() {
  if (handling_) return;
  handling_ = true;
  handle_input();
  handling_ = false;
}

void Connection::handle_input() {
  std::string_view bytes = input_;
  while (waits_ == Waits::nothing && !last_ && !ended_) {
    if (out_.size() > door_.options.pause_output) {
      if (!std::exchange(paused_, true)) stats_.pauses.add();
      break;
    }
    const RequestReader::State state = reader_.read(bytes);
    if (state == RequestReader::State::failed) {
      refuse(reader_.failure());
      bytes = {};
      break;
    }
    if (state == RequestReader::State::more) break;
    phase_ = Phase::busy;
    begin(reader_.take());
  }
  input_.erase(0, input_.size() - bytes.size());
  if (input_.empty() && input_.capacity() > 0) std::string{}.swap(input_);
  if (waits_ != Waits::nothing || last_ || ended_) return;
  if (reader_.wants_continue()) out_.text() += "HTTP/1.1 100 Continue\r\n\r\n";
  const Phase now = reader_.in_body() ? Phase::body : input_.empty() ? Phase::idle : Phase::header;
  if (now != phase_) since_ = steady_clock::now();
  phase_ = now;
}

void Connection::begin(Request&& request) {
  call_ = std::make_unique<Call>(Call{
      door_.host, door_, shared_, std::move(request), {}, nullptr, {}, steady_clock::now(), peer_});
  last_ = !call_->request.keep_alive;
  if (auto refusal = find_route(*call_)) return respond(std::move(*refusal));
  run();
}

/// The route, or why there is none for this request.
std::optional<Response> Connection::find_route(Call& call) {
  auto target = parse_target(call.request.target);
  if (const auto* const wrong = std::get_if<Error>(&target))
    return failure(wrong->code, wrong->message);
  call.target = std::move(std::get<Target>(target));
  auto found = match(call.request.method, call.target.path);
  auto* const matched = std::get_if<Match>(&found);
  const bool open = matched != nullptr && matched->route->open;
  const bool changes = call.request.method != Method::get && call.request.method != Method::head;
  if (auto denied = door_.guard.check(call.request, open, changes)) {
    stats_.denials[static_cast<std::size_t>(denied->why)].add();
    return std::move(denied->response);
  }
  if (matched == nullptr) {
    const auto& none = std::get<NoMatch>(found);
    if (!none.known_path)
      return failure(404, "unknown_path",
                     "there is nothing at this path; /v1/openapi.json describes what there is");
    Response out = failure(405, "unknown_method", "this path knows " + none.allow);
    out.fields += "Allow: " + none.allow + "\r\n";
    return out;
  }
  call.route = matched->route;
  call.captures = std::move(matched->captures);
  for (const auto& [name, value] : call.target.parameters) {
    const auto& known = call.route->parameters;
    if (std::any_of(known.begin(), known.end(), [&](const auto& p) { return p.name == name; }))
      continue;
    std::string names;
    for (const Parameter& parameter : known) names.append(" ").append(parameter.name);
    return failure(Errc::invalid_request, "there is no parameter " + name.substr(0, 40) + " here" +
                                              (names.empty() ? "" : "; there are" + names));
  }
  return std::nullopt;
}

void Connection::run() {
  try {
    take(call_->route->handle(*call_));
  } catch (const std::exception& error) {
    log::error("a request failed", {{"route", call_->route->path}, {"error", error.what()}});
    respond(failure(500, "internal", "the request failed; the broker's log says why"));
  }
}

void Connection::take(Outcome&& outcome) {
  if (auto* const response = std::get_if<Response>(&outcome)) {
    respond(std::move(*response));
  } else if (std::holds_alternative<Later>(outcome)) {
    waits_ = Waits::turn;
    door_.host.defer(loop_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->run_later();
    });
  } else if (const auto* const park = std::get_if<Park>(&outcome)) {
    waits_ = Waits::change;
    call_->waited = true;
    // Spread over a sixteenth, so that those who came together do not come back together.
    const auto extra = park->wait * (reinterpret_cast<std::uintptr_t>(this) / 64 % 256) / 4'096;
    shared_.hub.wait(*this, park->subject, park->index, steady_clock::now() + park->wait + extra);
  } else if (auto* const question = std::get_if<Submit>(&outcome)) {
    submit(std::move(*question));
  } else {
    begin_stream(std::move(std::get<Streaming>(outcome)));
  }
}

void Connection::run_later() {
  if (ended_ || waits_ != Waits::turn) return;
  waits_ = Waits::nothing;
  call_->deferred = true;
  run();
  if (waits_ == Waits::nothing) handle();
  if (waits_ != Waits::turn || out_.size() > gather_size) flush();
  wait_for_input();
}

void Connection::submit(Submit&& submit) {
  if (connection_ == 0) connection_ = door_.host.attach(loop_, shared_from_this());
  waits_ = Waits::core;
  since_ = steady_clock::now();
  then_ = std::move(submit.then);
  door_.host.submit(loop_, connection_, ++correlation_, std::move(submit.request),
                    {{}, peer_.to_string()});
}

void Connection::answer(std::uint64_t correlation, const ReplyBody& body) {
  if (ended_ || waits_ != Waits::core || correlation != correlation_) return stats_.late.add();
  const auto then = std::exchange(then_, nullptr);
  const auto* const refusal = std::get_if<Refusal>(&body);
  respond(refusal != nullptr ? failure(refusal->code, refusal->message) : then(body));
  handle();
  wait_for_input();
}

/// The result has changed, or the time is up.
void Connection::woken(bool in_time) {
  if (ended_) return;
  const auto self = shared_from_this();
  if (waits_ == Waits::stream) {
    pump();
  } else {
    waits_ = Waits::nothing;
    call_->timed_out = !in_time;
    call_->deferred = true;
    told_ = true;
    run();
    handle();
  }
  flush();
  wait_for_input();
}

/// Who closes while it waits for a change has gone; who still has answers to come gets them.
void Connection::on_end_of_input() {
  end_of_input_ = true;
  if (waits_ == Waits::change || waits_ == Waits::stream || lingering_ ||
      (waits_ == Waits::nothing && out_.empty()))
    return finish(lingering_ ? reason_ : CloseReason::peer_closed);
  flush();
}

// Answering
// -------------------------------------------------------------------------------------------

void Connection::respond(Response&& response) {
  waits_ = Waits::nothing;
  count(response.status);
  const Request& request = call_->request;
  append_head(out_.text(), response,
              {.date = date(), .keep_alive = !last_, .is_1_0 = request.is_1_0, .chunked = false});
  if (request.method != Method::head) out_.append(std::move(response.body));
  if (!call_->waited && call_->route != nullptr)
    stats_.latency.observe(
        std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - call_->begun));
  call_.reset();
}

/// What was no request has no answer of its own; the connection ends, for nobody knows where the
/// next one would begin.
void Connection::refuse(const RequestReader::Failure& failed) {
  last_ = true;
  reason_ = failed.status == 400 ? CloseReason::malformed : CloseReason::too_large;
  count(failed.status);
  Response response = failure(failed.status, failed.code, failed.message);
  append_head(out_.text(), response,
              {.date = date(), .keep_alive = false, .is_1_0 = false, .chunked = false});
  out_.append(std::move(response.body));
}

void Connection::begin_stream(Streaming&& streaming) {
  Response response;
  response.type = "text/event-stream";
  if (call_->request.method == Method::head) return respond(std::move(response));
  last_ = last_ || call_->request.is_1_0;
  count(response.status);
  append_head(
      out_.text(), response,
      {.date = date(), .keep_alive = !last_, .is_1_0 = call_->request.is_1_0, .chunked = true});
  stream_ = std::move(streaming.stream);
  waits_ = Waits::stream;
  stats_.streams.add();
  since_ = steady_clock::now();
  pump();
}

/// Writes what there is, as long as the peer takes it, then waits for more.
void Connection::pump() {
  bool more = true;
  while (more && out_.size() < stream_room) {
    Piece piece;
    more = stream_->fill(piece, stream_room);
    append_chunk(std::move(piece));
  }
  if (!more) shared_.hub.wait(*this, stream_->subject(), stream_->index(), std::nullopt);
}

void Connection::append_chunk(Piece&& piece) {
  if (piece.size() == 0) return;
  since_ = steady_clock::now();
  const bool chunked = !call_->request.is_1_0;
  if (chunked) {
    std::array<char, 20> size{};
    const auto done = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16);
    out_.text().append(size.data(), done.ptr).append("\r\n");
  }
  out_.text() += piece.text;
  out_.append(std::move(piece.body));
  out_.text().append(piece.behind).append(chunked ? "\r\n" : "");
}

void Connection::count(int status) {
  const Route* const route = call_ ? call_->route : nullptr;
  const std::size_t row = route == nullptr ? stats_.routes.size() - 1
                                           : static_cast<std::size_t>(route - routes().data());
  stats_.routes[row].by_class[static_cast<std::size_t>(std::clamp(status / 100, 1, 5))].add();
}

/// Made anew once a second.
std::string_view Connection::date() {
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  if (second != shared_.date_second) {
    shared_.date_second = second;
    shared_.date = http_date(second);
  }
  return shared_.date;
}

// Writing and ending
// ----------------------------------------------------------------------------------

void Connection::flush() {
  while (!writing_ && !ended_ && !door_.host.silent()) {
    if (out_.empty()) return drained();
    // Most answers fit into the socket's buffer at once; only what does not waits for it.
    boost::system::error_code error;
    const std::size_t size = socket_.write_some(out_.front(), error);
    stats_.bytes_out.add(size);
    out_.consume(size);
    if (error == asio::error::would_block) {
      writing_ = true;
      write_since_ = steady_clock::now();
      socket_.async_wait(Tcp::socket::wait_write, [self = shared_from_this()](const auto& failed) {
        self->writing_ = false;
        if (self->ended_) return;
        if (failed) return self->finish(CloseReason::peer_reset);
        self->flush();
      });
    } else if (error) {
      return finish(CloseReason::peer_reset);
    }
  }
}

/// Everything is written: goes on with what waited for it.
void Connection::drained() {
  if (waits_ == Waits::stream && !Waiter::waits()) {
    pump();
    if (!out_.empty())
      asio::post(socket_.get_executor(), [self = shared_from_this()] { self->flush(); });
    return;
  }
  if (waits_ != Waits::nothing) return;
  if (last_) return close_after_output(reason_);
  if (!std::exchange(paused_, false)) {
    if (end_of_input_) finish(CloseReason::done);
    return;
  }
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->ended_) return;
    self->handle();
    self->flush();
    self->wait_for_input();
  });
}

/// Says that nothing more comes, and gives the peer a moment to read it: a socket that is closed
/// with unread input would throw away what is on its way.
void Connection::close_after_output(CloseReason why) {
  if (lingering_) return;
  if (end_of_input_) return finish(why);
  lingering_ = true;
  reason_ = why;
  since_ = steady_clock::now();
  std::string{}.swap(input_);
  boost::system::error_code ignored;
  socket_.shutdown(Tcp::socket::shutdown_send, ignored);
  wait_for_input();
}

void Connection::finish(CloseReason why) {
  if (std::exchange(ended_, true)) return;
  const auto self = shared_from_this();
  leave();
  if (stream_) stats_.streams.set(stats_.streams.value() - 1);
  if (connection_ != 0) door_.host.detach(loop_, connection_);
  boost::system::error_code ignored;
  socket_.close(ignored);
  stats_.closes[static_cast<std::size_t>(why)].add();
  door_.listener.count_out(peer_);
  shared_.connections.remove(place);
}

void Connection::abandon() {
  ended_ = true;
  leave();
}

void Connection::look(SteadyTime now) {
  const DoorOptions& options = door_.options;
  const auto age = now - since_;
  if (writing_) {
    if (now - write_since_ > options.read_timeout) finish(CloseReason::not_reading);
  } else if (lingering_) {
    if (age > options.linger) finish(reason_);
  } else if (waits_ == Waits::stream) {
    if (age > options.keep_alive) {
      append_chunk({":\n\n", nullptr, {}});  // a comment
      flush();
    }
  } else if (waits_ == Waits::core) {
    if (age <= options.submit_timeout) return;
    then_ = nullptr;
    respond(failure(Errc::deadline_passed, "no answer within " +
                                               std::to_string(options.submit_timeout.count()) +
                                               " ms; the request may still take effect"));
    handle();
    flush();
    wait_for_input();
  } else if (waits_ == Waits::nothing && !last_) {
    if (phase_ == Phase::idle && age > options.idle_timeout) return finish(CloseReason::idle);
    const bool header = phase_ == Phase::header && age > options.header_timeout;
    const bool body = phase_ == Phase::body && age > options.body_timeout;
    if (!header && !body) return;
    refuse({408, "too_slow",
            std::string{"the request's "} + (header ? "header" : "body") +
                " was not finished in time"});
    reason_ = header ? CloseReason::header_timeout : CloseReason::body_timeout;
    flush();
  }
}

}  // namespace muster::broker::http
