/// Events: a range, or followed as server-sent events.
#include "door_parts.hpp"
#include "duration.hpp"
#include "handlers.hpp"
#include "position.hpp"

#include <muster/core/view.hpp>

#include <event_json.hpp>
#include <json_writer.hpp>

#include <algorithm>

namespace muster::broker::http {
namespace {

using std::chrono::steady_clock;

/// What the ring no longer has of what was asked for.
struct Lost {
  ShardIndex shard = 0;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// Reads events from a position on.
class Reader {
 public:
  Reader(Host& host, LoopDoor& loop, std::string store_uuid, Position from,
         std::optional<GroupId> group)
      : host_(host),
        loop_(loop),
        store_uuid_(std::move(store_uuid)),
        position_(std::move(from)),
        subject_{group ? Subject::Kind::group_events : Subject::Kind::all_events,
                 group ? group->value : std::string{}} {
    query_.group = std::move(group);
  }

  [[nodiscard]] const Subject& subject() const { return subject_; }
  [[nodiscard]] std::uint64_t index() const { return index_; }
  [[nodiscard]] const Position& position() const { return position_; }

  /// The next ones, at most `limit`; calls lost() for what is gone.
  template <class OnLost>
  EventList read(std::uint32_t limit, OnLost&& lost) {
    index_ = index_of(subject_, host_);  // before the pictures, so that nothing is missed
    const auto views = host_.views();
    for (const auto& view : views) look_for_gap(*view, lost);
    query_.after = position_.numbers;
    query_.limit = limit;
    ReplyBody reply = core::answer(views, query_);
    return std::get<EventList>(std::move(reply));
  }
  void passed(const Event& event) { position_.numbers[event.shard] = event.number; }
  void passed_all(const EventList& list) {
    for (ShardIndex shard = 0; shard < list.next.size(); ++shard)
      if (concerns(shard)) position_.numbers[shard] = list.next[shard];
  }

  void append(std::string& out, const Event& event) const {
    wire::append_event_json(out, event, store_uuid_, [this](const TopicId& id) {
      loop_.topic_names.update(*host_.view(0));
      return loop_.topic_names.find(id);
    });
  }

 private:
  /// A follower of one group need not remember the other shards.
  [[nodiscard]] bool concerns(ShardIndex shard) const {
    return !query_.group || core::shard_of(query_.group->value, host_.shards()) == shard;
  }

  template <class OnLost>
  void look_for_gap(const core::View& view, OnLost&& lost) {
    std::uint64_t& read = position_.numbers[view.shard];
    if (read == 0 || !concerns(view.shard)) return;
    view.events.for_each_from(std::uint64_t{0}, [&](std::uint64_t first, const auto&) {
      if (first > read + 1) {
        lost(Lost{view.shard, read + 1, first - 1});
        read = first - 1;
      }
      return false;
    });
  }

  Host& host_;
  LoopDoor& loop_;
  std::string store_uuid_;
  Position position_;
  Subject subject_;
  ReadEvents query_;
  std::uint64_t index_ = 0;
};

void append_lost(std::string& out, const Lost& lost) {
  wire::JsonWriter w(out);
  w.open('{');
  w.field("shard", lost.shard);
  w.field("first_lost", lost.first);
  w.field("last_lost", lost.last);
  w.close('}');
}

class EventStream final : public Stream {
 public:
  EventStream(Reader reader, bool other_store) : reader_(std::move(reader)), reset_(other_store) {}

  bool fill(Piece& piece, std::size_t room) override {
    constexpr std::uint32_t batch = 100;
    std::string& out = piece.text;
    if (std::exchange(reset_, false)) field(out, "reset", "{}");
    const EventList list = reader_.read(batch, [&](const Lost& lost) {
      std::string json;
      append_lost(json, lost);
      field(out, "lost", json);
    });
    for (const Event& event : list.events) {
      std::string json;
      reader_.append(json, event);
      reader_.passed(event);
      field(out, to_string(event.kind), json);
      if (out.size() > room) return true;
    }
    reader_.passed_all(list);
    return list.events.size() == batch;
  }
  [[nodiscard]] const Subject& subject() const override { return reader_.subject(); }
  [[nodiscard]] std::uint64_t index() const override { return reader_.index(); }

