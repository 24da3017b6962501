#include "history_file.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <limits>
#include <stdexcept>
#include <type_traits>

namespace muster::chaos {
namespace {

namespace json = boost::json;

// What each fact consists of, said once for writing and reading.

template <class F, class T>
concept Is = std::same_as<std::remove_const_t<F>, T>;

template <class V>
void fields(V&& v, Is<Write> auto& w) {
  v("partition", w.partition), v("token", w.token), v("number", w.number), v("worker", w.worker),
      v("at", w.at), v("accepted", w.accepted);
}
template <class V>
void fields(V&& v, Is<Hold> auto& h) {
  v("partition", h.partition), v("token", h.token), v("worker", h.worker), v("from", h.from),
      v("to", h.to);
}
template <class V>
void fields(V&& v, Is<Ack> auto& a) {
  v("partition", a.partition), v("token", a.token), v("offset", a.offset), v("worker", a.worker),
      v("begun", a.begun), v("at", a.at);
}
template <class V>
void fields(V&& v, Is<Read> auto& r) {
  v("partition", r.partition), v("offset", r.offset), v("reader", r.reader), v("begun", r.begun),
      v("ended", r.ended);
}
template <class V>
void fields(V&& v, Is<Attempt> auto& a) {
  v("partition", a.partition), v("token", a.token), v("offset", a.offset), v("worker", a.worker),
      v("begun", a.begun), v("refused", a.refused);
}
template <class V>
void fields(V&& v, Is<Look> auto& l) {
  v("at", l.at), v("epoch", l.epoch), v("assignment_epoch", l.assignment_epoch), v("term", l.term),
      v("members", l.members), v("held", l.held), v("history", l.history);
}
template <class V>
void fields(V&& v, Is<Span> auto& s) {
  v("from", s.from), v("to", s.to);
}
template <class V>
void fields(V&& v, Is<Lost> auto& l) {
  v("partition", l.partition), v("token", l.token), v("at", l.at);
}
template <class V>
void fields(V&& v, Is<WorkerLife> auto& w) {
  v("pid", w.pid), v("session_timeout_ms", w.session_timeout), v("started", w.started),
      v("touched", w.touched), v("ids", w.ids), v("lost", w.lost), v("gaps", w.gaps),
      v("end", w.end);
}
template <class V>
void fields(V&& v, Is<Expulsion> auto& e) {
  v("member", e.member), v("reason", e.reason), v("at", e.at);
}
template <class V>
void fields(V&& v, Is<Told> auto& t) {
  v("shard", t.shard), v("number", t.number), v("sequence", t.sequence), v("group", t.group),
      v("kind", t.kind), v("member", t.member), v("reason", t.reason), v("took_ms", t.took),
      v("seen", t.seen), v("live", t.live);
}
template <class V>
void fields(V&& v, Is<Vigil> auto& t) {
  v("member", t.member), v("session_timeout_ms", t.session_timeout), v("joined", t.joined),
      v("heard_sent", t.heard_sent), v("heard_at", t.heard_at), v("last_sent", t.last_sent),
      v("silent", t.silent), v("refused", t.refused), v("revived", t.revived);
}

// What there is once.
template <class V>
void once(V&& v, Is<History> auto& r) {
  v("partitions", r.partitions), v("faults", r.faults), v("last_fault", r.last_fault),
      v("broker_ends", r.broker_ends), v("broker_starts", r.broker_starts),
      v("refused_commits", r.refused_commits), v("unanswered_commits", r.unanswered_commits),
      v("rogue_refused", r.rogue_refused), v("counts", r.counts), v("required", r.required),
      v("skipped", r.skipped);
}

/// The kinds of fact, and where each kind is kept.
template <class V>
void lists(V&& v, auto& h) {
  v("broker_away", h.broker_away), v("disk_slow", h.disk_slow), v("write", h.writes),
      v("hold", h.holds), v("attempt", h.attempts), v("ack", h.acks),
      v("rogue_accepted", h.rogue_accepted), v("read", h.reads), v("look", h.looks),
      v("worker", h.workers), v("expulsion", h.expulsions), v("told", h.told), v("kept", h.kept),
      v("vigil", h.vigils);
}

// Writing

template <class T>
  requires std::integral<T>
json::value made(T value) {
  if constexpr (std::same_as<T, bool>)
    return value;
  else if constexpr (std::unsigned_integral<T>)
    return static_cast<std::uint64_t>(value);
  else
    return static_cast<std::int64_t>(value);
}
json::value made(const std::string& value) {
  return json::value(value);
}
json::value made(Millis value) {
  return value.count();
}
template <class T>
  requires std::is_enum_v<T>
json::value made(T value) {
  return static_cast<std::uint64_t>(value);
}
template <class A, class B>
json::value made(const std::pair<A, B>& pair);
template <class T>
json::value made(const std::vector<T>& list);
template <class T>
json::value made(const std::map<std::string, T>& map) {
  json::object out;
  for (const auto& [name, value] : map) out[name] = made(value);
  return out;
}
template <class T>
json::value made(const std::optional<T>& value) {
  return value ? made(*value) : json::value(nullptr);
}
template <class T>
  requires requires(const T& t) { fields([](auto...) {}, t); }
json::value made(const T& fact) {
  json::object out;
  fields([&](const char* name, const auto& value) { out[name] = made(value); }, fact);
  return out;
}
template <class A, class B>
json::value made(const std::pair<A, B>& pair) {
  return json::array{made(pair.first), made(pair.second)};
}
template <class T>
json::value made(const std::vector<T>& list) {
  json::array out;
  for (const T& value : list) out.push_back(made(value));
  return out;
}

// Reading

[[noreturn]] void odd(const std::string& what) {
  throw std::runtime_error(what);
}

template <class T>
  requires std::integral<T>
void take(const json::value& from, T& into) {
  if constexpr (std::same_as<T, bool>)
    into = from.as_bool();
  else
    into = from.to_number<T>();
}
void take(const json::value& from, std::string& into) {
  into = from.as_string().c_str();
}
void take(const json::value& from, Millis& into) {
  into = Millis{from.to_number<std::int64_t>()};
}
template <class T>
  requires std::is_enum_v<T>
void take(const json::value& from, T& into) {
  into = static_cast<T>(from.to_number<std::underlying_type_t<T>>());
}
template <class A, class B>
void take(const json::value& from, std::pair<A, B>& into);
template <class T>
void take(const json::value& from, std::vector<T>& into);
template <class T>
void take(const json::value& from, std::map<std::string, T>& into) {
  for (const auto& [name, value] : from.as_object()) take(value, into[std::string(name)]);
}
template <class T>
void take(const json::value& from, std::optional<T>& into) {
  if (!from.is_null()) take(from, into.emplace());
}
/// Calls `all` with a visitor that takes each field out of the object; nothing may be left over.
template <class All>
void take_fields(const json::value& from, All all) {
  const json::object& object = from.as_object();
  std::size_t taken = 0;
  all([&](const char* name, auto& value) {
    const auto it = object.find(name);
    if (it == object.end()) odd(std::string("there is no field ") + name);
    take(it->value(), value);
    ++taken;
  });
  if (taken != object.size()) odd("there are more fields than a history has");
}
template <class T>
  requires requires(T& t) { fields([](auto...) {}, t); }
void take(const json::value& from, T& fact) {
  take_fields(from, [&](auto visit) { fields(visit, fact); });
}
template <class A, class B>
void take(const json::value& from, std::pair<A, B>& into) {
  take(from.at(0), into.first);
  take(from.at(1), into.second);
}
template <class T>
void take(const json::value& from, std::vector<T>& into) {
  for (const json::value& value : from.as_array()) take(value, into.emplace_back());
}

/// One line: an object with one entry, the kind and the fact. False: it is the end, with its count.
bool take_line(const std::string& line, History& history, std::uint64_t lines_before) {
  const json::value parsed = json::parse(line);
  const json::object& object = parsed.as_object();
  if (object.size() != 1) odd("a line has one fact");
  const std::string kind(object.begin()->key());
  const json::value& fact = object.begin()->value();
  if (kind == "end") {
    if (fact.to_number<std::uint64_t>() != lines_before) odd("lines are missing");
    return false;
  }
  if (kind == "run") {
    take_fields(fact, [&](auto visit) { once(visit, history); });
    return true;
  }
  bool known = false;
  lists(
      [&](const char* name, auto& list) {
        if (kind != name) return;
        take(fact, list.emplace_back());
        known = true;
      },
      history);
  if (!known) odd("there is no kind of fact " + kind);
  return true;
}

}  // namespace

void write_history(const History& history, const std::string& path) {
  std::ofstream file(path);
  std::uint64_t lines = 0;
  const auto line = [&](const char* kind, json::value fact) {
    file << json::serialize(json::object{{kind, std::move(fact)}}) << '\n';
    ++lines;
  };
  json::object run;
  once([&](const char* name, const auto& value) { run[name] = made(value); }, history);
  line("run", std::move(run));
  lists(
      [&](const char* kind, const auto& list) {
        for (const auto& fact : list) line(kind, made(fact));
      },
      history);
  line("end", lines);
  if (!file.flush()) odd("cannot write the history " + path);
}

History read_history(const std::string& path) {
  std::ifstream file(path);
  if (!file) odd("cannot read the history " + path);
  History history;
  std::string line;
  std::uint64_t lines = 0;
  bool more = true;
  while (std::getline(file, line)) try {
      if (!more) odd("something follows the end");
      more = take_line(line, history, lines);
      ++lines;
    } catch (const std::exception& error) {
      odd(path + ":" + std::to_string(lines + 1) + ": " + error.what());
    }
  if (more) odd(path + " has no end: it was torn");
  return history;
}

}  // namespace muster::chaos
