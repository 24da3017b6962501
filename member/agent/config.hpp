/// The agent's configuration: a TOML file, checked whole before anything of it is done.
#pragma once

#include "spec.hpp"

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace muster::agent {

/// One sentence: the file, the line, the value, and the bound that it breaks.
class ConfigError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Reads the file. `host` is this machine's name: the node unless the file names it. docs/agent.md
/// is the reference. Throws ConfigError.
[[nodiscard]] AgentSpec read_config(const std::string& file, const std::string& host);
/// The same of a text; `file` only for the messages.
[[nodiscard]] AgentSpec parse_config(const std::string& text, const std::string& file,
                                     const std::string& host);

/// What a check names: "HOST:PORT", ":PORT" or "" (the service's own); for http also a path, or
/// "http://HOST:PORT/PATH". False: it is none of them.
[[nodiscard]] bool parse_tcp_target(std::string_view text, const InstanceInfo& own, CheckSpec& out);
[[nodiscard]] bool parse_http_target(std::string_view text, const InstanceInfo& own,
                                     CheckSpec& out);

/// The rules of names, each as the sentence of what is expected; nothing: it keeps them.
[[nodiscard]] std::optional<std::string> wrong_label(std::string_view name);
[[nodiscard]] std::optional<std::string> wrong_id(std::string_view name);

}  // namespace muster::agent
