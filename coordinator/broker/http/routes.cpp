/// The table. A new route is one row here and one function in handlers.hpp.
#include "routes.hpp"

#include "handlers.hpp"
#include "lookup.hpp"

namespace muster::broker::http {
namespace {

using Type = Parameter::Type;

const Parameter index_parameter{"index", Type::number, index_help};
const Parameter wait_parameter{"wait", Type::duration, wait_help};
const Parameter limit_parameter{"limit", Type::number,
                                "At most so many: 1 to 10000, 1000 unless told."};
const Parameter after_parameter{"after", Type::text,
                                "Goes on behind this one: what `next` said of the page before."};
const Parameter from_parameter{"from", Type::number,
                               "Goes on with this one: what `next` said of the page before."};
const Parameter prefix_parameter{"prefix", Type::text, "Only names that begin so."};

std::vector<Route> make_routes() {
  constexpr Method get = Method::get;
  return {
      {.method = get,
       .path = "/livez",
       .handle = get_livez,
       .summary = "200 while the broker's loops run, else 503: for a liveness probe.",
       .answer = "Health",
       .open = true},
      {.method = get,
       .path = "/readyz",
       .handle = get_readyz,
       .summary =
           "200 while the broker answers in time, 503 while it stops or is overloaded: for a "
           "readiness probe.",
       .answer = "Health",
       .open = true},
      {.method = get,
       .path = "/metrics",
       .handle = get_metrics,
       .summary = "Everything that is counted, in Prometheus' text format 0.0.4.",
       .answer = ""},
      {.method = get,
       .path = "/v1/openapi.json",
       .handle = get_openapi,
       .summary = "This description.",
       .answer = "Description"},
      {.method = get,
       .path = "/v1/groups",
       .handle = list_groups,
       .summary = "All groups, by name.",
       .answer = "GroupList",
       .parameters = {prefix_parameter, after_parameter, limit_parameter}},
      {.method = get,
       .path = "/v1/groups/{group}",
       .handle = get_group,
       .summary = "One group with its members and their work; blocking.",
       .answer = "Group",
       .parameters = {after_parameter, limit_parameter, index_parameter, wait_parameter}},
      {.method = get,
       .path = "/v1/groups/{group}/members",
       .handle = list_members,
       .summary = "The members of a group, by id; blocking.",
       .answer = "MemberList",
       .parameters = {after_parameter, limit_parameter, index_parameter, wait_parameter}},
      {.method = get,
       .path = "/v1/groups/{group}/offsets",
       .handle = list_offsets,
       .summary = "The committed offsets of a group.",
       .answer = "OffsetList",
       .parameters = {{"topic", Type::text, "Only of this topic."},
                      from_parameter,
                      limit_parameter}},
      {.method = get,
       .path = "/v1/groups/{group}/why",
       .handle = get_why,
       .summary = "Why the group came to its epochs, newest first: who caused it, what moved, how "
                  "long it took; blocking.",
       .answer = "History",
       .parameters = {{"epoch", Type::number, "Only this one."}, index_parameter, wait_parameter}},
      {.method = get,
       .path = "/v1/topics",
       .handle = list_topics,
       .summary = "All topics, by name; blocking.",
       .answer = "TopicList",
       .parameters = {prefix_parameter, after_parameter, limit_parameter, index_parameter,
                      wait_parameter}},
      {.method = get,
       .path = "/v1/topics/{topic}",
       .handle = get_topic,
       .summary = "One topic; blocking, with the index of the whole catalogue.",
       .answer = "Topic",
       .parameters = {index_parameter, wait_parameter}},
      {.method = get,
       .path = "/v1/owners",
       .handle = get_owners,
       .summary = "Who owns a partition right now, at which address and under which token; without "
                  "`partition`, who owns each; blocking, with the index of the group.",
       .answer = "Owners",
       .parameters = {{"group", Type::text, "The group.", true},
                      {"topic", Type::text, "The topic.", true},
                      {"partition", Type::number, "One partition."},
                      from_parameter,
                      limit_parameter,
                      index_parameter,
                      wait_parameter}},
      {.method = get,
       .path = "/v1/events",
       .handle = get_events,
       .summary = "Events from a position on. With `Accept: text/event-stream` they are followed "
                  "for ever as server-sent events; Last-Event-ID is such a position.",
       .answer = "EventList",
       .parameters = {{"after", Type::text,
                       "A position: what `next` said, or the id of an event's "
                       "frame. Without it: all that are kept."},
                      {"group", Type::text, "Only of this group."},
                      limit_parameter,
                      {"wait", Type::duration,
                       "If there is none, how long to wait for one: at most 10m."}}},
  };
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> table = make_routes();
  return table;
}

}  // namespace muster::broker::http
