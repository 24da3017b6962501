#include "lookup.hpp"

#include "door_parts.hpp"
#include "duration.hpp"
#include "routes.hpp"

namespace muster::broker::http {
namespace {

std::variant<std::chrono::milliseconds, Response> wait_of(const Call& call) {
  const std::string* const text = call.parameter("wait");
  if (text == nullptr) return default_wait;
  const auto wait = parse_duration(*text);
  if (!wait)
    return failure(Errc::out_of_range,
                   "wait=" + text->substr(0, 40) + " is no duration such as 500ms, 30s or 5m");
  if (*wait > max_wait)
    return failure(Errc::out_of_range, "wait=" + text->substr(0, 40) + " is longer than 10m");
  return std::chrono::milliseconds{*wait};
}

/// Whether to wait, and how long; or what is wrong with the question.
std::variant<std::optional<Park>, Response> parking(const Call& call, const Lookup& lookup) {
  if (!lookup.subject) return std::optional<Park>{};
  auto index = number_parameter(call, "index", 0, 0, UINT64_MAX);
  if (auto* const wrong = std::get_if<Response>(&index)) return std::move(*wrong);
  auto wait = wait_of(call);
  if (auto* const wrong = std::get_if<Response>(&wait)) return std::move(*wrong);
  const std::uint64_t seen = std::get<std::uint64_t>(index);
  const auto for_how_long = std::get<std::chrono::milliseconds>(wait);
  if (call.timed_out || seen == 0 || seen != lookup.index || for_how_long.count() == 0)
    return std::optional<Park>{};
  return std::optional{Park{*lookup.subject, lookup.index, for_how_long}};
}

Response with_condition(const Call& call, const Response& response, std::uint64_t index) {
  Response out = response;
  out.index = index;
  if (!names_etag(call.request.if_none_match, out.etag)) return out;
  out.status = 304;
  out.body = nullptr;
  return out;
}

}  // namespace

std::string answer_key(const Call& call) {
  std::string key{call.route->path};
  for (const std::string& capture : call.captures) key.append(1, '\0').append(capture);
  for (const auto& [name, value] : call.target.parameters) {
    if (name == "index" || name == "wait") continue;
    key.append(1, '\n').append(name).append(1, '\0').append(value);
  }
  return key;
}

const Response& serialised(LoopDoor& loop, const std::string& key, Version&& version,
                           const std::function<std::string()>& make) {
  if (const Response* const kept = loop.cache.find(key, version)) return *kept;
  Response fresh = json_response(make());
  fresh.etag = etag_of(*fresh.body);
  return loop.cache.put(key, std::move(version), std::move(fresh));
}

Outcome answer_absent(const Call& call, const Lookup& lookup, Response absent) {
  auto parked = parking(call, lookup);
  if (auto* const wrong = std::get_if<Response>(&parked)) return std::move(*wrong);
  if (auto& park = std::get<std::optional<Park>>(parked)) return std::move(*park);
  return absent;
}

Outcome answer_lookup(Call& call, Lookup&& lookup, const std::function<std::string()>& make) {
  auto parked = parking(call, lookup);
  if (auto* const wrong = std::get_if<Response>(&parked)) return std::move(*wrong);
  if (auto& park = std::get<std::optional<Park>>(parked)) return std::move(*park);
  const std::string key = answer_key(call);
  if (!call.deferred) {
    const Response* const kept = call.loop.cache.find(key, lookup.version);
    if (kept == nullptr) return Later{};
    return with_condition(call, *kept, lookup.index);
  }
  return with_condition(call, serialised(call.loop, key, std::move(lookup.version), make),
                        lookup.index);
}

}  // namespace muster::broker::http
