#include "body.hpp"

#include "duration.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace muster::broker::http {
namespace {

namespace json = boost::json;

/// Thrown inside this file only.
struct Wrong {
  Error error;
};

[[noreturn]] void refuse(Errc code, std::string message) {
  throw Wrong{{code, std::move(message)}};
}

std::string named(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 60)) out += c >= 0x20 && c < 0x7f ? c : '?';
  return out;
}

std::string text(std::string_view field, const json::value& value) {
  if (!value.is_string()) refuse(Errc::invalid_request, std::string{field} + " is no text");
  return {value.get_string().data(), value.get_string().size()};
}

/// A whole number, also as text: beyond 2^53 not every language writes numbers right.
std::uint64_t number(std::string_view field, const json::value& value, std::uint64_t most) {
  std::optional<std::uint64_t> out;
  if (value.is_uint64()) {
    out = value.get_uint64();
  } else if (value.is_int64() && value.get_int64() >= 0) {
    out = static_cast<std::uint64_t>(value.get_int64());
  } else if (value.is_string()) {
    const auto& digits = value.get_string();
    std::uint64_t parsed = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
    if (error == std::errc{} && end == digits.data() + digits.size()) out = parsed;
  }
  if (!out || *out > most)
    refuse(Errc::out_of_range, std::string{field} + " " + named(json::serialize(value)) +
                                   " is no whole number of at most " + std::to_string(most));
  return *out;
}

Millis duration(std::string_view field, const json::value& value) {
  const auto parsed = parse_duration(text(field, value));
  if (!parsed)
    refuse(Errc::out_of_range, std::string{field} + " " + named(json::serialize(value)) +
                                   " is no duration such as 15s");
  return *parsed;
}

Status status(const json::value& value) {
  const std::string name = text("status", value);
  for (const Status one : {Status::starting, Status::healthy, Status::overloaded, Status::critical})
    if (name == to_string(one)) return one;
  refuse(Errc::invalid_request,
         "status " + named(name) + " is none of starting, healthy, overloaded, critical");
}

std::vector<std::string> tags(const json::value& value) {
  if (!value.is_array()) refuse(Errc::invalid_request, "tags is no list of texts");
  std::vector<std::string> out;
  for (const json::value& tag : value.get_array()) out.push_back(text("a tag", tag));
  return out;
}

std::vector<MetaEntry> meta(const json::value& value) {
  if (!value.is_object()) refuse(Errc::invalid_request, "meta is no object of texts");
  std::vector<MetaEntry> out;
  for (const auto& [key, entry] : value.get_object())
    out.push_back({std::string{key.data(), key.size()}, text("a value of meta", entry)});
  return out;
}

template <class Body>
struct Field {
  std::string_view name;
  void (*read)(Body&, const json::value&);
};

/// Reads an object strictly: a field that there is not is refused by name.
template <class Body, std::size_t N>
void read(Body& out, const json::value& document, const std::array<Field<Body>, N>& fields) {
  if (!document.is_object()) refuse(Errc::malformed, "the body is no JSON object");
  for (const auto& [key, value] : document.get_object()) {
    const std::string_view name{key.data(), key.size()};
    bool known = false;
    for (const Field<Body>& field : fields) {
      if (field.name != name) continue;
      field.read(out, value);
      known = true;
    }
    if (known) continue;
    std::string names;
    for (const Field<Body>& field : fields) names.append(" ").append(field.name);
    refuse(Errc::invalid_request, "there is no field " + named(name) + "; there are" + names);
  }
}

constexpr std::uint64_t max_ms = 365ULL * 24 * 3'600'000;

Millis milliseconds(std::string_view field, const json::value& value) {
  return Millis{static_cast<std::int64_t>(number(field, value, max_ms))};
}

Check::Kind kind_of_check(const json::value& value) {
  const std::string name = text("kind", value);
  for (const Check::Kind one : {Check::Kind::tcp, Check::Kind::http})
    if (name == to_string(one)) return one;
  refuse(Errc::invalid_request, "kind " + named(name) + " of a check is none of tcp, http");
}

std::uint8_t times(std::string_view field, const json::value& value) {
  return static_cast<std::uint8_t>(number(field, value, 100));
}

