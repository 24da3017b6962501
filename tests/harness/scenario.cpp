#include "scenario.hpp"

#include <muster/core/trace.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <sstream>

namespace muster::test {

using namespace core;

namespace {

/// Whether two records say the same: their values, not who shares them.
bool same(const core::Record& a, const core::Record& b) {
  if (a.revision != b.revision || a.index != b.index || a.count != b.count || a.key != b.key ||
      a.value.index() != b.value.index())
    return false;
  return std::visit(
      [&](const auto& value) {
        using Value = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<Value, std::monostate>)
          return true;
        else if constexpr (std::is_same_v<Value, std::shared_ptr<const Event>>)
          return value->kind == std::get<Value>(b.value)->kind;  // trace() tells the rest
        else
          return *value == *std::get<Value>(b.value);
      },
      a.value);
}

}  // namespace

Scenario::Scenario(ShardOptions options)
    : options_(options), shard_(std::make_unique<Shard>(options)) {
  step({.command = Loaded{}});
}

Scenario::~Scenario() {
  expect_replayable();
}

Moment Scenario::moment() {
  Moment m;
  m.mono = now_;
  m.wall = wall_;
  m.entropy = {entropy_, entropy_ * 3 + 1};
  ++entropy_;
  m.durable = durable_.value_or(shard_->revision());
  return m;
}

void Scenario::step(Input input) {
  Effects effects;
  const Moment now = moment();
  if (before_step) before_step(input, now);
  shard_->step(input, now, effects);
  if (twin_) expect_twin(input, now, effects);
  for (const Record& record : effects.records) log_.push_back(record);
  deliver(effects);
  last_ = effects;
  if (twins_) twin();
  if (on_step) on_step(effects);
  const bool waited = std::any_of(effects.replies.begin(), effects.replies.end(),
                                  [](const Reply& reply) { return reply.after > 0; });
  if (waited && !durable_) let_answers_go();
  expect_one_owner();
  auto releases = std::exchange(to_release_, {});
  for (const auto& [id, number] : releases) {
    FakeMember& m = members_.at(id);
    if (m.step.number == number && !m.step.revoking.empty()) release(m);
  }
}

/// As the host does once the disk has taken what they wait for.
void Scenario::let_answers_go() {
  const Input input{.command = Woke{now_}};
  const Moment now = moment();
  --entropy_;  // chance does not hang on it
  if (before_step) before_step(input, now);
  Effects none;
  shard_->step(input, now, none);
  if (twin_) expect_twin(input, now, none);
  if (twins_) twin();
  if (on_step) on_step(none);
}

void Scenario::disk_returns() {
  durable_.reset();
  let_answers_go();
}

void Scenario::twin() {
  twin_ = std::make_unique<Shard>(options_);
  const Image image = shard_->image();
  ASSERT_TRUE(twin_->restore(image));
  ASSERT_TRUE(twin_->image().run == image.run) << "an image of what is restored is another one";
}

void Scenario::expect_twin(const Input& input, const Moment& now, const Effects& effects) {
  const auto name = [](const TopicId& id) { return std::to_string(id.bytes[0]); };
  Effects of_twin;
  twin_->step(input, now, of_twin);
  ASSERT_EQ(trace(of_twin, name), trace(effects, name));
  ASSERT_TRUE(std::equal(of_twin.records.begin(), of_twin.records.end(), effects.records.begin(),
                         effects.records.end(), same))
      << trace(effects, name);
  ASSERT_EQ(twin_->next_deadline(), shard_->next_deadline());
  ASSERT_TRUE(twin_->stats() == shard_->stats()) << "they count otherwise";
}

void Scenario::deliver(const Effects& effects) {
  for (const Reply& reply : effects.replies) replies_[reply.id.value] = reply.body;
  for (const Push& push : effects.pushes) tell_instances(push);
  for (const Push& push : effects.pushes)
    for (auto& [id, m] : members_) {
      if (m.connection != push.to.connection) continue;
      if (const auto* newer = std::get_if<Step>(&push.body)) {
        if (newer->member.value != id && !m.id.empty() && newer->member.value != m.id) continue;
        m.step = *newer;
        if (m.releasing && !newer->revoking.empty()) to_release_.emplace_back(id, newer->number);
      } else if (const auto* ping = std::get_if<Ping>(&push.body)) {
        m.pings.push_back(*ping);
      } else if (const auto* expelled = std::get_if<Expelled>(&push.body)) {
        m.expelled = *expelled;
        m.beating = false;
      }
    }
}

