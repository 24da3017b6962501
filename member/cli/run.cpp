#include "commands.hpp"

#include "json.hpp"

#include <ostream>

namespace muster::cli {

namespace {

void tell(const Failure& failure, bool as_json, std::ostream& notes) {
  const auto* refused = dynamic_cast<const Refused*>(&failure);
  const std::string_view code =
      refused == nullptr ? std::string_view{} : to_string(refused->errc());
  if (as_json)
    notes << json_failure(failure.code(), code, failure.what()) << '\n';
  else
    notes << "muster: " << failure.what() << '\n';
}

}  // namespace

Exit run(const Invocation& invocation, std::ostream& out, std::ostream& notes, bool terminal) {
  Context context{invocation.connection, out, notes, invocation.json, terminal};
  try {
    std::visit([&](const auto& command) { run(command, context); }, invocation.command);
  } catch (const Failure& failure) {
    out.flush();
    tell(failure, invocation.json, notes);
    return failure.code();
  } catch (const PassedOn& end) {
    out.flush();
    return static_cast<Exit>(end.code);
  }
  if (out.flush()) return Exit::ok;
  const Failure failure(Exit::output_failed, "the output could not be written");
  tell(failure, invocation.json, notes);
  return failure.code();
}

}  // namespace muster::cli
