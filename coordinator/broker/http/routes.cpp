/// The table. A new route is one row here and one function in handlers.hpp.
#include "routes.hpp"

#include "handlers.hpp"
#include "lookup.hpp"

namespace muster::broker::http {
namespace {

using Shape = Parameter::Type;

const Parameter index_parameter{"index", Shape::number, index_help};
const Parameter wait_parameter{"wait", Shape::duration, wait_help};
const Parameter limit_parameter{"limit", Shape::page,
                                "At most so many: 1 to 10000, 1000 unless told."};
const Parameter after_parameter{"after", Shape::text,
                                "Goes on behind this one: what `next` said of the page before."};
const Parameter from_parameter{"from", Shape::partition,
                               "Goes on with this one: what `next` said of the page before."};
const Parameter prefix_parameter{"prefix", Shape::text, "Only names that begin so."};

const Parameter service_parameter{"service", Shape::text,
                                  "Whose instance it is; not needed while only one service has an "
                                  "instance of this id."};
const Parameter incarnation_parameter{"incarnation", Shape::number,
                                      "Of the instance; 0 or nothing: whichever is present."};
const Parameter why_parameter{"why", Shape::words, "In words; kept in the event."};

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
       .parameters = {{"topic", Shape::text, "Only of this topic."},
                      from_parameter,
                      limit_parameter}},
      {.method = get,
       .path = "/v1/groups/{group}/why",
       .handle = get_why,
       .summary = "Why the group came to its epochs, newest first: who caused it, what moved, how "
                  "long it took; blocking.",
       .answer = "History",
       .parameters = {{"epoch", Shape::epoch, "Only this one."}, index_parameter, wait_parameter}},
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
      {.method = Method::post,
       .path = "/v1/register",
       .handle = post_register,
       .summary = "Registers an instance of a service, or registers it again. Then it beats every "
                  "heartbeat_interval_ms.",
       .answer = "Registered",
       .body = "Registration"},
      {.method = Method::put,
       .path = "/v1/heartbeat/{instance}",
       .handle = put_heartbeat,
       .summary = "The instance lives. 404 unknown_instance: register it again.",
       .answer = "Beaten",
       .parameters = {service_parameter,
                      incarnation_parameter,
                      {"overloaded", Shape::truth, "It lives, but has too much to do."}}},
      {.method = Method::put,
       .path = "/v1/report/{instance}",
       .handle = put_report,
       .summary = "What a check found: the instance is no better than this until another report. A "
                  "heartbeat, too.",
       .answer = "Done",
       .parameters = {service_parameter, incarnation_parameter},
       .body = "Report"},
      {.method = Method::put,
       .path = "/v1/deregister/{instance}",
       .handle = put_deregister,
       .summary = "The instance is gone.",
       .answer = "Done",
       .parameters = {service_parameter, incarnation_parameter, why_parameter}},
      {.method = Method::put,
       .path = "/v1/maintenance/{instance}",
       .handle = put_maintenance,
       .summary = "An operator takes the instance out of the answers, or lets it back.",
       .answer = "Done",
       .parameters = {service_parameter,
                      {"enable", Shape::truth, "true: out; false: back.", true},
                      why_parameter}},
      {.method = get,
       .path = "/v1/services",
       .handle = list_services,
       .summary = "All services with their tags and counts, by name; blocking, with the index of "
                  "the names and tags.",
       .answer = "ServiceList",
       .parameters = {prefix_parameter, after_parameter, limit_parameter, index_parameter,
                      wait_parameter}},
      {.method = get,
       .path = "/v1/services/{service}",
       .handle = get_service,
       .summary = "The instances of a service; blocking. With `Accept: text/event-stream` its "
                  "newest result after each change. 503 unsure rather than an empty list that may "
                  "be wrong.",
       .answer = "Service",
       .parameters = {{"passing", Shape::truth, "Only those that are handed out, best first."},
                      {"tag", Shape::text, "Only those with this tag."},
                      {"zone", Shape::text, "Only those in this zone."},
                      {"selector", Shape::text,
                       "Only those whose meta matches, in Kubernetes' words: "
                       "env=prod,tier!=canary,rack in (a,b),!draining"},
                      {"departed", Shape::truth, "Also those that are gone."},
                      after_parameter,
                      limit_parameter,
                      index_parameter,
                      wait_parameter}},
      {.method = Method::put,
       .path = "/v1/services/{service}/unprotect",
       .handle = put_unprotect,
       .summary = "Ends the protection of a service: who is dead goes now.",
       .answer = "Done",
       .parameters = {why_parameter}},
      {.method = get,
       .path = "/v1/nodes",
       .handle = list_nodes,
       .summary = "All nodes, by name.",
       .answer = "NodeList",
       .parameters = {prefix_parameter}},
      {.method = get,
       .path = "/v1/prometheus/sd",
       .handle = get_prometheus_sd,
       .summary = "Targets for Prometheus' http_sd, with labels __meta_muster_*.",
       .answer = "Targets",
       .parameters = {{"service", Shape::text, "Only of this service."},
                      {"passing", Shape::truth, "Only those that are handed out."}}},
      {.method = get,
       .path = "/v1/owners",
       .handle = get_owners,
       .summary = "Who owns a partition right now, at which address and under which token; without "
                  "`partition`, who owns each; blocking, with the index of the group.",
       .answer = "Owners",
       .parameters = {{"group", Shape::text, "The group.", true},
                      {"topic", Shape::text, "The topic.", true},
                      {"partition", Shape::partition, "One partition."},
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
       .parameters = {{"after", Shape::text,
                       "A position: what `next` said, or the id of an event's "
                       "frame. Without it: all that are kept."},
                      {"group", Shape::text, "Only of this group."},
                      limit_parameter,
                      {"wait", Shape::duration,
                       "If there is none, how long to wait for one: at most 10m."}}},
  };
}

}  // namespace

std::span<const Route> routes() {
  static const std::vector<Route> table = make_routes();
  return table;
}

}  // namespace muster::broker::http
