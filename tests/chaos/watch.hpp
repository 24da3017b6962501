/// A worker's second thread: asks valid() of all it was given, all the time, and notices when the
/// process itself was not scheduled.
#pragma once

#include "journal.hpp"

#include <muster/ownership.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace muster::chaos {

class Watch {
 public:
  explicit Watch(Journal& journal);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// From now on this grant is watched, until it is no longer valid.
  void add(const Ownership& mine);

 private:
  struct Watched {
    Ownership mine;
    Hold hold;
    Stamp told = 0;
  };
  void run();
  bool look_at(Watched& watched);

  Journal& journal_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::map<std::pair<PartitionIndex, Token>, Watched> watched_;
  std::thread thread_;
};

}  // namespace muster::chaos
