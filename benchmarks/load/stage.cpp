#include "stage.hpp"

#include "fleet.hpp"

#include <algorithm>
#include <random>

namespace muster::load {
namespace {

constexpr std::chrono::seconds answer_time{60};  // a million partitions take their time

std::string new_name() {
  constexpr char digits[] = "0123456789abcdef";
  std::random_device random;
  std::string name = "load-";
  for (int i = 0; i < 8; ++i) name += digits[random() % 16];
  return name;
}

cli::Client control(const Target& target) {
  return cli::Client(
      {.servers = {{target.host, std::to_string(target.port)}}, .timeout = answer_time});
}

}  // namespace

Stage::Stage(const Target& target, const FleetShape& shape)
    : name_(new_name()), groups_(shape.groups), client_(control(target)) {
  const CreateTopic request{TopicName(name_), shape.partitions};
  (void)client_.ask<TopicChanged>(Request{request});
}

Stage::~Stage() {
  try {
    for (std::uint32_t g = 0; g < groups_; ++g) {
      const DeleteGroup request{GroupId(group(g))};
      (void)client_.ask<Done>(Request{request});
    }
    (void)client_.ask<TopicChanged>(Request{DeleteTopic{TopicName(name_)}});
  } catch (const cli::Failure&) {
    // A scenario whose members stay until they expire leaves its groups behind.
  }
}

bool Stage::all_stable() const {
  const auto list = client_.ask<GroupList>(Query{ListGroups{name_ + "-"}});
  return list.groups.size() == groups_ &&
         std::all_of(list.groups.begin(), list.groups.end(),
                     [](const auto& group) { return group.state == GroupState::stable; });
}

Cpu::Cpu(pid_t broker)
    : broker_(broker), before_(broker == 0 ? 0 : cpu_seconds_of_process(broker)) {}

double Cpu::seconds() const {
  return broker_ == 0 ? 0 : cpu_seconds_of_process(broker_) - before_;
}

double Cpu::per_million(std::uint64_t count) const {
  return count == 0 ? 0 : seconds() / static_cast<double>(count) * 1e6;
}

}  // namespace muster::load
