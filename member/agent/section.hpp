/// One table of a TOML file, read key by key, each within its bounds. Only config.cpp includes it:
/// toml++ stays out of all others.
#pragma once

#include "config.hpp"

#include <toml++/toml.h>

#include <set>

namespace muster::agent {

class Section {
 public:
  Section(const toml::table& table, const std::string& file) : table_(table), file_(file) {}

  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  [[nodiscard]] std::string text(std::string_view key, std::string fallback, std::size_t most);
  [[nodiscard]] std::uint64_t number(std::string_view key, std::uint64_t fallback,
                                     std::uint64_t low, std::uint64_t high);
  /// "500ms", "3s", "5m", "1h", or a whole number of milliseconds.
  [[nodiscard]] Millis duration(std::string_view key, Millis fallback, Millis low, Millis high);
  [[nodiscard]] std::vector<std::string> list(std::string_view key, std::size_t most);
  /// A table of texts.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> texts(std::string_view key,
                                                                       std::size_t most);
  /// An array of tables, `[[key]]`.
  [[nodiscard]] std::vector<const toml::table*> tables(std::string_view key, std::size_t most);
  /// Refuses every key that was not asked for.
  void no_others() const;
  /// Refuses the value of this key: "agent.toml:7: port = 70000: EXPECTED".
  [[noreturn]] void refuse(std::string_view key, const std::string& expected) const;

 private:
  const toml::node* find(std::string_view key);
  [[nodiscard]] std::string at(const toml::node& node) const;

  const toml::table& table_;
  const std::string& file_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace muster::agent
