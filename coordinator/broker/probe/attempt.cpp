#include "attempt.hpp"

#include "../descriptors.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>

#include <utility>

namespace muster::broker::probe {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Result = core::Probed::Result;

constexpr std::size_t most_header = 8U << 10;
constexpr std::uint64_t most_body = 4U << 10;

/// An error that says nothing of the other side.
bool is_ours(const boost::system::error_code& error) {
  return error == boost::system::errc::address_not_available ||
         error == boost::system::errc::no_buffer_space ||
         error == boost::system::errc::not_enough_memory;
}

std::string host_of(const asio::ip::tcp::endpoint& to) {
  const std::string address = to.address().to_string();
  return (to.address().is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(to.port());
}

}  // namespace

Attempt::Attempt(asio::io_context& io, const Tcp::endpoint& to, const Check& check)
    : to_(to), check_(check), socket_(io), timer_(io) {
  if (check.kind != Check::Kind::http) return;
  if (check_.path.empty()) check_.path = "/";
  request_ = "GET " + check_.path + " HTTP/1.1\r\nHost: " + host_of(to) +
             "\r\nUser-Agent: musterd\r\nAccept: */*\r\n\r\n";
}

std::string Attempt::question() const {
  return check_.kind == Check::Kind::http ? "GET http://" + host_of(to_) + check_.path
                                          : "connection to " + host_of(to_);
}

Millis Attempt::took() const {
  return std::chrono::duration_cast<Millis>(Clock::now() - begun_);
}

void Attempt::start(Done done) {
  done_ = std::move(done);
  begun_ = Clock::now();
  const std::uint64_t number = ++number_;
  timer_.expires_after(check_.timeout);
  timer_.async_wait([self = shared_from_this(), number](const Error& error) {
    if (error || number != self->number_ || !self->done_) return;
    self->drop();
    self->finish(Result::missed,
                 "no answer within " + std::to_string(self->check_.timeout.count()) + " ms");
  });
  kept_ = socket_.is_open();
  if (kept_) return ask();
  connect();
}

void Attempt::connect() {
  kept_ = false;
  buffer_.clear();
  Error unable;
  socket_.open(to_.protocol(), unable);
  if (!unable && is_the_stores(socket_.native_handle())) unable = asio::error::no_descriptors;
  if (unable) {
    drop();
    // Not from within start(): whoever began this is still at it.
    return asio::post(socket_.get_executor(),
                      [self = shared_from_this(), number = number_, unable] {
                        if (number == self->number_ && self->done_)
                          self->finish(Result::missed, unable.message(), true);
                      });
  }
  socket_.async_connect(to_, [self = shared_from_this(), number = number_](const Error& error) {
    if (number != self->number_ || !self->done_) return;
    if (error) {
      self->drop();
      return self->finish(Result::missed, error.message(), is_ours(error));
    }
    if (self->check_.kind == Check::Kind::http) {
      Error ignored;
      self->socket_.set_option(Tcp::no_delay(true), ignored);
      return self->ask();
    }
    self->drop();
    const bool slow = self->check_.slow > Millis{0} && self->took() > self->check_.slow;
    self->finish(slow ? Result::slow : Result::passed,
                 "was taken after " + std::to_string(self->took().count()) + " ms");
  });
}

void Attempt::ask() {
  asio::async_write(socket_, asio::buffer(request_),
                    [self = shared_from_this(), number = number_](const Error& error, std::size_t) {
                      if (number != self->number_ || !self->done_) return;
                      if (error) return self->judge(error);
                      self->read();
                    });
}

void Attempt::read() {
  parser_.emplace();
  parser_->header_limit(most_header);
  parser_->body_limit(most_body);
  http::async_read(socket_, buffer_, *parser_,
                   [self = shared_from_this(), number = number_](const Error& error, std::size_t) {
                     if (number != self->number_ || !self->done_) return;
                     self->judge(error);
                   });
}

bool Attempt::again(const Error& error) {
  if (!error || !kept_ || (parser_ && parser_->got_some())) return false;
  Error ignored;
  socket_.close(ignored);
  connect();
  return true;
}

void Attempt::judge(const Error& error) {
  if (again(error)) return;
  // A body that is longer than what is read of it says nothing worse.
  const bool cut = error == http::error::body_limit;
  if (error && !cut) {
    drop();
    return finish(Result::missed, error.message());
  }
  const unsigned status = parser_->get().result_int();
  const bool degraded = parser_->get().body().find("degraded") != std::string::npos;
  if (cut || !parser_->keep_alive()) drop();
  parser_.reset();
  const Millis time = took();
  std::string words =
      "answered " + std::to_string(status) + " after " + std::to_string(time.count()) + " ms";
  const bool well = status >= 200 && status < 300;
  if (!well && status != 429) return finish(Result::critical, words);
  if (degraded) words += ", degraded";
  const bool slow = check_.slow > Millis{0} && time > check_.slow;
  if (slow) words += ", more than " + std::to_string(check_.slow.count());
  finish(status == 429 || degraded || slow ? Result::slow : Result::passed, words);
}

void Attempt::finish(Result result, const std::string& words, bool own_fault) {
  timer_.cancel();
  Outcome outcome;
  outcome.result = result;
  outcome.detail = question() + ": " + words;
  outcome.own_fault = own_fault;
  std::exchange(done_, nullptr)(std::move(outcome));
}

void Attempt::cancel() {
  done_ = nullptr;
  ++number_;
  timer_.cancel();
  drop();
}

void Attempt::drop() {
  Error ignored;
  socket_.close(ignored);
  buffer_.clear();
}

}  // namespace muster::broker::probe
