#include "spec.hpp"

namespace muster::agent {

std::string_view to_string(RestartPolicy policy) {
  switch (policy) {
    case RestartPolicy::always:
      return "always";
    case RestartPolicy::on_failure:
      return "on-failure";
    case RestartPolicy::never:
      return "never";
  }
  return "?";
}

std::string in_words(const CheckSpec& check) {
  if (check.kind == CheckSpec::Kind::command) return "command " + check.command.front();
  const bool bare_v6 = check.host.find(':') != std::string::npos;
  const std::string where =
      (bare_v6 ? "[" + check.host + "]" : check.host) + ":" + std::to_string(check.port);
  return check.kind == CheckSpec::Kind::tcp ? "connect to " + where
                                            : "GET http://" + where + check.path;
}

}  // namespace muster::agent
