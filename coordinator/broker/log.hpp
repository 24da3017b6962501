/// Structured log lines: a time, a level, a message that never varies, and key=value fields.
///
/// Lines go to standard error, as text or as one JSON object each. Nothing is formatted for a level
/// that is off. Never call it per heartbeat.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace muster::broker::log {

enum class Level { debug, info, warning, error };
enum class Format { text, json };

/// One key=value of a line. Values with spaces or quotes are quoted on the way out; a field with an
/// empty value is left out.
struct Field {
  std::string_view key;
  std::string value;
  bool number = false;

  Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  template <std::integral N>
  Field(std::string_view k, N v) : key(k), value(std::to_string(v)), number(true) {}
};

/// Once at start, before other threads run.
void configure(Level level, Format format);

/// Any thread, at any time.
void set_level(Level level);
[[nodiscard]] Level level();
[[nodiscard]] bool enabled(Level level);
void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

/// Whole lines as they would be written, for tests: without the time.
[[nodiscard]] std::string format_line(Format format, Level level, std::string_view message,
                                      std::initializer_list<Field> fields);

inline void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::info, message, fields);
}
inline void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::warning, message, fields);
}
inline void error(std::string_view message, std::initializer_list<Field> fields = {}) {
  write(Level::error, message, fields);
}

}  // namespace muster::broker::log
