#include <muster/core/trace.hpp>

#include <sstream>

namespace muster::core {
namespace {

using TopicNames = std::function<std::string(const TopicId&)>;

/// term.counter
std::string token(Token t) {
  return std::to_string(term_of(t)) + "." + std::to_string(t & max_token_counter);
}

struct Printer {
  std::ostringstream& out;
  const TopicNames& topic;

  void held(const char* what, const std::vector<OwnedPartitions>& list) const {
    for (const OwnedPartitions& o : list) {
      out << " " << what << " " << topic(o.topic) << "[";
      for (std::size_t i = 0; i < o.partitions.size(); ++i)
        out << (i ? " " : "") << o.partitions[i] << "@" << token(o.tokens[i]);
      out << "]";
    }
  }
  void held(const char* what, const std::vector<Granted>& list) const {
    std::vector<OwnedPartitions> owned;
    for (const Granted& g : list) owned.push_back({g.topic, g.partitions, g.tokens});
    held(what, owned);
  }

  // Records.
  void operator()(std::monostate) const { out << " gone"; }
  void operator()(const std::shared_ptr<const ShardMeta>& m) const {
    out << " term " << m->term << " floor " << m->epoch_floor << " catalogue "
        << m->catalogue_version;
  }
  void operator()(const std::shared_ptr<const TopicRecord>& t) const {
    out << " " << t->name.value << " partitions " << t->partitions << " version " << t->version;
  }
  void operator()(const std::shared_ptr<const GroupRecord>& g) const {
    out << " epoch " << g->epoch << " assignment " << g->assignment_epoch << " events "
        << g->event_sequence;
  }
  void operator()(const std::shared_ptr<const MemberRecord>& m) const {
    out << " " << to_string(m->status) << " S " << m->session_timeout.count() << " weight "
        << m->weight;
  }
  void operator()(const std::shared_ptr<const TargetRecord>& t) const {
    for (const TopicPartitions& p : t->partitions) {
      out << " " << topic(p.topic) << "[";
      for (std::size_t i = 0; i < p.partitions.size(); ++i)
        out << (i ? " " : "") << p.partitions[i];
      out << "]";
    }
  }
  void operator()(const std::shared_ptr<const CurrentRecord>& c) const {
    out << " step " << c->step << " epoch " << c->member_epoch;
    held("assigned", c->assigned);
    held("revoking", c->revoking);
  }
  void operator()(const std::shared_ptr<const OffsetRecord>& o) const {
    out << " " << topic(o->partition.topic) << "/" << o->partition.partition << " = " << o->offset
        << " token " << token(o->token) << " sequence " << o->sequence;
  }
  void operator()(const std::shared_ptr<const HistoryRecord>& h) const {
    const EpochHistory& e = h->epoch;
    out << " epoch " << e.epoch << " " << to_string(e.reason) << " by " << e.trigger << " changes "
        << e.changes << " moved " << e.moved << " gathered " << e.gathered.count() << " revoked "
        << e.revoked.count() << " settled " << e.settled.count();
  }
  void operator()(const std::shared_ptr<const SilenceRecord>& s) const {
    out << " budget " << s->budget.count();
  }
  void operator()(const std::shared_ptr<const Event>& e) const {
    out << " #" << e->number << " " << to_string(e->kind) << " #" << e->sequence;
    if (!e->topic.empty()) out << " " << e->topic << " partitions " << e->partitions;
    if (!e->member.empty()) out << " " << e->member;
    if (!e->service.empty()) out << " " << e->service;
    if (!e->instance.empty()) out << " " << e->instance;
    if (!e->node.empty()) out << " on " << e->node;
    if (e->reason != Reason::none) out << " " << to_string(e->reason);
    if (e->kind == EventKind::member_status_changed ||
        e->kind == EventKind::instance_status_changed || e->kind == EventKind::instance_removed ||
        e->kind == EventKind::node_status_changed)
      out << " " << to_string(e->from) << " to " << to_string(e->to);
    if (e->step != 0) out << " step " << e->step;
    held("assigned", e->assigned);
    held("revoked", e->revoked);
    held("released", e->released);
  }

