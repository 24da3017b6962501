/// Kafka's data, muster's coordination: shares a topic of Kafka with others and counts its lines.
///
///   kafka_worker SERVER GROUP TOPIC KAFKA        (SERVER, KAFKA: HOST:PORT)
///
/// muster says which partitions are whose; librdkafka reads exactly those. What was counted is
/// committed to muster together with the offset up to which it was, under the partition's fencing
/// token: so whoever is killed, paused or cut off, each line is in the result exactly once.
#include "consumer.hpp"
#include "tally.hpp"

#include <muster/member.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <optional>
#include <stdexcept>
#include <vector>

namespace {

using kafka_example::Consumer;
using kafka_example::Tally;

std::atomic<bool> stop = false;

class Worker {
 public:
  explicit Worker(char** words) : topic_(words[3]), consumer_(words[4], topic_) {
    muster::Callbacks callbacks;
    callbacks.on_assigned = [this](const auto& list) { take(list); };
    callbacks.on_revoked = [this](const auto& list) { give_up(list); };
    callbacks.on_lost = [this](const auto& list) { forget(list); };
    member_ = muster::Member::join({.servers = {words[1]},
                                    .group = words[2],
                                    .topics = {topic_},
                                    .session_timeout = muster::Millis{3'000}},
                                   callbacks)
                  .value();
  }

  void run() {
    while (!stop) {
      member_->poll(muster::Millis{0}).value();
      if (dirty_) consumer_.assign(wanted());
      dirty_ = false;
      consumer_.poll(20, 1'000, [this](auto partition, auto offset, auto line) {
        count(partition, offset, line);
      });
      commit();
    }
    (void)member_->leave();
  }

 private:
  struct Part {
    muster::Ownership owned;
    muster::Offset next = 0;
    Tally tally;
    muster::Offset committed = 0;
  };
  using List = std::vector<muster::Ownership>;

  void take(const List& list) {
    const auto committed = member_->committed(list).value();
    for (std::size_t i = 0; i < list.size(); ++i) {
      Part part{list[i], 0, {}, 0};
      if (committed[i].offset >= 0) {
        part.next = part.committed = committed[i].offset;
        part.tally = kafka_example::tally_from(committed[i].metadata).value();
      }
      parts_.insert_or_assign(list[i].partition(), part);
    }
    dirty_ = true;
  }

  /// Others get them once this returns, so what was counted must be committed by then. If that
  /// fails, nothing is lost: they count it again.
  void give_up(const List& list) {
    std::vector<muster::OffsetToCommit> offsets;
    for (const muster::Ownership& owned : list)
      if (const auto it = parts_.find(owned.partition()); it != parts_.end())
        add_commit(it->second, offsets);
    if (!offsets.empty()) (void)member_->commit(offsets);
    forget(list);
  }

  void forget(const List& list) {
    for (const muster::Ownership& owned : list) parts_.erase(owned.partition());
    dirty_ = true;
  }

  void count(std::int32_t partition, std::int64_t offset, std::string_view line) {
    const auto it = parts_.find(partition);
    if (it == parts_.end() || offset < it->second.next) return;  // from before the last assign()
    it->second.tally.add(line);
    it->second.next = offset + 1;
  }

  static void add_commit(Part& part, std::vector<muster::OffsetToCommit>& offsets) {
    if (part.next == part.committed || !part.owned.valid()) return;
    offsets.push_back({part.owned, part.next, to_text(part.tally)});
    part.committed = part.next;
  }

  void commit() {
    std::vector<muster::OffsetToCommit> offsets;
    for (auto& [partition, part] : parts_) add_commit(part, offsets);
    if (offsets.empty()) return;
    // One that is refused says that a partition is lost; on_lost follows. The others are committed
    // with their next lines, or when they are given up.
    member_->commit_async(offsets, [this, offsets](const muster::Outcome<void>& done) {
      if (done) return;
      for (const auto& one : offsets)
        if (const auto it = parts_.find(one.partition.partition());
            it != parts_.end() && it->second.owned.token() == one.partition.token())
          it->second.committed = -1;
    });
  }

  [[nodiscard]] std::map<std::int32_t, std::int64_t> wanted() const {
    std::map<std::int32_t, std::int64_t> out;
    for (const auto& [partition, part] : parts_) out[partition] = part.next;
    return out;
  }

  std::string topic_;
  Consumer consumer_;
  std::optional<muster::Member> member_;
  std::map<std::int32_t, Part> parts_;
  bool dirty_ = true;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s SERVER GROUP TOPIC KAFKA\n", argv[0]);
    return 64;
  }
  std::signal(SIGINT, [](int) { stop = true; });
  std::signal(SIGTERM, [](int) { stop = true; });
  try {
    Worker(argv).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
  return 0;
}
