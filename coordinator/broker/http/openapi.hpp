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

/// Words for people: UTF-8 of at most 1,000 bytes without control characters.
inline constexpr std::string_view words_schema =
    R"({"type":"string","maxLength":1000,"pattern":"^[^\\u0000-\\u001f\\u007f-\\u009f]*$"})";

}  // namespace muster::broker::http