  void operator()(const std::shared_ptr<const ServiceRecord>& s) const {
    out << " index " << s->index << " events " << s->event_sequence;
    if (s->protected_for != Reason::none) out << " protected " << to_string(s->protected_for);
  }
  void operator()(const std::shared_ptr<const InstanceRecord>& i) const {
    out << " incarnation " << i->incarnation << " " << i->info.address << ":" << i->info.port << " "
        << to_string(status_of(*i)) << " S " << i->session_timeout.count();
    if (i->probed != Status::healthy) out << " checks " << to_string(i->probed);
    if (i->degraded) out << " degraded";
  }
  void operator()(const std::shared_ptr<const NodeRecord>& n) const {
    out << " incarnation " << n->incarnation << " " << to_string(n->status) << " S "
        << n->session_timeout.count();
  }
  void operator()(const std::shared_ptr<const DepartedRecord>& d) const {
    out << " " << to_string(d->last) << " " << to_string(d->reason);
  }

  // Replies.
  void operator()(const HeartbeatOk& h) const {
    out << "heartbeat ok " << h.sequence << " told step " << h.told_step << " S "
        << h.session_timeout_ms;
  }
  void operator()(const Refusal& r) const {
    out << "refused " << to_string(r.code) << ": " << r.message;
  }
  void operator()(const Done&) const { out << "done"; }
  void operator()(const JoinOk& j) const {
    out << "joined " << j.member.value << " S " << j.session_timeout.count() << " I "
        << j.heartbeat_interval.count();
  }
  void operator()(const ResumeOk& r) const { out << "resumed " << r.member.value; }
  void operator()(const TopicChanged& t) const {
    out << "topic partitions " << t.partitions << " version " << t.catalogue_version;
  }
  void operator()(const RegisterOk& r) const {
    out << "registered " << r.instance.value << " incarnation " << r.incarnation << " S "
        << r.session_timeout.count() << " I " << r.heartbeat_interval.count() << " index "
        << r.index;
  }
  void operator()(const NodeOk& n) const {
    out << "registered " << n.node.value << " incarnation " << n.incarnation << " S "
        << n.session_timeout.count() << " I " << n.heartbeat_interval.count();
  }
  template <class Other>
  void operator()(const Other&) const {
    out << "answer";  // answers to queries are not the core's steps
  }

  // Pushes.
  void operator()(const Step& s) const {
    out << "step " << s.number << " epoch " << s.member_epoch;
    held("assigned", s.assigned);
    held("revoking", s.revoking);
    if (s.revoke_ms_left != 0) out << " left " << s.revoke_ms_left << " ms";
  }
  void operator()(const Ping&) const { out << "ping"; }
  void operator()(const Expelled& e) const {
    out << "expelled " << e.member.value << " " << to_string(e.reason) << ": " << e.detail;
  }
  void operator()(const Fenced& f) const {
    out << "fenced " << (f.service.empty() ? f.node.value : f.instance.value) << " incarnation "
        << f.incarnation << " " << to_string(f.reason) << ": " << f.detail;
  }
};

constexpr const char* kind_names[] = {"",
                                      "meta",
                                      "topic",
                                      "group",
                                      "member",
                                      "target",
                                      "current",
                                      "offset",
                                      "history",
                                      "silence",
                                      "service",
                                      "instance",
                                      "node",
                                      "event",
                                      "instance_silence",
                                      "node_silence",
                                      "departed"};

}  // namespace

std::string trace(const Effects& effects, const TopicNames& topic) {
  std::ostringstream out;
  const Printer print{out, topic};
  for (const Record& r : effects.records) {
    out << "  record " << r.revision << ":" << r.index + 1 << "/" << r.count << " "
        << kind_names[static_cast<std::size_t>(r.key.kind)];
    if (!r.key.group.empty()) out << " " << r.key.group;
    if (!r.key.member.empty()) out << " " << r.key.member;
    std::visit(print, r.value);
    out << "\n";
  }
  for (const Reply& r : effects.replies) {
    out << "  reply after " << r.after << " ";
    std::visit(print, r.body);
    out << "\n";
  }
  for (const Push& p : effects.pushes) {
    out << "  push to " << p.to.connection << " after " << p.after << " ";
    std::visit(print, p.body);
    out << "\n";
  }
  return out.str();
}

}  // namespace muster::core
