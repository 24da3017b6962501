/// What a session does with each frame.
#include "session.hpp"

#include "../log.hpp"

#include <algorithm>
#include <utility>

namespace muster::broker::native {
namespace {

constexpr std::size_t max_client_name = 512;

std::string version(unsigned major, unsigned minor) {
  return std::to_string(major) + "." + std::to_string(minor);
}

}  // namespace

void Session::on_frame(const wire::Frame& frame) {
  if (phase_ == Phase::greeting) return on_hello(frame);
  Heartbeat beat;
  if (!wire::decode_heartbeat(frame, beat)) return on_call(frame);
  ++outstanding_;
  door_.host.submit(loop_, connection_, frame.correlation, beat);
}

void Session::submit(std::uint64_t correlation, Request&& request) {
  if (outstanding_ >= max_outstanding) {
    return append_reply(correlation,
                        Refusal{Errc::overloaded, std::to_string(outstanding_) +
                                                      " requests of this connection wait for an "
                                                      "answer, which is the bound"});
  }
  if (!std::holds_alternative<Pong>(request)) ++outstanding_;
  door_.host.submit(loop_, connection_, correlation, std::move(request), principal_);
}

void Session::on_hello(const wire::Frame& frame) {
  const auto decoded = wire::decode_hello(frame);
  if (decoded.has_error()) {
    if (decoded.error() == Errc::not_greeted) {
      return refuse_and_close(
          frame.correlation, Errc::not_greeted,
          "the first frame of a connection must be Hello, not kind " + std::to_string(frame.kind),
          CloseReason::not_greeted);
    }
    return refuse_and_close(frame.correlation, Errc::malformed, "Hello does not make a message",
                            CloseReason::malformed);
  }
  const wire::Hello& hello = *decoded;
  if (hello.major != wire::protocol_major) {
    return refuse_and_close(frame.correlation, Errc::unsupported_version,
                            "the client speaks protocol " + version(hello.major, hello.minor) +
                                ", this broker " +
                                version(wire::protocol_major, wire::protocol_minor),
                            CloseReason::unsupported_version);
  }
  if (hello.client_name.size() > max_client_name) {
    return refuse_and_close(frame.correlation, Errc::out_of_range,
                            "client_name of " + std::to_string(hello.client_name.size()) +
                                " bytes is longer than " + std::to_string(max_client_name) +
                                " bytes",
                            CloseReason::malformed);
  }
  if (!hello.group.empty() && door_.host.loop_of(hello.group) != loop_) {
    moving_hello_ = hello;
    phase_ = Phase::moving;
    return;
  }
  greet(hello);
  flush();
}

void Session::greet(const wire::Hello& hello) {
  phase_ = Phase::open;
  reader_.set_limit(wire::max_body);
  connection_ = door_.host.attach(loop_, shared_from_this());
  wire::HelloOk ok;
  ok.minor = std::min(hello.minor, wire::protocol_minor);
  ok.server_name = door_.options.server_name;
  ok.store_uuid = door_.options.store_uuid;
  ok.shards = door_.host.shards();
  ok.max_body = wire::max_body;
  wire::encode_hello_ok(ok, out_);
  log::debug("connection greeted", {{"peer", peer_.address().to_string()},
                                    {"port", peer_.port()},
                                    {"client", hello.client_name},
                                    {"group", hello.group},
                                    {"loop", loop_}});
}

void Session::on_call(const wire::Frame& frame) {
  auto call = wire::decode_call(frame);
  if (call.has_error()) {
    return on_bad_frame(frame, static_cast<Errc>(call.error().value()));
  }
  if (auto* const query = std::get_if<Query>(&*call)) {
    return on_query(frame.correlation, std::move(*query));
  }
  submit(frame.correlation, std::move(std::get<Request>(*call)));
}

/// Queries cost time and keep nobody alive: they wait until everything else that is ready is done.
void Session::on_query(std::uint64_t correlation, Query&& query) {
  queries_.emplace_back(correlation, std::move(query));
  if (queries_.size() == max_queries) stats_.query_waits.add();
  ask_on();
}

/// One at a time, so that the connections of a loop take turns.
void Session::ask_on() {
  if (asking_ || paused_ || queries_.empty()) return;
  asking_ = true;
  door_.host.defer(loop_, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->answer_query();
  });
}

void Session::answer_query() {
  asking_ = false;
  if (phase_ != Phase::open && phase_ != Phase::half_closed) return queries_.clear();
  auto [correlation, query] = std::move(queries_.front());
  queries_.pop_front();
  auto* const events = std::get_if<ReadEvents>(&query);
  if (std::holds_alternative<ReadMetrics>(query)) {
    append_reply(correlation, Metrics{door_.host.metrics()});
  } else if (events != nullptr && events->follow) {
    const auto refusal = subscriptions_.add(correlation, std::move(*events));
    if (refusal) append_reply(correlation, *refusal);
  } else if (ResultFollows::follows(query)) {
    const auto refusal = follows_.add(correlation, query);
    if (refusal) append_reply(correlation, *refusal);
  } else {
    append_reply(correlation, core::answer(door_.host.views(), query));
  }
  if (queries_.size() + 1 == max_queries) wake_reader();
  ask_on();
  flush();
}

void Session::on_bad_frame(const wire::Frame& frame, Errc error) {
  const std::string kind = std::to_string(frame.kind);
  if (error == Errc::unknown_kind) {
    if ((frame.flags & wire::flag_optional) != 0) return;
    append_reply(
        frame.correlation,
        Refusal{Errc::unknown_kind, "frame kind " + kind + " is not known to protocol " +
                                        version(wire::protocol_major, wire::protocol_minor)});
    return flush();
  }
  stats_.malformed.add();
  refuse_and_close(frame.correlation, Errc::malformed,
                   "the body of a frame of kind " + kind + " does not make a message",
                   CloseReason::malformed);
}

bool Session::send_events(std::uint64_t correlation, const ReplyBody& body) {
  append_reply(correlation, body);
  return !paused_ && phase_ == Phase::open;
}

bool Session::send_frame(std::uint64_t correlation, std::span<const std::byte> frame) {
  if (phase_ != Phase::open) return false;
  wire::append_frame(out_, frame, correlation);
  bound_output();
  return !paused_ && phase_ == Phase::open;
}

std::function<void()> Session::guarded(std::function<void()> call) {
  return [weak = weak_from_this(), call = std::move(call)] {
    const auto self = weak.lock();
    if (!self || self->phase_ != Phase::open) return;
    call();
    self->flush();
  };
}

}  // namespace muster::broker::native
