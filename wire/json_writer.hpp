/// Writes JSON, one value after the other, with the commas between them; without line feeds.
///
/// Text keeps its UTF-8; each byte that is none becomes U+FFFD. Tokens are decimal strings, because
/// 64 bits do not fit a JSON number of other languages.
#pragma once

#include <muster/types.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>

namespace muster::wire {

class JsonWriter {
 public:
  /// Appends to `out`, which outlives the writer.
  explicit JsonWriter(std::string& out) : out_(out) {}

  void open(char bracket) {
    separate();
    out_ += bracket;
    first_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    first_ = false;
  }
  /// `name` needs no escapes.
  void key(std::string_view name) {
    separate();
    out_ += '"';
    out_ += name;
    out_ += "\":";
    first_ = true;
  }
  /// A name from outside.
  void free_key(std::string_view name) {
    text(name);
    out_ += ':';
    first_ = true;
  }
  void text(std::string_view value);
  void number(std::integral auto value) {
    separate();
    digits(value);
  }
  void truth(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  void token(Token value) {
    separate();
    out_ += '"';
    digits(value);
    out_ += '"';
  }
  void id(const TopicId& value);
  /// A value that is JSON already.
  void raw(std::string_view json) {
    separate();
    out_ += json;
  }

  void field(std::string_view name, std::string_view value) {
    key(name);
    text(value);
  }
  void field(std::string_view name, std::integral auto value) {
    key(name);
    number(value);
  }
  void field_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) field(name, value);
  }
  /// Empty is null.
  void field_or_null(std::string_view name, std::string_view value) {
    key(name);
    value.empty() ? null() : text(value);
  }
  void id_field(std::string_view name, const TopicId& value) {
    key(name);
    id(value);
  }

  /// A list; `write` writes each item as one value.
  template <class List, class Write>
  void each(std::string_view name, const List& list, Write&& write) {
    key(name);
    open('[');
    for (const auto& item : list) write(item);
    close(']');
  }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void digits(std::integral auto value) {
    std::array<char, 24> buffer{};
    const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    out_.append(buffer.data(), done.ptr);
  }
  void escape(std::string_view& value);

  std::string& out_;
  bool first_ = true;
};

}  // namespace muster::wire
