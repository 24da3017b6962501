/// The catalogue of topics.
#include "door_parts.hpp"
#include "handlers.hpp"
#include "lookup.hpp"

#include <muster/core/view.hpp>

#include <answers_json.hpp>
#include <json_writer.hpp>

#include <algorithm>

namespace muster::broker::http {
namespace {

Lookup lookup_of(const core::View& catalogue) {
  Lookup out;
  out.version = {nullptr, catalogue.catalogue_version, 0};
  out.subject = Subject{Subject::Kind::topics, {}};
  out.index = catalogue.catalogue_version + 1;
  return out;
}

TopicDescription describe(const core::TopicRecord& topic) {
  return {topic.name, topic.id, topic.partitions};
}

}  // namespace

Outcome list_topics(Call& call) {
  const auto limit = page_limit(call);
  if (const auto* const wrong = std::get_if<Response>(&limit)) return *wrong;
  const auto catalogue = call.host.view(0);
  return answer_lookup(call, lookup_of(*catalogue), [&] {
    const std::string* const prefix = call.parameter("prefix");
    const std::string* const after = call.parameter("after");
    const std::string from = prefix == nullptr ? "" : *prefix;
    const std::string behind = after == nullptr ? "" : *after;
    std::string body;
    wire::JsonWriter w(body);
    std::string last;
    bool more = false;
    std::uint64_t taken = 0;
    w.open('{');
    w.field("catalogue_version", catalogue->catalogue_version);
    w.key("topics");
    w.open('[');
    catalogue->topics.for_each_from(std::max(from, behind),
                                    [&](const std::string& name, const auto& topic) {
                                      if (after != nullptr && name == behind) return true;
                                      if (!name.starts_with(from)) return false;
                                      if ((more = taken++ == std::get<std::uint64_t>(limit)))
                                        return false;
                                      wire::append_topic(w, describe(*topic));
                                      last = name;
                                      return true;
                                    });
    w.close(']');
    if (more) w.field("next", last);
    w.close('}');
    return body;
  });
}

Outcome get_topic(Call& call) {
  const auto catalogue = call.host.view(0);
  const std::string& name = call.captures.front();
  const auto* const topic = catalogue->topics.find(name);
  if (topic == nullptr)
    return failure(Errc::unknown_topic, "topic \"" + name.substr(0, 80) + "\" does not exist");
  return answer_lookup(call, lookup_of(*catalogue), [&] {
    std::string body;
    wire::JsonWriter w(body);
    wire::append_topic(w, describe(**topic));
    return body;
  });
}

}  // namespace muster::broker::http