 private:
  void field(std::string& out, std::string_view kind, std::string_view json) const {
    out.append("id: ").append(print(reader_.position()));
    out.append("\nevent: ").append(kind).append("\ndata: ").append(json).append("\n\n");
  }

  Reader reader_;
  bool reset_;
};

struct Question {
  Position from;
  bool other_store = false;  // the position is of another store
  std::optional<GroupId> group;
  std::uint32_t limit = 0;
  std::chrono::milliseconds wait{0};
  bool follow = false;
};

std::variant<Question, Response> read(const Call& call) {
  Question out;
  auto limit = page_limit(call);
  if (auto* const wrong = std::get_if<Response>(&limit)) return std::move(*wrong);
  out.limit = static_cast<std::uint32_t>(std::get<std::uint64_t>(limit));
  if (const std::string* const group = call.parameter("group"))
    out.group = GroupId(std::string(*group));
  if (const std::string* const wait = call.parameter("wait")) {
    const auto time = parse_duration(*wait);
    if (!time || *time > max_wait)
      return failure(Errc::out_of_range,
                     "wait=" + wait->substr(0, 40) + " is no duration of at most 10m");
    out.wait = std::chrono::milliseconds{*time};
  }
  out.follow = call.request.accept.find("text/event-stream") != std::string::npos;
  const std::string store = call.door.options.store_uuid.substr(0, 8);
  out.from = {store, std::vector<std::uint64_t>(call.host.shards())};
  const std::string* after = call.parameter("after");
  if (!call.request.last_event_id.empty()) after = &call.request.last_event_id;
  if (after == nullptr || after->empty()) return out;
  auto position = parse_position(*after, call.host.shards());
  if (!position)
    return failure(Errc::invalid_request,
                   "after=" + after->substr(0, 80) + " is no position that this broker gave");
  out.other_store = position->store != store;
  if (!out.other_store) out.from = std::move(*position);
  return out;
}

Response list(Reader& reader, const EventList& events, const std::vector<Lost>& lost) {
  std::string body;
  wire::JsonWriter w(body);
  w.open('{');
  w.field("next", print(reader.position()));
  if (!lost.empty())
    w.each("lost", lost, [&](const Lost& gap) {
      std::string json;
      append_lost(json, gap);
      w.raw(json);
    });
  w.each("events", events.events, [&](const Event& event) {
    std::string json;
    reader.append(json, event);
    w.raw(json);
  });
  w.close('}');
  return json_response(std::move(body));
}

}  // namespace

Outcome get_events(Call& call) {
  auto read_question = read(call);
  if (auto* const wrong = std::get_if<Response>(&read_question)) return std::move(*wrong);
  Question& question = std::get<Question>(read_question);
  if (!call.deferred) return Later{};
  Reader reader(call.host, call.loop, call.door.options.store_uuid, std::move(question.from),
                question.group);
  if (question.follow)
    return Streaming{std::make_unique<EventStream>(std::move(reader), question.other_store)};
  if (question.other_store)
    return failure(409, "other_store", "the position is of another store; begin without `after`");
  std::vector<Lost> lost;
  const EventList events =
      reader.read(question.limit, [&](const Lost& gap) { lost.push_back(gap); });
  const auto waited =
      std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - call.begun);
  if (events.events.empty() && lost.empty() && !call.timed_out && waited < question.wait)
    return Park{reader.subject(), reader.index(), question.wait - waited};
  reader.passed_all(events);
  return list(reader, events, lost);
}

}  // namespace muster::broker::http
