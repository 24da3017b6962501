/// `muster events`: what has happened, and what happens, in order.
#include "backoff.hpp"
#include "client.hpp"
#include "commands.hpp"
#include "event_line.hpp"
#include "event_order.hpp"
#include "json.hpp"
#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <ostream>
#include <set>

namespace muster::cli {
namespace {

constexpr std::uint32_t page = 1'000;
constexpr std::chrono::hours quiet{24};  // a follower's wait for the next event; then it waits anew

template <class Number>
bool parse_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

/// Worth another try by itself: the broker is on its way down or up.
bool passes(const Failure& failure) {
  if (const auto* refused = dynamic_cast<const Refused*>(&failure))
    return retriable(refused->errc());
  return dynamic_cast<const Lost*>(&failure) != nullptr;
}

/// Prints what comes and keeps the position, so that a new connection goes on where the old one
/// ended.
class Reader {
 public:
  Reader(const Events& command, Context& context)
      : command_(command), context_(context), after_(command.after) {}

  void run() {
    std::optional<Client> client(context_.connection);
    store_uuid_ = client->broker().store_uuid;
    Backoff backoff;
    while (true) {
      try {
        if (!client) client = connect_again();
        backoff.reset();
        read_kept(*client);
        if (!command_.follow || full()) return;
        follow(*client);
        return;
      } catch (const Failure& failure) {
        if (!command_.follow || !passes(failure)) throw;
        context_.notes << "muster: " << failure.what() << "; trying again" << std::endl;
        client.reset();
        backoff.sleep();
      }
    }
  }

 private:
  [[nodiscard]] bool full() const { return command_.limit != 0 && printed_ >= command_.limit; }

  [[nodiscard]] ReadEvents query(const std::vector<std::uint64_t>& after, bool follow) const {
    ReadEvents out;
    out.after = after;
    if (command_.group) out.group = GroupId(*command_.group);
    out.limit = page;
    out.follow = follow;
    return out;
  }

  Client connect_again() {
    Client client(context_.connection);
    if (client.broker().store_uuid != store_uuid_) {
      context_.notes << "muster: " << client.server().text()
                     << " has another store now; its events follow from the first" << std::endl;
      store_uuid_ = client.broker().store_uuid;
      after_.clear();
      missing_.clear();
    }
    return client;
  }

  /// All that is kept, up to the present end, in one order of time. The position moves only once it
  /// is printed: a connection that is lost in between repeats the reading.
  void read_kept(Client& client) {
    EventList kept;
    kept.next = after_;
    for (bool more = true; more;) {
      auto list = client.ask<EventList>(Query{query(kept.next, false)});
      more = list.next != kept.next;
      kept.next = std::move(list.next);
      std::move(list.events.begin(), list.events.end(), std::back_inserter(kept.events));
    }
    print(client, std::move(kept), first_read_ ? command_.last : std::nullopt);
    first_read_ = false;
  }

  void follow(Client& client) {
    const std::uint64_t correlation = client.follow(Query{query(after_, true)});
    while (!full()) {
      auto body = client.next(correlation, std::chrono::steady_clock::now() + quiet);
      if (body) print(client, Client::as<EventList>(std::move(*body)), std::nullopt);
    }
  }

  void print(Client& client, EventList list, std::optional<std::uint64_t> last) {
    const std::vector<Event> events = in_time_order(std::move(list.events));
    const std::size_t skipped = last && *last < events.size() ? events.size() - *last : 0;
    for (std::size_t i = skipped; i < events.size() && !full(); ++i) print(client, events[i]);
    after_ = std::move(list.next);
    if (!context_.out.flush())
      throw Failure(Exit::output_failed, "the output could not be written");
  }

  void print(Client& client, const Event& event) {
    learn_names(client, event);
    if (context_.json)
      context_.out << json(event, store_uuid_, names_) << '\n';
    else
      context_.out << event_line(event, names_, wall_now()) << '\n';
    ++printed_;
  }

  /// Asks for the catalogue anew when an event names a topic that is not known. A deleted topic
  /// stays unknown, and ids are never used again: each is asked for once.
  void learn_names(Client& client, const Event& event) {
    const auto is_new = [&](const OwnedPartitions& part) {
      return names_.find(part.topic).empty() && missing_.insert(part.topic).second;
    };
    const auto assigned = std::count_if(event.assigned.begin(), event.assigned.end(), is_new);
    const auto revoked = std::count_if(event.revoked.begin(), event.revoked.end(), is_new);
    if (assigned + revoked > 0) names_ = fetch_topic_names(client);
  }

  const Events& command_;
  Context& context_;
  std::vector<std::uint64_t> after_;
  std::string store_uuid_;
  TopicNames names_;
  std::set<TopicId> missing_;
  std::uint64_t printed_ = 0;
  bool first_read_ = true;
};

}  // namespace

std::optional<std::vector<std::uint64_t>> parse_positions(std::string_view text) {
  constexpr ShardIndex most_shards = 65'536;
  std::vector<std::uint64_t> out;
  while (true) {
    const std::string_view part = text.substr(0, text.find(','));
    const std::size_t colon = part.find(':');
    ShardIndex shard = 0;
    std::uint64_t number = 0;
    if (colon == std::string_view::npos || !parse_number(part.substr(0, colon), shard) ||
        shard >= most_shards || !parse_number(part.substr(colon + 1), number))
      return std::nullopt;
    if (out.size() <= shard) out.resize(shard + 1);
    out[shard] = number;
    if (part.size() == text.size()) return out;
    text.remove_prefix(part.size() + 1);
  }
}

void run(const Events& command, Context& context) {
  if (!command.from_kafka.empty()) return run_from_kafka(command, context);
  Reader(command, context).run();
}

}  // namespace muster::cli
