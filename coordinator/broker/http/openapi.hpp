/// The OpenAPI 3.0 description of the door, made of the route table: docs/openapi.json.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace muster::broker::http {

[[nodiscard]] std::string openapi_document(std::string_view version);

/// A type of the answers: its name, and its JSON schema as text.
struct Schema {
  std::string_view name;
  std::string_view json;
};
[[nodiscard]] std::span<const Schema> schemas();

}  // namespace muster::broker::http
