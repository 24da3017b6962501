#include "config.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

namespace muster::broker {
namespace {

using Kind = Setting::Kind;

struct Unit {
  std::string_view suffix;
  std::uint64_t factor;
};
constexpr std::array byte_units{Unit{"TiB", 1ULL << 40}, Unit{"GiB", 1ULL << 30},
                                Unit{"MiB", 1ULL << 20}, Unit{"KiB", 1ULL << 10}};
constexpr std::array duration_units{Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000},
                                    Unit{"ms", 1}};

std::span<const Unit> units(Kind kind) {
  if (kind == Kind::bytes) return byte_units;
  if (kind == Kind::duration) return duration_units;
  return {};
}

std::string_view what(Kind kind) {
  switch (kind) {
    case Kind::bytes:
      return "a number of bytes, such as 1048576 or 64MiB";
    case Kind::duration:
      return "a duration in ms, or such as 500ms, 30s, 5m, 1h";
    case Kind::truth:
      return "true or false";
    default:
      return "a whole number";
  }
}

std::optional<std::uint64_t> parse_number(Kind kind, std::string_view value) {
  if (kind == Kind::truth) {
    if (value == "true" || value == "1") return 1;
    if (value == "false" || value == "0") return 0;
    return std::nullopt;
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix(end, static_cast<std::size_t>(value.data() + value.size() - end));
  if (suffix.empty()) return number;
  for (const Unit& unit : units(kind)) {
    if (unit.suffix != suffix) continue;
    if (number > UINT64_MAX / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

/// The largest unit that leaves a whole number.
std::string print_number(Kind kind, std::uint64_t number) {
  for (const Unit& unit : units(kind)) {
    if (number >= unit.factor && number % unit.factor == 0) {
      return std::to_string(number / unit.factor) + std::string{unit.suffix};
    }
  }
  return std::to_string(number);
}

std::string with_underscores(std::string_view name) {
  std::string out{name};
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

bool is_loopback(const std::string& host) {
  return host == "::1" || host.rfind("127.", 0) == 0;
}

void check_listen(const Config& config, std::string_view setting, const std::string& host) {
  if (host.empty() || is_loopback(host) || config.insecure_listen) return;
  throw ConfigError(std::string{setting} + " " + host +
                    " is not loopback, and there is no authentication yet: say --insecure-listen "
                    "if everybody who can reach it may do everything");
}

/// What no single row can say.
void check(const Config& config) {
  check_listen(config, "listen", config.listen_host);
  check_listen(config, "http-listen", config.http_host);
  check_listen(config, "dns-listen", config.dns_host);
  if (config.limits.min_session_timeout > config.limits.max_session_timeout) {
    throw ConfigError("min-session-timeout " +
                      std::to_string(config.limits.min_session_timeout.count()) +
                      " ms is above max-session-timeout " +
                      std::to_string(config.limits.max_session_timeout.count()) + " ms");
  }
}

const Setting& find(std::string_view name) {
  const auto table = settings();
  const auto it =
      std::find_if(table.begin(), table.end(), [&](const Setting& s) { return s.name == name; });
  if (it == table.end()) throw ConfigError("there is no setting '" + std::string{name} + "'");
  return *it;
}

}  // namespace

std::string environment_name(const Setting& setting) {
  std::string out = "MUSTER_" + with_underscores(setting.name);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string file_key(const Setting& setting) {
  return with_underscores(setting.name);
}

std::string range_text(const Setting& setting) {
  if (setting.kind == Kind::text || setting.kind == Kind::list || setting.kind == Kind::truth)
    return {};
  return print_number(setting.kind, setting.low) + " - " + print_number(setting.kind, setting.high);
}

void apply(Config& config, const Setting& setting, const std::string& value,
           std::string_view source) {
  const std::string where = std::string{setting.name} + " (" + std::string{source} + "): ";
  if (setting.kind == Kind::list) {
    for (std::string_view rest = value; !rest.empty();) {
      const std::string_view line = rest.substr(0, rest.find('\n'));
      if (!line.empty()) setting.set_text(config, std::string{line});
      rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    }
    return;
  }
  if (setting.kind == Kind::text) {
    try {
      return setting.set_text(config, value);
    } catch (const ConfigError& error) {
      throw ConfigError(where + error.what());
    }
  }
  const auto number = parse_number(setting.kind, value);
  if (!number)
    throw ConfigError(where + "'" + value + "' is not " + std::string{what(setting.kind)});
  if (*number < setting.low || *number > setting.high) {
    throw ConfigError(where + value + " is outside " + range_text(setting));
  }
  setting.set_number(config, *number);
}

void apply_environment(Config& config, const char* (*lookup)(const char*)) {
  for (const Setting& setting : settings()) {
    const std::string name = environment_name(setting);
    const char* const value = lookup(name.c_str());
    if (value != nullptr) apply(config, setting, value, name);
  }
}

void apply_file(Config& config, const std::string& path) {
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    const auto line = error.source().begin.line;
    throw ConfigError(path + (line > 0 ? ":" + std::to_string(line) : "") + ": " +
                      std::string{error.description()});
  }
  std::set<std::string> known;
  for (const Setting& setting : settings()) {
    const std::string key = file_key(setting);
    known.insert(key);
    const toml::node* const node = table.get(key);
    if (node == nullptr) continue;
    if (const auto* const parts = node->as_array();
        parts != nullptr && setting.kind == Kind::list) {
      for (const toml::node& part : *parts) {
        const auto text = part.value_exact<std::string>();
        if (!text) throw ConfigError(path + ": " + key + " has a part that is no text");
        apply(config, setting, *text, path);
      }
    } else if (const auto text = node->value_exact<std::string>()) {
      apply(config, setting, *text, path);
    } else if (const auto number = node->value_exact<std::int64_t>(); number && *number >= 0) {
      apply(config, setting, std::to_string(*number), path);
    } else if (const auto truth = node->value_exact<bool>()) {
      apply(config, setting, *truth ? "true" : "false", path);
    } else {
      throw ConfigError(path + ": " + key + " is no text, whole number or truth value");
    }
  }
  for (const auto& [key, node] : table) {
    if (known.contains(std::string{key.str()})) continue;
    throw ConfigError(path + ":" + std::to_string(node.source().begin.line) +
                      ": there is no setting '" + std::string{key.str()} + "'");
  }
}

Config make_config(const std::string& file, const char* (*lookup)(const char*),
                   std::span<const NamedValue> flags) {
  Config config;
  for (const Setting& setting : settings())
    apply(config, setting, std::string{setting.fallback}, "default");
  if (!file.empty()) apply_file(config, file);
  apply_environment(config, lookup);
  for (const NamedValue& flag : flags) apply(config, find(flag.name), flag.value, "--" + flag.name);
  check(config);
  return config;
}

}  // namespace muster::broker