constexpr std::array check_fields{
    Field<Check>{"kind", [](Check& out, const json::value& v) { out.kind = kind_of_check(v); }},
    Field<Check>{"port",
                 [](Check& out, const json::value& v) {
                   out.port = static_cast<std::uint16_t>(number("port", v, 65'535));
                 }},
    Field<Check>{"path", [](Check& out, const json::value& v) { out.path = text("path", v); }},
    Field<Check>{"interval",
                 [](Check& out, const json::value& v) { out.interval = duration("interval", v); }},
    Field<Check>{"timeout",
                 [](Check& out, const json::value& v) { out.timeout = duration("timeout", v); }},
    Field<Check>{"slow", [](Check& out, const json::value& v) { out.slow = duration("slow", v); }},
    Field<Check>{
        "interval_ms",
        [](Check& out, const json::value& v) { out.interval = milliseconds("interval_ms", v); }},
    Field<Check>{
        "timeout_ms",
        [](Check& out, const json::value& v) { out.timeout = milliseconds("timeout_ms", v); }},
    Field<Check>{"slow_ms",
                 [](Check& out, const json::value& v) { out.slow = milliseconds("slow_ms", v); }},
    Field<Check>{"falls", [](Check& out, const json::value& v) { out.falls = times("falls", v); }},
    Field<Check>{"rises", [](Check& out, const json::value& v) { out.rises = times("rises", v); }},
};

std::vector<Check> checks(const json::value& value) {
  if (!value.is_array()) refuse(Errc::invalid_request, "checks is no list of objects");
  std::vector<Check> out;
  for (const json::value& one : value.get_array()) {
    Check check;
    check.kind = Check::Kind::http;
    // A short interval has a short patience unless it says another.
    const bool patient = one.is_object() && (one.get_object().contains("timeout") ||
                                             one.get_object().contains("timeout_ms"));
    const bool slow = one.is_object() &&
                      (one.get_object().contains("slow") || one.get_object().contains("slow_ms"));
    read(check, one, check_fields);
    if (!patient) check.timeout = std::min(check.timeout, check.interval);
    if (!slow) check.slow = std::min(check.slow, check.timeout);
    out.push_back(std::move(check));
  }
  return out;
}

constexpr std::array register_fields{
    Field<Register>{
        "service",
        [](Register& out, const json::value& v) { out.service = ServiceName(text("service", v)); }},
    Field<Register>{"id", [](Register& out,
                             const json::value& v) { out.instance = InstanceId(text("id", v)); }},
    Field<Register>{"instance",
                    [](Register& out, const json::value& v) {
                      out.instance = InstanceId(text("instance", v));
                    }},
    Field<Register>{"incarnation",
                    [](Register& out, const json::value& v) {
                      out.incarnation = number("incarnation", v, UINT64_MAX);
                    }},
    Field<Register>{"address", [](Register& out,
                                  const json::value& v) { out.info.address = text("address", v); }},
    Field<Register>{"port",
                    [](Register& out, const json::value& v) {
                      out.info.port = static_cast<std::uint16_t>(number("port", v, 65'535));
                    }},
    Field<Register>{"tags", [](Register& out, const json::value& v) { out.info.tags = tags(v); }},
    Field<Register>{"meta", [](Register& out, const json::value& v) { out.info.meta = meta(v); }},
    Field<Register>{"weight",
                    [](Register& out, const json::value& v) {
                      out.info.weight = static_cast<std::uint32_t>(number("weight", v, UINT32_MAX));
                    }},
    Field<Register>{"zone",
                    [](Register& out, const json::value& v) { out.info.zone = text("zone", v); }},
    Field<Register>{
        "node",
        [](Register& out, const json::value& v) { out.info.node = NodeName(text("node", v)); }},
    Field<Register>{"session_timeout_ms",
                    [](Register& out, const json::value& v) {
                      out.session_timeout = Millis{
                          static_cast<std::int64_t>(number("session_timeout_ms", v, max_ms))};
                    }},
    Field<Register>{"ttl", [](Register& out,
                              const json::value& v) { out.session_timeout = duration("ttl", v); }},
    Field<Register>{"owner",
                    [](Register& out, const json::value& v) { out.owner = text("owner", v); }},
    Field<Register>{"status", [](Register& out, const json::value& v) { out.status = status(v); }},
    Field<Register>{"checks",
                    [](Register& out, const json::value& v) { out.info.checks = checks(v); }},
};

constexpr std::array report_fields{
    Field<ReportBody>{"status",
                      [](ReportBody& out, const json::value& v) { out.status = status(v); }},
    Field<ReportBody>{
        "detail", [](ReportBody& out, const json::value& v) { out.detail = text("detail", v); }},
};

template <class Body, std::size_t N>
std::variant<Body, Error> parse(std::string_view body, const std::array<Field<Body>, N>& fields) {
  std::array<unsigned char, 4'096> buffer{};
  json::monotonic_resource memory(buffer.data(), buffer.size());
  boost::system::error_code error;
  json::parse_options options;
  options.max_depth = 4;
  const json::value document = json::parse({body.data(), body.size()}, error, &memory, options);
  if (error) return Error{Errc::malformed, "the body is no JSON: " + error.message()};
  Body out;
  try {
    read(out, document, fields);
  } catch (const Wrong& wrong) {
    return wrong.error;
  }
  return out;
}

}  // namespace

std::variant<Register, Error> parse_register(std::string_view body) {
  return parse<Register>(body, register_fields);
}

std::variant<ReportBody, Error> parse_report(std::string_view body) {
  return parse<ReportBody>(body, report_fields);
}

}  // namespace muster::broker::http
