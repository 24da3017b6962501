#include "table.hpp"

namespace muster::wire {

// static, not in the unnamed namespace: there they would hide their overloads of other messages.
static At<fb::Hello> build(Builder& b, const Hello& hello) {
  const auto client_name = build_text(b, hello.client_name);
  const auto group = build_text(b, hello.group);
  return fb::CreateHello(b, protocol_magic, hello.major, hello.minor, hello.features, client_name,
                         group);
}

static Hello read(Reader& r, const fb::Hello& from) {
  if (from.magic() != protocol_magic) r.fail();
  return {.major = from.major(),
          .minor = from.minor(),
          .features = from.features(),
          .client_name = r.text(from.client_name()),
          .group = r.text(from.group())};
}

static At<fb::HelloOk> build(Builder& b, const HelloOk& hello) {
  const auto server_name = build_text(b, hello.server_name);
  const auto store_uuid = build_text(b, hello.store_uuid);
  return fb::CreateHelloOk(b, hello.major, hello.minor, hello.features, server_name, store_uuid,
                           hello.shards, hello.max_body);
}

static HelloOk read(Reader& r, const fb::HelloOk& from) {
  return {.major = from.major(),
          .minor = from.minor(),
          .features = from.features(),
          .server_name = r.text(from.server_name()),
          .store_uuid = r.text(from.store_uuid()),
          .shards = from.shards(),
          .max_body = from.max_body()};
}

namespace {

template <class Message>
void append_greeting(const Message& message, Kind kind, Bytes& out) {
  append_message(message, [](Builder& b, const Message& m) { return build(b, m); }, kind, 0, out);
}

}  // namespace

void encode_hello(const Hello& hello, Bytes& out) {
  append_greeting(hello, Kind::hello, out);
}
void encode_hello_ok(const HelloOk& hello, Bytes& out) {
  append_greeting(hello, Kind::hello_ok, out);
}

Result<Hello> decode_hello(const Frame& frame) {
  if (frame.kind != static_cast<std::uint16_t>(Kind::hello)) return Errc::not_greeted;
  return decode_table<Hello, Hello, fb::Hello>(frame, max_call_tables, read);
}

Result<HelloOk> decode_hello_ok(const Frame& frame) {
  if (frame.kind != static_cast<std::uint16_t>(Kind::hello_ok)) return Errc::not_greeted;
  return decode_table<HelloOk, HelloOk, fb::HelloOk>(frame, max_answer_tables, read);
}

}  // namespace muster::wire