/// At most one member was told that it owns a partition, and the core agrees about the token. What
/// is being revoked still belongs to its holder.
void Scenario::expect_one_owner() {
  const auto view = shard_->view();
  view->groups.for_each([&](const std::string& name, const auto& group) {
    std::map<TopicPartition, std::string> owners;
    group->members.for_each([&](std::string_view id, const MemberView& m) {
      if (!m.current) return;
      for (const auto* list : {&m.current->assigned, &m.current->revoking})
        for (const Granted& g : *list)
          for (const PartitionIndex p : g.partitions) {
            const auto [it, fresh] = owners.emplace(TopicPartition{g.topic, p}, std::string{id});
            EXPECT_TRUE(fresh) << name << ": partition " << p << " is held by " << it->second
                               << " and " << id;
          }
    });
  });
}

ReplyBody Scenario::request(Request request, std::uint64_t connection) {
  const std::uint64_t id = ++next_request_;
  step({.id = RequestId{id}, .from = SessionRef{connection}, .command = std::move(request)});
  const auto it = replies_.find(id);
  return it == replies_.end() ? ReplyBody{Refusal{Errc::ok, "no reply yet"}} : it->second;
}

ReplyBody Scenario::query(const Query& query) {
  const std::vector<std::shared_ptr<const View>> views{shard_->view()};
  return answer(views, query);
}

FakeMember& Scenario::join(const std::string& group, const std::string& id, const JoinAs& as) {
  FakeMember& m = members_[id];
  m = FakeMember{};
  m.group = group;
  m.id = id;
  m.connection = ++next_connection_;
  m.session_timeout = as.session_timeout;
  Join join;
  join.group = GroupId{group};
  join.member = MemberId{id};
  for (const std::string& topic : as.topics) join.topics.push_back(TopicName{topic});
  join.session_timeout = as.session_timeout;
  join.rebalance_timeout = as.rebalance_timeout;
  join.max_poll_interval = as.max_poll_interval;
  join.weight = as.weight;
  join.assignor = as.assignor;
  const ReplyBody reply = request(join, m.connection);
  const auto* ok = std::get_if<JoinOk>(&reply);
  EXPECT_NE(ok, nullptr) << outcome(reply);
  if (ok != nullptr) {
    m.session = ok->session;
    EXPECT_EQ(ok->heartbeat_interval, as.session_timeout / 3);
  }
  m.next_beat = now_ + heartbeat_interval(as.session_timeout);
  return m;
}

ReplyBody Scenario::resume(FakeMember& m, bool fenced_itself) {
  m.connection = ++next_connection_;
  Resume resume;
  resume.group = GroupId{m.group};
  resume.member = MemberId{m.id};
  resume.member_epoch = m.step.member_epoch;
  resume.fenced_itself = fenced_itself;
  const ReplyBody reply = request(resume, m.connection);
  if (const auto* ok = std::get_if<ResumeOk>(&reply)) m.session = ok->session;
  m.next_beat = now_ + heartbeat_interval(m.session_timeout);
  return reply;
}

ReplyBody Scenario::beat(FakeMember& m) {
  Heartbeat beat;
  beat.session = m.session;
  beat.sequence = ++m.beats;
  beat.member_epoch = m.step.member_epoch;
  beat.progress = m.progressing ? ++m.progress : m.progress;
  beat.session_timeout_ms = static_cast<std::uint32_t>(m.session_timeout.count());
  m.next_beat = now_ + heartbeat_interval(m.session_timeout);
  return request(beat, m.connection);
}

ReplyBody Scenario::release(FakeMember& m) {
  return request(Release{m.session, m.step.number}, m.connection);
}

ReplyBody Scenario::leave(FakeMember& m) {
  m.beating = false;
  return request(Leave{m.session}, m.connection);
}

ReplyBody Scenario::commit(FakeMember& m, const std::string& name, PartitionIndex partition,
                           Offset offset, std::optional<Token> token) {
  const TopicId id = topic(name);
  Token held = 0;
  for (const auto* list : {&m.step.assigned, &m.step.revoking})
    for (const OwnedPartitions& o : *list)
      for (std::size_t i = 0; i < o.partitions.size(); ++i)
        if (o.topic == id && o.partitions[i] == partition) held = o.tokens[i];
  Commit commit;
  commit.session = m.session;
  commit.sequence = ++m.commits;
  commit.offsets.push_back({{id, partition}, token.value_or(held), offset, -1, "meta"});
  return request(commit, m.connection);
}

