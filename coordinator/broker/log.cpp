#include "log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>

namespace muster::broker::log {
namespace {

constexpr std::array<std::string_view, 4> level_names{"debug", "info", "warning", "error"};

std::atomic<Level> current_level{Level::info};
std::atomic<Format> current_format{Format::text};

/// spdlog carries finished lines to standard error under its own lock; levels and fields are ours.
spdlog::logger& sink() {
  static const auto logger = [] {
    auto made = std::make_unique<spdlog::logger>("musterd",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

/// RFC 3339 in UTC with milliseconds.
std::string timestamp() {
  using namespace std::chrono;
  const auto ms = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 40> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 8> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%03dZ", static_cast<int>(ms % 1000));
  return std::string(text.data(), length) + fraction.data();
}

void append_quoted(std::string& out, std::string_view value) {
  out += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

bool plain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    if (static_cast<unsigned char>(c) <= ' ' || c == '"' || c == '\\' || c == '=') return false;
  }
  return true;
}

std::string text_line(Level level, std::string_view message, std::initializer_list<Field> fields) {
  std::string out{level_names[static_cast<std::size_t>(level)]};
  out.resize(8, ' ');
  out += message;
  for (const Field& field : fields) {
    if (field.value.empty()) continue;
    out += ' ';
    out += field.key;
    out += '=';
    if (plain(field.value)) {
      out += field.value;
    } else {
      append_quoted(out, field.value);
    }
  }
  return out;
}

std::string json_line(Level level, std::string_view message, std::initializer_list<Field> fields) {
  std::string out = R"("level":")";
  out += level_names[static_cast<std::size_t>(level)];
  out += R"(","message":)";
  append_quoted(out, message);
  for (const Field& field : fields) {
    if (field.value.empty()) continue;
    out += ',';
    append_quoted(out, field.key);
    out += ':';
    if (field.number) {
      out += field.value;
    } else {
      append_quoted(out, field.value);
    }
  }
  out += '}';
  return out;
}

}  // namespace

void configure(Level level, Format format) {
  current_level = level;
  current_format = format;
}

void set_level(Level level) {
  current_level = level;
}
Level level() {
  return current_level;
}
bool enabled(Level level) {
  return level >= current_level.load(std::memory_order_relaxed);
}

std::string format_line(Format format, Level level, std::string_view message,
                        std::initializer_list<Field> fields) {
  return format == Format::text ? text_line(level, message, fields)
                                : '{' + json_line(level, message, fields);
}

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  const Format format = current_format;
  std::string line =
      format == Format::text ? timestamp() + ' ' : R"({"time":")" + timestamp() + R"(",)";
  line += format == Format::text ? text_line(level, message, fields)
                                 : json_line(level, message, fields);
  sink().log(spdlog::level::critical, line);
  sink().flush();
}

}  // namespace muster::broker::log
