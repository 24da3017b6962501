/// Who owns partition p of topic t in group g, at which address, under which token.
#include "door_parts.hpp"
#include "handlers.hpp"
#include "lookup.hpp"

#include <muster/core/view.hpp>

#include <json_writer.hpp>

#include <algorithm>

namespace muster::broker::http {
namespace {

/// Into an open object.
void append_owner(wire::JsonWriter& w, const OwnerTable& table, std::size_t partition) {
  const OwnerTable::Grant& grant = table.grants[partition];
  w.field("partition", partition);
  if (grant.owner < 0) {
    for (const std::string_view name :
         {"member", "instance", "address", "status", "epoch", "token"})
      w.field_or_null(name, {});
    w.key("revoking");
    w.truth(false);
    return;
  }
  const OwnerTable::Owner& owner = table.owners[static_cast<std::size_t>(grant.owner)];
  w.field("member", owner.member->id());
  w.field_or_null("instance", owner.member->instance().value_or(std::string_view{}));
  w.field_or_null("address", owner.member->address());
  w.field("status", to_string(owner.member->status()));
  w.field("epoch", owner.epoch);
  w.key("token");
  w.token(grant.token);
  w.key("revoking");
  w.truth(grant.revoking);
}

struct Question {
  std::shared_ptr<const core::View> view;
  std::shared_ptr<const core::View> catalogue;
  const core::GroupView* group = nullptr;
  const core::TopicRecord* topic = nullptr;
  std::optional<std::uint64_t> partition;
  std::uint64_t from = 0;
  std::uint64_t limit = 0;
};

std::string quoted(const std::string& name) {
  return "\"" + name.substr(0, 80) + "\"";
}

std::variant<Question, Response> read(const Call& call) {
  const std::string* const group = call.parameter("group");
  const std::string* const topic = call.parameter("topic");
  if (group == nullptr || topic == nullptr)
    return failure(Errc::invalid_request,
                   "owners are asked for by group, topic and, for one of "
                   "them, partition");
  Question out;
  out.view = call.host.view(core::shard_of(*group, call.host.shards()));
  out.catalogue = call.host.view(0);
  const auto* const in_group = out.view->groups.find(*group);
  if (in_group == nullptr)
    return failure(Errc::unknown_group, "group " + quoted(*group) + " does not exist");
  const auto* const in_topic = out.catalogue->topics.find(*topic);
  if (in_topic == nullptr)
    return failure(Errc::unknown_topic, "topic " + quoted(*topic) + " does not exist");
  out.group = in_group->get();
  out.topic = in_topic->get();
  const auto most = static_cast<std::uint64_t>(std::max(out.topic->partitions, 1));
  auto partition = number_parameter(call, "partition", 0, 0, UINT32_MAX);
  auto from = number_parameter(call, "from", 0, 0, UINT32_MAX);
  auto limit = page_limit(call);
  for (auto* const part : {&partition, &from, &limit})
    if (auto* const wrong = std::get_if<Response>(part)) return std::move(*wrong);
  if (call.parameter("partition") != nullptr) {
    out.partition = std::get<std::uint64_t>(partition);
    if (*out.partition >= most)
      return failure(Errc::unknown_partition,
                     "partition " + std::to_string(*out.partition) + " of topic " + quoted(*topic) +
                         " does not exist, it has " + std::to_string(out.topic->partitions));
  }
  out.from = std::get<std::uint64_t>(from);
  out.limit = std::get<std::uint64_t>(limit);
  return out;
}

std::string body_of(Call& call, const Question& question) {
  const std::uint64_t index = group_index(*question.group);
  auto table = call.loop.owners.find(*question.group, index, *question.topic);
  if (!table) table = call.loop.owners.make(*question.group, index, *question.topic);
  std::string body;
  wire::JsonWriter w(body);
  w.open('{');
  w.field("group", question.group->record->id.value);
  w.field("topic", question.topic->name.value);
  w.id_field("topic_id", question.topic->id);
  if (question.partition) {
    append_owner(w, *table, *question.partition);
  } else {
    const std::size_t end =
        std::min<std::size_t>(question.from + question.limit, table->grants.size());
    w.key("owners");
    w.open('[');
    for (std::size_t partition = question.from; partition < end; ++partition) {
      w.open('{');
      append_owner(w, *table, partition);
      w.close('}');
    }
    w.close(']');
    if (end < table->grants.size()) w.field("next", end);
  }
  w.close('}');
  return body;
}

}  // namespace

Outcome get_owners(Call& call) {
  auto read_question = read(call);
  if (auto* const wrong = std::get_if<Response>(&read_question)) return std::move(*wrong);
  const Question& question = std::get<Question>(read_question);
  Lookup lookup;
  // The table may be another's while the group is the same: a topic grows, or is made anew.
  lookup.index = group_index(*question.group);
  lookup.version = {nullptr, question.view->revision, question.catalogue->catalogue_version};
  lookup.subject = Subject{Subject::Kind::group, question.group->record->id.value};
  return answer_lookup(call, std::move(lookup), [&] { return body_of(call, question); });
}

}  // namespace muster::broker::http