void Scenario::create_topic(const std::string& name, std::int32_t partitions) {
  const ReplyBody reply = request(CreateTopic{TopicName{name}, partitions});
  EXPECT_EQ(outcome(reply), "ok") << name;
}

TopicId Scenario::topic(const std::string& name) {
  const auto* topic = shard_->view()->topics.find(name);
  return topic == nullptr ? TopicId{} : (*topic)->id;
}

GroupDescription Scenario::describe(const std::string& group) {
  const ReplyBody reply = query(DescribeGroup{GroupId{group}});
  const auto* description = std::get_if<GroupDescription>(&reply);
  return description == nullptr ? GroupDescription{} : *description;
}

std::vector<EpochHistory> Scenario::history(const std::string& group) {
  const ReplyBody reply = query(GroupHistory{GroupId{group}, 0});
  const auto* list = std::get_if<HistoryList>(&reply);
  return list == nullptr ? std::vector<EpochHistory>{} : list->epochs;
}

std::vector<Event> Scenario::events(EventKind kind) {
  std::vector<Event> out;
  shard_->view()->events.for_each([&](std::uint64_t, const auto& event) {
    if (event->kind == kind) out.push_back(*event);
  });
  return out;
}

void Scenario::tick() {
  step({.command = Tick{}});
}

void Scenario::beat_due_members() {
  for (auto& [id, m] : members_)
    if (m.beating && m.next_beat <= now_) beat(m);
}

void Scenario::advance(Millis by) {
  const Mono end = now_ + by;
  for (int guard = 0; guard < 1'000'000; ++guard) {
    Mono next = end;
    for (const auto& [id, m] : members_)
      if (m.beating) next = std::min(next, std::max(m.next_beat, now_));
    for (const auto& [name, i] : instances_)
      if (i.beating) next = std::min(next, std::max(i.next_beat, now_));
    for (const auto& [name, i] : instances_)
      if (i.answers) next = std::min(next, std::max(i.next_probe, now_));
    if (const auto deadline = shard_->next_deadline())
      next = std::min(next, std::max(*deadline, now_));
    wall_.ms += (next - now_).count();
    now_ = next;
    beat_due_members();
    beat_due_instances();
    if (const auto deadline = shard_->next_deadline(); deadline && *deadline <= now_) {
      tick();
    } else if (now_ >= end) {
      return;
    }
  }
  ADD_FAILURE() << "time does not pass: the shard always has a deadline that is due";
}

void Scenario::tick_late(Millis by) {
  now_ = now_ + by;
  wall_.ms += by.count();
  tick();
}

void Scenario::stall(Millis by) {
  const Mono before = now_;
  now_ = now_ + by;
  wall_.ms += by.count();
  step({.command = Woke{before}});
}

void Scenario::restart(Millis down) {
  expect_replayable();
  twin_.reset();
  shard_ = std::make_unique<Shard>(options_);
  for (const Record& record : log_) ASSERT_TRUE(shard_->replay(record));
  (void)shard_->view();     // as a host does that looks for old events before it begins
  now_ = Mono{500} + down;  // a new steady clock: the old one means nothing
  wall_.ms += down.count();
  for (auto& [id, m] : members_) m.next_beat = now_ + heartbeat_interval(m.session_timeout);
  for (auto& [name, i] : instances_) {
    i.next_beat = now_ + heartbeat_interval(i.session_timeout);
    i.by_name = true;  // its handle is void
    i.next_probe = now_ + i.probe_interval;
  }
  step({.command = Loaded{}});
}

std::vector<PartitionIndex> Scenario::owned(const std::string& id, const std::string& name) {
  const TopicId wanted = topic(name);
  for (const OwnedPartitions& o : members_.at(id).step.assigned)
    if (o.topic == wanted) return o.partitions;
  return {};
}

std::vector<std::string> Scenario::members(const std::string& group) {
  std::vector<std::string> out;
  for (const MemberDescription& m : describe(group).members) out.push_back(m.member.value);
  return out;
}

void Scenario::expect_replayable() {
  Shard copy(options_);
  for (const Record& record : log_)
    ASSERT_TRUE(copy.replay(record)) << "record of revision " << record.revision;
  auto live = *shard_->view();
  auto rebuilt = *copy.view();
  EXPECT_EQ(dump(live), dump(rebuilt));
}

