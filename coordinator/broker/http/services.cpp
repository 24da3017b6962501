/// Services: who is there, how well, and where.
#include "door_parts.hpp"
#include "handlers.hpp"
#include "lookup.hpp"
#include "selector.hpp"

#include <muster/core/view.hpp>

#include <json_writer.hpp>
#include <services_json.hpp>

#include <algorithm>
#include <functional>

namespace muster::broker::http {
namespace {

/// What is asked about one service.
struct Question {
  LookupService query;
  Selector selector;
  std::uint64_t limit = 0;
  std::string after;
};

struct Found {
  std::shared_ptr<const core::View> view;
  std::shared_ptr<const core::ServiceView> service;  // null: it is not known
  std::uint64_t index = 0;
};

std::string parameter_or_empty(const Call& call, std::string_view name) {
  const std::string* const value = call.parameter(name);
  return value == nullptr ? std::string{} : *value;
}

std::variant<Question, Response> read(const Call& call, const std::string& service) {
  Question out;
  auto passing = truth_parameter(call, "passing");
  if (auto* const wrong = std::get_if<Response>(&passing)) return std::move(*wrong);
  auto departed = truth_parameter(call, "departed");
  if (auto* const wrong = std::get_if<Response>(&departed)) return std::move(*wrong);
  auto limit = number_parameter(call, "limit", max_page, 1, max_page);
  if (auto* const wrong = std::get_if<Response>(&limit)) return std::move(*wrong);
  auto selector = parse_selector(parameter_or_empty(call, "selector"));
  if (const auto* const wrong = std::get_if<Error>(&selector))
    return failure(wrong->code, wrong->message);
  out.query.service = ServiceName(std::string(service));
  out.query.passing = std::get<bool>(passing);
  out.query.departed = std::get<bool>(departed);
  out.query.tag = parameter_or_empty(call, "tag");
  out.query.zone = parameter_or_empty(call, "zone");
  out.selector = std::get<Selector>(std::move(selector));
  out.limit = std::get<std::uint64_t>(limit);
  out.after = parameter_or_empty(call, "after");
  return out;
}

Found find(const Host& host, const std::string& service) {
  Found out;
  out.view = host.view(core::shard_of(service, host.shards()));
  if (const auto* const found = out.view->services.find(service)) out.service = *found;
  out.index = core::service_index(*out.view, service);
  return out;
}

Response unknown(const std::string& service, std::uint64_t index) {
  Response out =
      failure(Errc::unknown_service, "service \"" + service.substr(0, 80) + "\" has no instances");
  out.index = index;
  return out;
}

/// After a restart, before anybody was heard: an empty answer would be taken for the truth.
Response unsure(const std::string& service) {
  Response out = failure(503, "unsure",
                         "the broker has just started and does not know yet who of service \"" +
                             service.substr(0, 80) + "\" lives");
  out.fields += "Retry-After: 1\r\n";
  return out;
}

ServiceResult result_of(const Host& host, const Question& question) {
  ReplyBody reply = core::answer(host.views(), question.query);
  auto result = std::get<ServiceResult>(std::move(reply));
  if (!question.selector.empty())
    std::erase_if(result.instances, [&](const InstanceDescription& instance) {
      return !matches(question.selector, instance.info.meta);
    });
  return result;
}

std::string body_of(const ServiceResult& result, const Question& question) {
  std::string body;
  wire::JsonWriter w(body);
  std::uint64_t taken = 0;
  const InstanceDescription* last = nullptr;
  bool more = false;
  bool begun = question.after.empty();
  w.open('{');
  wire::append_service_fields(w, result);
  w.key("instances");
  w.open('[');
  for (const InstanceDescription& instance : result.instances) {
    if (!begun) {
      begun = instance.instance.value == question.after;
      continue;
    }
    if ((more = taken++ == question.limit)) break;
    wire::append_instance(w, instance);
    last = &instance;
  }
  w.close(']');
  w.each("departed", result.departed,
         [&](const DepartedDescription& departed) { wire::append_departed(w, departed); });
  if (more && last != nullptr) w.field("next", last->instance.value);
  w.close('}');
  return body;
}

/// One answer after the other, each when the result has changed. What it tells is what a query is
/// answered, and written once for all.
class ServiceStream final : public Stream {
 public:
  ServiceStream(const Call& call, Question question)
      : host_(call.host),
        loop_(call.loop),
        key_(answer_key(call)),
        question_(std::move(question)),
        subject_{Subject::Kind::service, question_.query.service.value} {}

