#include "commands.hpp"

#include <ostream>

namespace muster::cli {

Exit run(const Invocation& invocation, std::ostream& out, std::ostream& notes, bool terminal) {
  Context context{invocation.connection, out, notes, invocation.json, terminal};
  try {
    std::visit([&](const auto& command) { run(command, context); }, invocation.command);
  } catch (const Failure& failure) {
    out.flush();
    notes << "muster: " << failure.what() << '\n';
    return failure.code();
  }
  if (out.flush()) return Exit::ok;
  notes << "muster: the output could not be written\n";
  return Exit::output_failed;
}

}  // namespace muster::cli
