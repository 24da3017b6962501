#include "openapi.hpp"

#include "routes.hpp"

#include <json_writer.hpp>

#include <algorithm>

namespace muster::broker::http {
namespace {

using wire::JsonWriter;

/// What a value may be, as far as JSON schema can say it.
std::string_view schema_of(Parameter::Type type) {
  switch (type) {
    case Parameter::Type::number:
      return R"({"type":"integer","minimum":0,"maximum":18446744073709551615})";
    case Parameter::Type::partition:
      return R"({"type":"integer","minimum":0,"maximum":4294967295})";
    case Parameter::Type::epoch:
      return R"({"type":"integer","minimum":1,"maximum":2147483647})";
    case Parameter::Type::page:
      return R"({"type":"integer","minimum":1,"maximum":10000})";
    case Parameter::Type::truth:
      return R"({"type":"boolean"})";
    case Parameter::Type::words:
      return words_schema;
    case Parameter::Type::text:
    case Parameter::Type::duration:
      break;
  }
  return R"({"type":"string","pattern":"^[^\\u0000]*$"})";
}

void append_parameter(JsonWriter& w, std::string_view name, std::string_view in,
                      std::string_view help, Parameter::Type type, bool required) {
  w.open('{');
  w.field("name", name);
  w.field("in", in);
  w.field_if_any("description", help);
  w.key("required");
  w.truth(required);
  if (type == Parameter::Type::truth) {  // "?passing" says true
    w.key("allowEmptyValue");
    w.truth(true);
  }
  w.key("schema");
  w.raw(schema_of(type));
  w.close('}');
}

void append_parameters(JsonWriter& w, const Route& route) {
  w.key("parameters");
  w.open('[');
  std::string_view path = route.path;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
    if (const auto name = capture_name(part); !name.empty())
      append_parameter(w, name, "path", {}, Parameter::Type::text, true);
  }
  for (const Parameter& parameter : route.parameters)
    append_parameter(w, parameter.name, "query", parameter.help, parameter.type,
                     parameter.required);
  w.close(']');
}

void append_content(JsonWriter& w, std::string_view media, std::string_view schema) {
  w.key("content");
  w.open('{');
  w.key(media);
  w.open('{');
  w.key("schema");
  w.open('{');
  if (schema.empty()) {
    w.field("type", "string");
  } else {
    w.field("$ref", "#/components/schemas/" + std::string{schema});
  }
  w.close('}');
  w.close('}');
  w.close('}');
}

void append_response(JsonWriter& w, std::string_view status, std::string_view description,
                     std::string_view media, std::string_view schema) {
  w.key(status);
  w.open('{');
  w.field("description", description);
  append_content(w, media, schema);
  w.close('}');
}

/// "listGroups" of GET /v1/groups: the method and the path's own words.
std::string operation_id(const Route& route) {
  std::string out;
  for (const char c : to_string(route.method)) out += static_cast<char>(c | 0x20);
  bool capital = true;
  for (const char c : route.path.substr(route.path.starts_with("/v1/") ? 4 : 1)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter) out += capital && c >= 'a' ? static_cast<char>(c - 32) : c;
    capital = !letter;
  }
  return out;
}

void append_operation(JsonWriter& w, const Route& route) {
  const std::string_view media = route.answer.empty() ? "text/plain" : "application/json";
  w.open('{');
  w.field("operationId", operation_id(route));
  w.field("summary", route.summary);
  append_parameters(w, route);
  if (!route.body.empty()) {
    w.key("requestBody");
    w.open('{');
    w.key("required");
    w.truth(true);
    append_content(w, "application/json", route.body);
    w.close('}');
  }
  w.key("responses");
  w.open('{');
  append_response(w, "200", "Well.", media, route.answer);
  append_response(w, "default", "It was refused, or is not possible now.", "application/json",
                  route.path == "/livez" || route.path == "/readyz" ? "Health" : "Error");
  w.close('}');
  if (route.open) {
    w.key("security");
    w.open('[');
    w.close(']');
  }
  w.close('}');
}

void append_paths(JsonWriter& w) {
  const auto table = routes();
  w.key("paths");
  w.open('{');
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto is_path = [&](const Route& route) { return route.path == table[i].path; };
    if (std::any_of(table.begin(), table.begin() + static_cast<std::ptrdiff_t>(i), is_path))
      continue;
    w.key(table[i].path);
    w.open('{');
    for (const Route& route : table) {
      if (!is_path(route)) continue;
      std::string method{to_string(route.method)};
      std::transform(method.begin(), method.end(), method.begin(),
                     [](char c) { return static_cast<char>(c | 0x20); });
      w.key(method);
      append_operation(w, route);
    }
    w.close('}');
  }
  w.close('}');
}

/// One member or item a line; objects and lists without content stay as they are.
std::string indented(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  bool in_text = false;
  const auto line = [&] { out.append("\n").append(2 * depth, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text) {
      out += c;
      if (c == '\\') out += json[++i];
      in_text = c != '"';
    } else if (c == '"') {
      out += c;
      in_text = true;
    } else if ((c == '{' || c == '[') && i + 1 < json.size() && json[i + 1] == c + 2) {
      out.append(json.substr(i++, 2));
    } else if (c == '{' || c == '[') {
      out += c;
      ++depth;
      line();
    } else if (c == '}' || c == ']') {
      --depth;
      line();
      out += c;
    } else if (c == ',') {
      out += c;
      line();
    } else if (c == ':') {
      out += ": ";
    } else if (c != ' ' && c != '\n') {
      out += c;
    }
  }
  return out + "\n";
}

}  // namespace

std::string openapi_document(std::string_view version) {
  std::string out;
  JsonWriter w(out);
  w.open('{');
  w.field("openapi", "3.0.3");
  w.key("info");
  w.open('{');
  w.field("title", "muster");
  w.field("description",
          "The HTTP door of musterd. Tokens are decimal strings, times RFC 3339 in UTC, durations "
          "whole milliseconds with the unit in the field's name. Fields are only ever added.");
  w.field("version", version);
  w.close('}');
  append_paths(w);
  w.key("components");
  w.open('{');
  w.key("schemas");
  w.open('{');
  for (const Schema& schema : schemas()) {
    w.key(schema.name);
    w.raw(schema.json);
  }
  w.close('}');
  w.key("securitySchemes");
  w.raw(R"({"token":{"type":"http","scheme":"bearer"}})");
  w.close('}');
  w.key("security");
  w.raw(R"([{},{"token":[]}])");
  w.close('}');
  return indented(out);
}

}  // namespace muster::broker::http
