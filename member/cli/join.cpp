/// `muster join`: a worker for the shell.
#include "child.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "text.hpp"

#include <muster/member.hpp>

#include <algorithm>
#include <csignal>
#include <optional>
#include <ostream>

namespace muster::cli {
namespace {

using Part = AssignmentChange::Part;

constexpr std::size_t longest_variable = 64 << 10;  // the kernel takes 128 KiB at most
constexpr Millis poll_time{200};                    // within which a signal is noticed

volatile std::sig_atomic_t interrupted = 0;

/// SIGINT and SIGTERM ask the worker to leave, as long as this lives.
class Interruption {
 public:
  Interruption() {
    interrupted = 0;
    struct sigaction ask{};
    ask.sa_handler = [](int) { interrupted = 1; };
    ::sigaction(SIGINT, &ask, &before_[0]);
    ::sigaction(SIGTERM, &ask, &before_[1]);
  }
  ~Interruption() {
    ::sigaction(SIGINT, &before_[0], nullptr);
    ::sigaction(SIGTERM, &before_[1], nullptr);
  }
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

 private:
  struct sigaction before_[2]{};
};

/// Gathers single partitions, which come sorted by topic, into one part per topic.
std::vector<Part> parts_of(const std::vector<Ownership>& list) {
  std::vector<Part> out;
  for (const Ownership& mine : list) {
    if (out.empty() || out.back().topic != mine.topic().value)
      out.push_back({mine.topic().value, {}, {}});
    out.back().partitions.push_back(mine.partition());
    out.back().tokens.push_back(mine.token());
  }
  return out;
}

std::string words(const std::vector<Part>& parts) {
  std::string out;
  for (const Part& part : parts)
    out += (out.empty() ? "" : " ") + shown(part.topic) + ":" + ranges(part.partitions);
  return out;
}

std::string line(const AssignmentChange& change) {
  std::string out = clock_time(wall_now(), wall_now()) + "  " + shown(change.member) + " ";
  if (!change.assigned.empty()) out += " gets " + words(change.assigned) + ";";
  if (!change.revoked.empty()) out += " gives up " + words(change.revoked) + ";";
  if (!change.lost.empty()) out += " has lost " + words(change.lost) + ";";
  return out + " owns " + (change.owned.empty() ? "nothing" : words(change.owned));
}

std::vector<std::pair<std::string, std::string>> variables(const AssignmentChange& change) {
  std::vector<std::pair<std::string, std::string>> out{{"MUSTER_GROUP", change.group},
                                                       {"MUSTER_MEMBER", change.member}};
  const auto add = [&](const char* name, const std::vector<Part>& parts) {
    std::string text = words(parts);
    if (text.size() < longest_variable) out.emplace_back(name, std::move(text));
  };
  add("MUSTER_OWNED", change.owned);
  add("MUSTER_ASSIGNED", change.assigned);
  add("MUSTER_REVOKED", change.revoked);
  add("MUSTER_LOST", change.lost);
  return out;
}

MemberOptions options_of(const JoinGroup& command, const ClientOptions& connection) {
  MemberOptions out;
  out.servers.clear();
  for (const ServerAddress& server : connection.servers) out.servers.push_back(server.text());
  out.group = command.group;
  out.topics = command.topics;
  out.instance_id = command.instance;
  out.client_id = command.client_id;
  out.address = command.address;
  out.session_timeout = command.session_timeout;
  out.rebalance_timeout = command.rebalance_timeout;
  out.max_poll_interval = command.max_poll_interval;
  out.weight = command.weight;
  out.zone = command.zone;
  out.assignor = command.assignor;
  out.connect_timeout = connection.timeout;
  return out;
}

class Worker {
 public:
  Worker(const JoinGroup& command, Context& context) : command_(command), context_(context) {}

  void run() {
    const Interruption interruption;
    auto joined = Member::join(options_of(command_, context_.connection), callbacks());
    if (!joined) throw refusal(joined.error());
    member_ = &*joined;
    while (interrupted == 0 && !failure_ && !enough())
      if (const auto polled = joined->poll(poll_time); !polled)
        throw Failure(Exit::membership_lost, "the membership ended (" +
                                                 std::string(to_string(polled.error().code)) +
                                                 "): " + shown(polled.error().message));
    // A member that cannot say goodbye expires: there is nothing to add to its words.
    (void)joined->leave();
    if (failure_) throw Failure(*failure_);
  }

 private:
  using List = Callbacks::List;

  Callbacks callbacks() {
    Callbacks out;
    out.on_assigned = [this](const List& list) { changed(&AssignmentChange::assigned, list); };
    out.on_revoked = [this](const List& list) { changed(&AssignmentChange::revoked, list); };
    out.on_lost = [this](const List& list) { changed(&AssignmentChange::lost, list); };
    return out;
  }

  static Failure refusal(const Error& error) {
    const Exit code = error.code == Errc::connection_lost ? Exit::unreachable : Exit::refused;
    return {code, "refused (" + std::string(to_string(error.code)) + "): " + shown(error.message)};
  }

  [[nodiscard]] bool enough() const {
    return command_.changes != 0 && changes_ >= command_.changes;
  }

  /// Runs inside poll() and leave(), through which nothing may be thrown. After a failure only the
  /// leaving is left to be told, and nobody to tell it to.
  void changed(std::vector<Part> AssignmentChange::* kind, const List& list) {
    if (failure_) return;
    ++changes_;
    AssignmentChange change;
    change.group = command_.group;
    change.member = member_->id();
    change.owned = parts_of(owned_without(kind == &AssignmentChange::assigned ? List{} : list));
    change.*kind = parts_of(list);
    if (command_.command.empty())
      print(change);
    else
      execute(change);
  }

  /// What the library lists may still hold the partitions that are on their way out.
  [[nodiscard]] List owned_without(const List& leaving) const {
    List out = member_->assignment();
    std::erase_if(out, [&](const Ownership& mine) {
      return std::find(leaving.begin(), leaving.end(), mine) != leaving.end();
    });
    return out;
  }

  void print(const AssignmentChange& change) {
    context_.out << (context_.json ? json(change) : line(change)) << std::endl;
    if (!context_.out) failure_.emplace(Exit::output_failed, "the output could not be written");
  }

  void execute(const AssignmentChange& change) {
    context_.out.flush();
    const ChildEnd end = run_child(command_.command, variables(change), json(change) + "\n");
    if (!end.ok)
      failure_.emplace(Exit::command_failed,
                       "command " + shown(command_.command.front()) + " " + end.words);
  }

  const JoinGroup& command_;
  Context& context_;
  Member* member_ = nullptr;
  std::uint64_t changes_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace

void run(const JoinGroup& command, Context& context) {
  Worker(command, context).run();
}

}  // namespace muster::cli
