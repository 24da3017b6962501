/// For probes and Prometheus.
#include "door_parts.hpp"
#include "group_metrics.hpp"
#include "handlers.hpp"
#include "openapi.hpp"
#include "service_metrics.hpp"

#include <json_writer.hpp>

namespace muster::broker::http {
namespace {

/// A loop that has not run for so long hangs: livez says so, and the broker may be started again.
constexpr Millis hung{10'000};
/// For so long it is busy: readyz sends work elsewhere.
constexpr Millis busy{3'000};

Response state(bool well, std::string_view why) {
  std::string body;
  wire::JsonWriter w(body);
  w.open('{');
  w.key("ok");
  w.truth(well);
  w.field_or_null("why", why);
  w.close('}');
  return json_response(std::move(body), well ? 200 : 503);
}

}  // namespace

Outcome get_livez(Call& call) {
  const bool well = call.host.responsive(hung);
  return state(well, well ? "" : "a loop has not run for 10 s");
}

Outcome get_readyz(Call& call) {
  if (call.door.closing) return state(false, "the broker is stopping");
  const bool well = call.host.responsive(busy);
  return state(well, well ? "" : "a loop has not run for 3 s");
}

Outcome get_metrics(Call& call) {
  if (!call.deferred) return Later{};
  std::string text = call.host.metrics();
  text += group_metrics(call.host, call.door.options.metrics_groups);
  text += service_metrics(call.host, call.door.options.metrics_services);
  Response out = json_response(std::move(text));
  out.type = "text/plain; version=0.0.4; charset=utf-8";
  return out;
}

Outcome get_openapi(Call& call) {
  return json_response(openapi_document(call.door.options.version));
}

}  // namespace muster::broker::http
