/// From the command line to an Invocation, or to the text that ends the program at once.
#pragma once

#include "commands.hpp"

#include <span>
#include <string>
#include <variant>
#include <vector>

namespace muster::cli {

/// `--help`, `--version` (code ok, to standard output) or a usage error (to standard error).
struct Ending {
  Exit code = Exit::ok;
  std::string text;
};

/// `arguments` without the program's name.
[[nodiscard]] std::variant<Invocation, Ending> parse_arguments(std::vector<std::string> arguments);

}  // namespace muster::cli