std::string outcome(const ReplyBody& reply) {
  const auto* refusal = std::get_if<Refusal>(&reply);
  return refusal == nullptr ? "ok" : std::string{to_string(refusal->code)};
}

namespace {
std::string hex(const TopicId& id) {
  std::string out;
  for (std::size_t i = 0; i < 4; ++i) {
    constexpr char digits[] = "0123456789abcdef";
    out += digits[id.bytes[i] >> 4];
    out += digits[id.bytes[i] & 15];
  }
  return out;
}
}  // namespace

void dump_registry(std::ostream& out, const View& view) {
  out << "names " << view.names_index << " absent " << view.absent_index << "\n";
  view.services.for_each([&](const std::string& name, const auto& s) {
    const InstanceCounts& c = s->counts;
    out << "service " << name << " index " << s->record->index << " events "
        << s->record->event_sequence << " protected " << to_string(s->record->protected_for)
        << " beating " << c.beating << " silent " << c.silent << " missing " << c.missing;
    for (const std::string& tag : s->tags) out << " " << tag;
    out << "\n";
    s->instances.for_each([&](std::string_view id, const InstanceView& i) {
      out << "  instance " << id << " " << i.record->incarnation << " "
          << to_string(status_of(*i.record)) << " " << to_string(i.record->ladder) << " "
          << to_string(reason_of(*i.record)) << " " << detail_of(*i.record) << " degraded "
          << i.record->degraded << " since " << i.record->since.ms << "\n";
    });
    s->departed.for_each([&](const std::string& id, const auto& d) {
      out << "  departed " << id << " " << to_string(d->reason) << " " << d->number << "\n";
    });
  });
  view.nodes.for_each([&](const std::string& name, const NodeView& n) {
    out << "node " << name << " " << n.record->incarnation << " " << to_string(n.record->status)
        << "\n";
  });
}

std::string dump(const View& view) {
  std::ostringstream out;
  out << "term " << view.term << " revision " << view.revision << " catalogue "
      << view.catalogue_version << "\n";
  view.topics.for_each([&](const std::string& name, const auto& t) {
    out << "topic " << name << " " << hex(t->id) << " " << t->partitions << " v" << t->version
        << "\n";
  });
  const auto held = [&](const char* what, const std::vector<Granted>& list) {
    for (const Granted& g : list)
      for (std::size_t i = 0; i < g.partitions.size(); ++i)
        out << "    " << what << " " << hex(g.topic) << "/" << g.partitions[i] << " token "
            << g.tokens[i] << " epoch " << g.epochs[i] << "\n";
  };
  view.groups.for_each([&](const std::string& name, const auto& g) {
    out << "group " << name << " epoch " << g->record->epoch << "/" << g->record->assignment_epoch
        << " events " << g->record->event_sequence << "\n";
    g->members.for_each([&](std::string_view id, const MemberView& m) {
      out << "  member " << id << " " << to_string(m.record->status()) << " S "
          << m.record->profile().session_timeout.count() << " topics "
          << m.record->profile().topics.size() << "\n";
      if (m.target)
        for (const TopicPartitions& t : m.target->partitions)
          for (const PartitionIndex p : t.partitions)
            out << "    target " << hex(t.topic) << "/" << p << "\n";
      if (!m.current) return;
      out << "    step " << m.current->step << " epoch " << m.current->member_epoch << "\n";
      held("assigned", m.current->assigned);
      held("revoking", m.current->revoking);
    });
    g->offsets.for_each([&](const TopicPartition& p, const auto& o) {
      out << "  offset " << hex(p.topic) << "/" << p.partition << " = " << o->offset << " token "
          << o->token << " sequence " << o->sequence << "\n";
    });
    g->history.for_each([&](Epoch e, const auto& h) {
      out << "  epoch " << e << " " << to_string(h->epoch.reason) << " " << h->epoch.trigger
          << " moved " << h->epoch.moved << " settled " << h->epoch.settled.count() << "\n";
    });
  });
  dump_registry(out, view);
  view.events.for_each([&](std::uint64_t n, const auto& e) {
    out << "event " << n << " " << to_string(e->kind) << " " << e->group << " " << e->sequence
        << " " << e->member << " revision " << e->revision << "\n";
  });
  return out.str();
}

}  // namespace muster::test
