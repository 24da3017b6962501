#include "section.hpp"

#include <charconv>

namespace muster::agent {
namespace {

std::string shown(const toml::node& node) {
  if (const auto text = node.value_exact<std::string>()) {
    constexpr std::size_t enough = 80;
    return '"' + (text->size() > enough ? text->substr(0, enough) + "…" : *text) + '"';
  }
  if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
  if (const auto truth = node.value_exact<bool>()) return *truth ? "true" : "false";
  if (const auto number = node.value_exact<double>()) return std::to_string(*number);
  return node.is_array() ? "an array" : node.is_table() ? "a table" : "a time";
}

std::optional<Millis> parse(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad != std::errc{} || number < 0) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const std::int64_t factor = unit == "ms"  ? 1
                              : unit == "s" ? 1'000
                              : unit == "m" ? 60'000
                              : unit == "h" ? 3'600'000
                                            : 0;
  constexpr std::int64_t year = std::int64_t{366} * 24 * 3'600'000;
  if (factor == 0 || number > year / factor) return std::nullopt;
  return Millis{number * factor};
}

}  // namespace

const toml::node* Section::find(std::string_view key) {
  known_.emplace(key);
  return table_.get(key);
}

std::string Section::at(const toml::node& node) const {
  return file_ + ":" + std::to_string(node.source().begin.line) + ": ";
}

void Section::refuse(std::string_view key, const std::string& expected) const {
  const toml::node* const node = table_.get(key);
  if (node == nullptr)
    throw ConfigError(at(table_) + std::string(key) + " is missing: " + expected);
  throw ConfigError(at(*node) + std::string(key) + " = " + shown(*node) + ": " + expected);
}

std::string Section::text(std::string_view key, std::string fallback, std::size_t most) {
  const toml::node* const node = find(key);
  if (node == nullptr) return fallback;
  auto value = node->value_exact<std::string>();
  if (!value || value->size() > most)
    refuse(key, "expected a text of at most " + std::to_string(most) + " bytes");
  if (value->find('\0') != std::string::npos) refuse(key, "expected a text without zero bytes");
  return std::move(*value);
}

std::uint64_t Section::number(std::string_view key, std::uint64_t fallback, std::uint64_t low,
                              std::uint64_t high) {
  const toml::node* const node = find(key);
  if (node == nullptr) return fallback;
  const auto value = node->value_exact<std::int64_t>();
  if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < low ||
      static_cast<std::uint64_t>(*value) > high)
    refuse(key,
           "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high));
  return static_cast<std::uint64_t>(*value);
}

Millis Section::duration(std::string_view key, Millis fallback, Millis low, Millis high) {
  const toml::node* const node = find(key);
  if (node == nullptr) return fallback;
  std::optional<Millis> value;
  if (const auto number = node->value_exact<std::int64_t>())
    value = Millis{*number};
  else if (const auto text = node->value_exact<std::string>())
    value = parse(*text);
  if (!value || *value < low || *value > high)
    refuse(key, "expected a duration from " + std::to_string(low.count()) + " ms to " +
                    std::to_string(high.count()) + " ms, as in \"500ms\", \"3s\", \"5m\"");
  return *value;
}

std::vector<std::string> Section::list(std::string_view key, std::size_t most) {
  const toml::node* const node = find(key);
  if (node == nullptr) return {};
  const std::string expected = "expected an array of at most " + std::to_string(most) + " texts";
  const toml::array* const parts = node->as_array();
  if (parts == nullptr || parts->size() > most) refuse(key, expected);
  std::vector<std::string> out;
  for (const toml::node& part : *parts) {
    const auto text = part.value_exact<std::string>();
    if (!text || text->find('\0') != std::string::npos)
      throw ConfigError(at(part) + std::string(key) + " has the part " + shown(part) + ": " +
                        expected);
    out.push_back(*text);
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> Section::texts(std::string_view key,
                                                                std::size_t most) {
  const toml::node* const node = find(key);
  if (node == nullptr) return {};
  const std::string expected = "expected a table of at most " + std::to_string(most) + " texts";
  const toml::table* const entries = node->as_table();
  if (entries == nullptr || entries->size() > most) refuse(key, expected);
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, value] : *entries) {
    const auto text = value.value_exact<std::string>();
    if (!text || text->find('\0') != std::string::npos)
      throw ConfigError(at(value) + std::string(key) + "." + std::string(name.str()) + " = " +
                        shown(value) + ": expected a text");
    out.emplace_back(name.str(), *text);
  }
  return out;
}

std::vector<const toml::table*> Section::tables(std::string_view key, std::size_t most) {
  const toml::node* const node = find(key);
  if (node == nullptr) return {};
  const std::string expected = "expected at most " + std::to_string(most) +
                               " tables, each under [[" + std::string(key) + "]]";
  const toml::array* const parts = node->as_array();
  if (parts == nullptr || parts->size() > most) refuse(key, expected);
  std::vector<const toml::table*> out;
  for (const toml::node& part : *parts) {
    if (!part.is_table()) refuse(key, expected);
    out.push_back(part.as_table());
  }
  return out;
}

void Section::no_others() const {
  for (const auto& [key, node] : table_)
    if (!known_.contains(key.str()))
      throw ConfigError(at(node) + "there is no setting " + std::string(key.str()) + " here");
}

}  // namespace muster::agent
