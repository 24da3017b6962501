/// A member that owns nothing and commits all the same, with tokens that are others'.
///
/// libmuster refuses late commits by itself, so workers seldom show whether the broker would. This
/// one speaks the protocol: it joins with weight 0, reads who holds what under which token, and
/// tries to commit with just these tokens, and with those of the past. Not one may be accepted.
#pragma once

#include "history.hpp"

#include <client.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace muster::chaos {

class Rogue {
 public:
  explicit Rogue(std::string address);
  ~Rogue();
  Rogue(const Rogue&) = delete;
  Rogue& operator=(const Rogue&) = delete;

  /// Ends the thread, and adds what it got to the history.
  void finish(History& history);

 private:
  void run();
  void enter(cli::Client& client);
  void look_around(cli::Client& client);
  void commit(cli::Client& client, const OffsetCommit& offset);
  bool wait();
  void end();

  const std::string address_;
  MemberId member_;  // empty until it has joined
  SessionHandle session_;
  std::uint32_t sequence_ = 0;
  std::map<TopicPartition, Token> present_;
  std::map<TopicPartition, Token> past_;
  std::vector<Ack> accepted_;
  std::uint64_t refused_ = 0;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace muster::chaos
