/// What the run sees of the group, all of it from the broker: who owns what, how far it has come,
/// and what happened.
#pragma once

#include "assemble.hpp"
#include "manifest.hpp"

#include <muster/messages.hpp>

#include <client.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace backup {

struct WorkerView {
  std::string name;
  muster::MemberId id;
  muster::Status status = muster::Status::starting;
  std::map<int, muster::Token> owned;  ///< Partitions and their tokens.
  std::set<int> unfinished;            ///< Those of `owned` that are not archived to their end.
};

struct Picture {
  std::vector<WorkerView> workers;  ///< By name.
  CommittedPartitions committed;
  std::size_t done = 0;  ///< Entries, over all partitions.
  muster::Epoch epoch = 0;

  [[nodiscard]] const WorkerView* find(const std::string& name) const;
  /// Whether each of the partitions has an owner other than the member `not_this`.
  [[nodiscard]] bool owned_by_others(const std::set<int>& partitions,
                                     const muster::MemberId& not_this) const;
};

class Watch {
 public:
  Watch(std::string server, std::string group, const Manifest& manifest);

  /// Asks the broker. False: it is not there now; the picture stays as it was.
  bool refresh();
  [[nodiscard]] const Picture& picture() const { return picture_; }
  [[nodiscard]] std::size_t total() const { return total_; }

  /// The group's events since the last call.
  [[nodiscard]] std::vector<muster::Event> take_events();
  /// Every expulsion since the beginning: member id → reason.
  [[nodiscard]] const std::map<std::string, muster::Reason>& expelled() const { return expelled_; }
  /// A member's own name; its id if it was never seen.
  [[nodiscard]] std::string name_of(const std::string& member) const;
  /// The text with members' names in place of their ids.
  [[nodiscard]] std::string with_names(std::string text) const;

  /// Declares the topic, before any worker joins.
  muster::TopicId create_topic(const std::string& name, int partitions);

  /// Asks the broker itself to take a commit under a token that is not current any more, from a
  /// member that takes no work. Gives what it says to that: stale_token, or ok if it took it.
  [[nodiscard]] muster::Errc commit_with(muster::Token token, int partition,
                                         const std::string& topic);

 private:
  void ask();
  void read_events();
  muster::cli::Client& client();

  const std::string server_;
  const muster::GroupId group_;
  const Manifest& manifest_;
  const std::size_t total_;
  muster::TopicId topic_;
  std::unique_ptr<muster::cli::Client> client_;
  Picture picture_;
  std::vector<std::uint64_t> after_;
  std::vector<muster::Event> events_;
  std::map<std::string, muster::Reason> expelled_;
  std::map<std::string, std::string> names_;
};

}  // namespace backup
