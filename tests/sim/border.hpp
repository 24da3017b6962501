/// One connection as the host sees it: everything that leaves the broker passes here, and is judged
/// before it goes on its way.
#pragma once

#include "network.hpp"

#include "broker/host.hpp"

namespace muster::sim {

/// What is checked: nothing leaves that a crash could take back (D3), refusals included; what is
/// said is what is durable (C1, C2) and what readers already see (E4); nobody who is out is treated
/// as if he were in (B3).
class Border final : public broker::Peer {
 public:
  Border(World& world, std::uint32_t line) : world_(world), line_(line) {}

  void answer(std::uint64_t correlation, const ReplyBody& body) override;
  [[nodiscard]] bool push(const PushBody& body) override;
  void flush() override {}

 private:
  void judge(const Asked& asked, const HeartbeatOk& ok);
  void judge(const Asked& asked, const JoinOk& ok);
  void judge(const Asked& asked, const ResumeOk& ok);
  void judge(const Asked& asked, const Done& done);
  void judge(const Asked& asked, const TopicChanged& changed);
  void judge(const Asked& asked, const Refusal& refusal);
  template <class Other>
  void judge(const Asked&, const Other&) {}
  void judge_step(const Step& step);
  void judge_commit(const Life& life, const Commit& commit);
  void accept(const Asked& asked);
  [[nodiscard]] const core::GroupView* seen(const std::string& group) const;

  World& world_;
  std::uint32_t line_;
};

}  // namespace muster::sim
