/// `muster events`: what has happened, and what happens, in order.
#include "backoff.hpp"
#include "client.hpp"
#include "commands.hpp"
#include "event_line.hpp"
#include "json.hpp"
#include "text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <ostream>
#include <set>

namespace muster::cli {
namespace {

constexpr std::uint32_t page = 1'000;
constexpr std::chrono::hours quiet{
    24};  // a follower waits so long for the next event, then waits again

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
        silent_ = false;
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

  [[nodiscard]] ReadEvents query(bool follow) const {
    const std::uint64_t left =
        command_.limit == 0 ? page : std::min<std::uint64_t>(page, command_.limit - printed_);
    ReadEvents out;
    out.after = after_;
    if (command_.group) out.group = GroupId(*command_.group);
    out.limit = follow ? page : static_cast<std::uint32_t>(left);
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

  /// Pages through all that is kept, up to the present end.
  void read_kept(Client& client) {
    while (!full()) {
      const std::vector<std::uint64_t> before = after_;
      print(client, client.ask<EventList>(Query{query(false)}));
      if (after_ == before) return;
    }
  }

  void follow(Client& client) {
    const std::uint64_t correlation = client.follow(Query{query(true)});
    while (!full()) {
      auto body = client.next(correlation, std::chrono::steady_clock::now() + quiet);
      if (body) print(client, Client::as<EventList>(std::move(*body)));
    }
  }

  void print(Client& client, const EventList& list) {
    // With --new the first pages only move the position.
    const bool silent = command_.only_new && silent_;
    for (const Event& event : list.events) {
      if (silent || full()) break;
      learn_names(client, event);
      if (context_.json)
        context_.out << json(event, store_uuid_, names_) << '\n';
      else
        context_.out << event_line(event, names_, wall_now()) << '\n';
      ++printed_;
    }
    after_ = list.next;
    if (!context_.out.flush())
      throw Failure(Exit::output_failed, "the output could not be written");
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
  bool silent_ = true;
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
  Reader(command, context).run();
}

}  // namespace muster::cli
