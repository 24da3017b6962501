/// `muster`: the command line.
#include "arguments.hpp"
#include "json.hpp"

#include <unistd.h>

#include <iostream>

int main(int argc, char** argv) {
  using namespace muster::cli;
  std::ios::sync_with_stdio(false);
  const auto parsed = parse_arguments({argv + 1, argv + argc});
  if (const auto* ending = std::get_if<Ending>(&parsed)) {
    (ending->code == Exit::ok ? std::cout : std::cerr) << ending->text;
    return static_cast<int>(ending->code);
  }
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  return static_cast<int>(run(std::get<Invocation>(parsed), std::cout, std::cerr, terminal));
}
