/// The outside system that workers write to: it enforces fencing as a database with a token column
/// would, and remembers everything that it was asked.
///
/// A worker that was stopped between valid() and its write gets through to here; only the token
/// tells that it is late. So the sink is a socket, not a shared file with a lock: a stopped worker
/// must be able to be late, and must not hold up the others.
#pragma once

#include "history.hpp"

#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace muster::chaos {

struct WriteRequest {
  PartitionIndex partition = 0;
  Token token = 0;
  std::int64_t number = 0;
};

class Sink {
 public:
  explicit Sink(const std::string& path);  ///< Listens there, on a thread of its own.
  ~Sink();
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  /// Ends the thread and gives what came, in order. A partition's progress is asked before that.
  std::vector<Write> finish();
  /// Whether each partition below `partitions` had an accepted write after `since`.
  [[nodiscard]] bool all_wrote_since(Stamp since, std::int32_t partitions) const;

 private:
  void serve();
  void accept_worker();
  bool serve_worker(int socket);

  int listener_ = -1;
  int stop_[2] = {-1, -1};
  std::map<int, Pid> workers_;  // by socket
  std::map<PartitionIndex, Token> highest_;
  mutable std::mutex mutex_;
  std::vector<Write> writes_;               // under the mutex, as is
  std::map<PartitionIndex, Stamp> newest_;  // the time of each partition's last accepted write
  std::thread thread_;
};

/// A worker's end of it.
class SinkClient {
 public:
  explicit SinkClient(const std::string& path);
  ~SinkClient();
  SinkClient(const SinkClient&) = delete;
  SinkClient& operator=(const SinkClient&) = delete;

  /// Blocks for the answer: false if the token is older than one that the sink has seen.
  [[nodiscard]] bool write(const WriteRequest& request) const;

 private:
  int socket_ = -1;
};

}  // namespace muster::chaos
