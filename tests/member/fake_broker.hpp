/// A broker for tests of the library: real sockets and real frames, answers as the test wants them.
///
/// By itself it greets, admits every member, answers heartbeats, commits and queries. Switches make
/// it stall, refuse, forget or hang up; `grant` says what a member owns.
#pragma once

#include "codec.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace muster::member {

class FakeBroker {
 public:
  using Grants = std::vector<std::pair<PartitionIndex, Token>>;

  FakeBroker();  ///< Listens on a free port of 127.0.0.1.
  ~FakeBroker();
  FakeBroker(const FakeBroker&) = delete;
  FakeBroker& operator=(const FakeBroker&) = delete;

  [[nodiscard]] std::string address() const;

  // What it does. Any thread, any time.
  void answer_nothing(bool silent);  ///< Not even Hello.
  void answer_beats(bool answered);
  void answer_commits(bool answered);
  void refuse_joins(std::optional<Refusal> refusal);
  void forget_members();  ///< As a broker that lost its data.
  void know_topic(const TopicName& name, const TopicId& id);
  void set_committed(PartitionIndex partition, Offset offset);
  void hang_up();       ///< Closes every connection; new ones are welcome.
  void send_garbage();  ///< To every connection.

  /// The member's next step: partitions of topic_id(1), pushed now and after each Resume.
  void grant(const MemberId& member, const Grants& assigned, const Grants& revoking = {},
             std::uint32_t revoke_ms_left = 60'000);
  void push(const PushBody& body);  ///< To every connection.

  // What it saw.
  [[nodiscard]] std::vector<wire::Hello> hellos();
  [[nodiscard]] std::vector<MemberId> members();  ///< In the order in which they joined.
  template <class T>
  [[nodiscard]] std::vector<T> received() {
    const std::lock_guard lock(mutex_);
    std::vector<T> all;
    for (const Request& request : requests_)
      if (const auto* r = std::get_if<T>(&request)) all.push_back(*r);
    return all;
  }
  [[nodiscard]] SessionHandle handle_of(const MemberId& member);

  /// Waits until `condition` holds, looking again at everything that comes in. False after 20 s.
  [[nodiscard]] bool wait(const std::function<bool()>& condition);
  /// Waits until this many requests of the kind have come.
  template <class T>
  [[nodiscard]] bool wait_for(std::size_t count = 1) {
    return wait([&] { return received<T>().size() >= count; });
  }

 private:
  struct Peer {
    int socket = -1;
    std::thread thread;
    std::mutex writing;
  };
  void accept_all();
  void serve(Peer& peer);
  void handle(Peer& peer, const wire::Frame& frame);
  void handle(Peer& peer, std::uint64_t correlation, const Request& request);
  void handle(Peer& peer, std::uint64_t correlation, const Query& query);
  void reply(Peer& peer, std::uint64_t correlation, const ReplyBody& body);
  static void write(Peer& peer, const wire::Bytes& bytes);
  void to_all(const wire::Bytes& bytes);

  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread acceptor_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::vector<wire::Hello> hellos_;
  std::vector<Request> requests_;
  std::vector<MemberId> members_;
  std::map<MemberId, SessionHandle> handles_;
  std::map<MemberId, Join> joins_;
  std::map<MemberId, Step> steps_;
  std::map<std::string, TopicId> topics_;
  std::map<PartitionIndex, Offset> committed_;
  std::optional<Refusal> join_refusal_;
  std::uint64_t next_handle_ = 1;
  bool silent_ = false;
  bool beats_ = true;
  bool commits_ = true;
  bool closing_ = false;
};

}  // namespace muster::member