  bool fill(Piece& out, std::size_t) override {
    const Found found = find(host_, subject_.name);
    if (found.index == index_) return false;
    index_ = found.index;
    if (found.service && !found.service->sure && result_of(host_, question_).instances.empty())
      return false;
    out.text = "id: " + std::to_string(index_) + "\nevent: service\ndata: ";
    out.body = serialised(loop_, key_, {found.service, index_, 0}, [this] {
                 return body_of(result_of(host_, question_), question_);
               }).body;
    out.behind = "\n\n";
    return false;
  }
  [[nodiscard]] const Subject& subject() const override { return subject_; }
  [[nodiscard]] std::uint64_t index() const override { return index_; }

 private:
  Host& host_;
  LoopDoor& loop_;
  const std::string key_;
  const Question question_;
  const Subject subject_;
  std::uint64_t index_ = 0;
};

bool wants_stream(const Call& call) {
  return call.request.accept.find("text/event-stream") != std::string::npos;
}

}  // namespace

Outcome list_services(Call& call) {
  const auto limit = page_limit(call);
  if (const auto* const wrong = std::get_if<Response>(&limit)) return *wrong;
  Lookup lookup;
  const auto views = call.host.views();
  lookup.index = core::names_index(views);
  lookup.subject = Subject{Subject::Kind::services, {}};
  for (const auto& view : views) lookup.version.number += view->revision;  // it tells counts, too
  return answer_lookup(call, std::move(lookup), [&] {
    ReplyBody reply = core::answer(views, ListServices{parameter_or_empty(call, "prefix"), false});
    const auto& list = std::get<ServiceList>(reply);
    const std::string after = parameter_or_empty(call, "after");
    std::string body;
    wire::JsonWriter w(body);
    std::uint64_t taken = 0;
    const ServiceSummary* last = nullptr;
    bool more = false;
    w.open('{');
    w.field("index", list.index);
    w.key("services");
    w.open('[');
    for (const ServiceSummary& service : list.services) {
      if (service.service.value <= after) continue;
      if ((more = taken++ == std::get<std::uint64_t>(limit))) break;
      wire::append_service_summary(w, service);
      last = &service;
    }
    w.close(']');
    if (more && last != nullptr) w.field("next", last->service.value);
    w.close('}');
    return body;
  });
}

Outcome get_service(Call& call) {
  const std::string& name = call.captures.front();
  auto read_question = read(call, name);
  if (auto* const wrong = std::get_if<Response>(&read_question)) return std::move(*wrong);
  Question& question = std::get<Question>(read_question);
  if (wants_stream(call))
    return Streaming{std::make_unique<ServiceStream>(call, std::move(question))};
  const Found found = find(call.host, name);
  Lookup lookup;
  lookup.version = {found.service, found.index, 0};
  lookup.subject = Subject{Subject::Kind::service, name};
  lookup.index = found.index;
  if (!found.service) return answer_absent(call, lookup, unknown(name, found.index));
  if (!found.service->sure) {
    const ServiceResult result = result_of(call.host, question);
    if (result.instances.empty()) return unsure(name);
  }
  return answer_lookup(call, std::move(lookup),
                       [&] { return body_of(result_of(call.host, question), question); });
}

Outcome list_nodes(Call& call) {
  if (!call.deferred) return Later{};
  ReplyBody reply = core::answer(call.host.views(), ListNodes{parameter_or_empty(call, "prefix")});
  std::string body;
  wire::JsonWriter w(body);
  wire::append_json(w, std::get<NodeList>(reply));
  return json_response(std::move(body));
}

}  // namespace muster::broker::http
