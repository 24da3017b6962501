/// What the routes do, one function each; the table is in routes.cpp.
#pragma once

#include "call.hpp"

namespace muster::broker::http {

// health.cpp
[[nodiscard]] Outcome get_livez(Call& call);
[[nodiscard]] Outcome get_readyz(Call& call);
[[nodiscard]] Outcome get_metrics(Call& call);
[[nodiscard]] Outcome get_openapi(Call& call);

// groups.cpp
[[nodiscard]] Outcome list_groups(Call& call);
[[nodiscard]] Outcome get_group(Call& call);
[[nodiscard]] Outcome list_members(Call& call);
[[nodiscard]] Outcome list_offsets(Call& call);
[[nodiscard]] Outcome get_why(Call& call);

// topics.cpp
[[nodiscard]] Outcome list_topics(Call& call);
[[nodiscard]] Outcome get_topic(Call& call);

// services.cpp
[[nodiscard]] Outcome list_services(Call& call);
[[nodiscard]] Outcome get_service(Call& call);
[[nodiscard]] Outcome list_nodes(Call& call);

// instances.cpp
[[nodiscard]] Outcome post_register(Call& call);
[[nodiscard]] Outcome put_heartbeat(Call& call);
[[nodiscard]] Outcome put_report(Call& call);
[[nodiscard]] Outcome put_deregister(Call& call);
[[nodiscard]] Outcome put_maintenance(Call& call);
[[nodiscard]] Outcome put_unprotect(Call& call);

// prometheus_sd.cpp
[[nodiscard]] Outcome get_prometheus_sd(Call& call);

// owners.cpp
[[nodiscard]] Outcome get_owners(Call& call);

// events.cpp
[[nodiscard]] Outcome get_events(Call& call);

}  // namespace muster::broker::http
