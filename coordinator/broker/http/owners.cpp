/// Who owns partition p of topic t in group g, at which address, under which token.
#include "door_parts.hpp"
#include "handlers.hpp"
#include "lookup.hpp"

#include <muster/core/view.hpp>

#include <json_writer.hpp>

#include <algorithm>

namespace muster::broker::http {
namespace {

/// Into an open object. `owner`: null: nobody.
void append_owner(wire::JsonWriter& w, const core::MemberView* owner,
                  const TopicPartition& partition) {
  w.field("partition", partition.partition);
  if (owner == nullptr) {
    for (const std::string_view name :
         {"member", "instance", "address", "status", "epoch", "token"})
      w.field_or_null(name, {});
    w.key("revoking");
    w.truth(false);
    return;
  }
  const core::Member& member = *owner->record;
  const Holding held = holding_of(*owner, partition);
  w.field("member", member.id());
  w.field_or_null("instance", member.instance().value_or(std::string_view{}));
  w.field_or_null("address", member.address());
  w.field("status", to_string(member.status()));
  w.field("epoch", owner->current->member_epoch);
  w.key("token");
  w.token(held.token);
  w.key("revoking");
  w.truth(held.revoking);
}

struct Question {
  std::shared_ptr<const core::View> view;
  std::shared_ptr<const core::View> catalogue;
  std::shared_ptr<const core::GroupView> group;
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
  out.group = *in_group;
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
  const std::string& group = question.group->record->id.value;
  const auto append = [&](wire::JsonWriter& w, std::uint64_t partition) {
    const TopicPartition wanted{question.topic->id, static_cast<PartitionIndex>(partition)};
    const auto found = call.loop.owners.find(group, question.group, wanted,
                                             OwnerTables::Effort::whatever_it_takes);
    append_owner(w, found.member, wanted);
  };
  std::string body;
  wire::JsonWriter w(body);
  w.open('{');
  w.field("group", group);
  w.field("topic", question.topic->name.value);
  w.id_field("topic_id", question.topic->id);
  if (question.partition) {
    append(w, *question.partition);
  } else {
    const auto all = static_cast<std::uint64_t>(std::max(question.topic->partitions, 0));
    const std::uint64_t end = std::min(question.from + question.limit, all);
    w.key("owners");
    w.open('[');
    for (std::uint64_t partition = question.from; partition < end; ++partition) {
      w.open('{');
      append(w, partition);
      w.close('}');
    }
    w.close(']');
    if (end < all) w.field("next", end);
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
