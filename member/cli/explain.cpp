/// `muster services explain`: why an instance is what it is.
#include "client.hpp"
#include "commands.hpp"
#include "event_line.hpp"
#include "json.hpp"
#include "table.hpp"
#include "text.hpp"

#include <json_writer.hpp>
#include <services_json.hpp>

#include <algorithm>
#include <ostream>

namespace muster::cli {
namespace {

/// Of what is kept, the newest so many.
constexpr std::size_t most_edges = 20;

std::vector<Event> edges_of(Client& client, const ServicesExplain& command) {
  std::vector<Event> found;
  ReadEvents query;
  query.limit = 10'000;
  for (;;) {
    auto list = client.ask<EventList>(Query{query});
    if (list.events.empty()) break;
    for (Event& event : list.events)
      if (event.service == command.service && event.instance == command.instance)
        found.push_back(std::move(event));
    query.after = std::move(list.next);
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Event& a, const Event& b) { return a.at < b.at; });
  if (found.size() > most_edges)
    found.erase(found.begin(), found.end() - static_cast<std::ptrdiff_t>(most_edges));
  return found;
}

std::string check_words(const Check& check, const InstanceInfo& info) {
  const std::string port = std::to_string(check.port == 0 ? info.port : check.port);
  const std::string what = check.kind == Check::Kind::http
                               ? "http :" + port + (check.path.empty() ? "/" : shown(check.path))
                               : "tcp :" + port;
  return what + " every " + duration(check.interval);
}

void print(const InstanceDescription& one, const std::string& service, std::ostream& out) {
  out << "instance " << shown(one.instance.value) << " of " << shown(service) << ", incarnation "
      << one.incarnation << ": " << to_string(one.status) << " since "
      << clock_time(one.since, wall_now()) << ", " << (one.handed_out ? "" : "not ")
      << "handed out";
  if (one.is_protected) out << ", protected";
  if (one.degraded) out << ", flapping";
  out << '\n';
  const std::string_view why = in_words(one.reason);
  if (one.reason != Reason::none) out << "because " << why << '\n';
  out << '\n';
  Table sides({{"SIDE"}, {"SAYS"}, {"EVIDENCE"}});
  const bool beats = one.session_timeout > Millis{0};
  sides.add({beats ? "its heartbeats" : "its node", std::string(to_string(one.beats)),
             shown_or_dash(one.beats_detail)});
  sides.add(
      {"reports of it", std::string(to_string(one.reported)), shown_or_dash(one.reported_detail)});
  if (one.info.checks.empty()) {
    sides.add({"checks", "-", "it has none"});
  } else {
    std::string all;
    for (const Check& check : one.info.checks)
      all += (all.empty() ? "" : ", ") + check_words(check, one.info);
    sides.add({"checks", std::string(to_string(one.probed)),
               one.probed_detail.empty() ? all : shown(one.probed_detail) + " (" + all + ")"});
  }
  sides.print(out);
}

void print(const DepartedDescription& one, const std::string& service, std::ostream& out) {
  out << "instance " << shown(one.instance.value) << " of " << shown(service) << ", incarnation "
      << one.incarnation << ": gone since " << clock_time(one.at, wall_now()) << ", it was "
      << to_string(one.last) << '\n';
  if (one.reason != Reason::none) out << "because " << in_words(one.reason);
  if (!one.detail.empty()) out << ": " << shown(one.detail);
  out << '\n';
}

template <class List>
auto* find(List& list, const std::string& id) {
  const auto it = std::find_if(list.begin(), list.end(),
                               [&](const auto& one) { return one.instance.value == id; });
  return it == list.end() ? nullptr : &*it;
}

}  // namespace

void run(const ServicesExplain& command, Context& context) {
  Client client(context.connection);
  LookupService query;
  query.service = ServiceName(command.service);
  query.departed = true;
  const auto result = client.ask<ServiceResult>(Query{query});
  const auto* const present = find(result.instances, command.instance);
  const auto* const gone = find(result.departed, command.instance);
  if (present == nullptr && gone == nullptr)
    throw Failure(Exit::refused, "there is no instance " + shown(command.instance) +
                                     " of service " + shown(command.service) +
                                     ", and none is remembered");
  const std::vector<Event> edges = edges_of(client, command);
  if (context.json) {
    std::string out;
    wire::JsonWriter w(out);
    w.open('{');
    w.field("service", command.service);
    w.key("instance");
    present != nullptr ? wire::append_instance(w, *present) : w.null();
    w.key("departed");
    gone != nullptr ? wire::append_departed(w, *gone) : w.null();
    w.each("edges", edges,
           [&](const Event& event) { w.raw(json(event, client.broker().store_uuid, {})); });
    w.close('}');
    context.out << out << '\n';
    return;
  }
  present != nullptr ? print(*present, command.service, context.out)
                     : print(*gone, command.service, context.out);
  if (edges.empty()) return;
  context.out << '\n';
  const Wall now = wall_now();
  for (const Event& event : edges) context.out << event_line(event, {}, now) << '\n';
}

}  // namespace muster::cli
