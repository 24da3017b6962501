#include "routes.hpp"

#include <algorithm>
#include <array>

namespace muster::broker::http {
namespace {

/// Whether the path is that of the route; `captures` gets what stands in its braces.
bool fits(const Route& route, const std::vector<std::string>& path,
          std::vector<std::string>& captures) {
  captures.clear();
  std::string_view rest = route.path;
  for (const std::string& segment : path) {
    if (rest.empty()) return false;
    rest.remove_prefix(1);  // the slash
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    if (!capture_name(part).empty()) {
      if (segment.empty()) return false;
      captures.push_back(segment);
    } else if (part != segment) {
      return false;
    }
  }
  return rest.empty();
}

void add_method(std::string& allow, std::string_view method) {
  if (!allow.empty()) allow += ", ";
  allow += method;
}

}  // namespace

std::string_view capture_name(std::string_view segment) {
  if (!segment.starts_with('{') || !segment.ends_with('}')) return {};
  return segment.substr(1, segment.size() - 2);
}

std::variant<Match, NoMatch> match(Method method, const std::vector<std::string>& path) {
  const Method wanted = method == Method::head ? Method::get : method;
  Match match;
  NoMatch none;
  for (const Route& route : routes()) {
    if (!fits(route, path, match.captures)) continue;
    if (route.method == wanted) {
      match.route = &route;
      return match;
    }
    none.known_path = true;
    add_method(none.allow, to_string(route.method));
    if (route.method == Method::get) add_method(none.allow, "HEAD");
  }
  return none;
}

}  // namespace muster::broker::http
