/// A worker in C++: joins a group, works on what it owns, commits, leaves on SIGINT or SIGTERM.
///
///   worker SERVER GROUP TOPIC
#include <muster/member.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <optional>

namespace {

std::atomic<bool> stop = false;

/// Whatever a real worker does with item number `offset`; an outside system gets the token along.
void work(const muster::Ownership& mine, muster::Offset offset) {
  std::printf("partition %d: item %lld under token %llu\n", mine.partition(),
              static_cast<long long>(offset), static_cast<unsigned long long>(mine.token()));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s SERVER GROUP TOPIC\n", argv[0]);
    return 64;
  }
  std::signal(SIGINT, [](int) { stop = true; });
  std::signal(SIGTERM, [](int) { stop = true; });

  std::optional<muster::Member> member;
  std::map<muster::PartitionIndex, muster::Offset> next;  // the next item of each partition
  muster::Callbacks callbacks;
  callbacks.on_assigned = [&](const std::vector<muster::Ownership>& list) {
    const auto committed = member->committed(list).value();
    for (std::size_t i = 0; i < list.size(); ++i)
      next[list[i].partition()] = committed[i].offset < 0 ? 0 : committed[i].offset;
  };

  auto joined = muster::Member::join({.servers = {argv[1]}, .group = argv[2], .topics = {argv[3]}},
                                     callbacks);
  if (!joined) {
    std::fprintf(stderr, "%s\n", joined.error().message.c_str());
    return 1;
  }
  member = std::move(*joined);

  while (!stop) {
    if (const auto polled = member->poll(muster::Millis{50}); !polled) {
      std::fprintf(stderr, "%s\n", polled.error().message.c_str());
      return 1;
    }
    for (const muster::Ownership& mine : member->assignment()) {
      if (!mine.valid()) continue;
      muster::Offset& item = next[mine.partition()];
      work(mine, item);
      if (mine.valid()) member->commit_async({{mine, ++item}});
    }
  }
  return member->leave() ? 0 : 1;
}
