/// Every route of the door in one table: it dispatches, and it is what the OpenAPI description is
/// made of.
#pragma once

#include "call.hpp"
#include "request.hpp"

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace muster::broker::http {

struct Parameter {
  enum class Type { text, number, partition, epoch, truth, duration, words, page };
  std::string_view name;
  Type type;
  std::string_view help;
  bool required = false;
};

struct Route {
  Method method = Method::get;  ///< HEAD is answered where GET is.
  std::string_view path;        ///< "/v1/groups/{group}/members"
  Outcome (*handle)(Call& call) = nullptr;
  std::string_view summary;
  std::string_view answer;                 ///< Its schema; empty: text.
  std::vector<Parameter> parameters = {};  ///< Of the query; others are refused.
  std::string_view body = {};              ///< The body's schema; empty: it takes none.
  bool open = false;                       ///< Without token, under any host name.
};

[[nodiscard]] std::span<const Route> routes();

/// The part of a path between braces: "{group}" → "group"; empty if it is none.
[[nodiscard]] std::string_view capture_name(std::string_view segment);

struct Match {
  const Route* route = nullptr;
  std::vector<std::string> captures;
};
struct NoMatch {
  bool known_path = false;  ///< Another method would do.
  std::string allow;        ///< "GET, HEAD, PUT"
};
[[nodiscard]] std::variant<Match, NoMatch> match(Method method,
                                                 const std::vector<std::string>& path);

}  // namespace muster::broker::http
