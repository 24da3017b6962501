#include "reload.hpp"

#include <algorithm>

namespace muster::agent {
namespace {

const ServiceSpec* find(const std::vector<ServiceSpec>& list, const ServiceSpec& like) {
  const auto it = std::find_if(list.begin(), list.end(), [&](const ServiceSpec& one) {
    return one.instance == like.instance && one.service == like.service;
  });
  return it == list.end() ? nullptr : &*it;
}

}  // namespace

Changes changes_between(const std::vector<ServiceSpec>& before,
                        const std::vector<ServiceSpec>& after) {
  Changes out;
  for (const ServiceSpec& one : before)
    if (find(after, one) == nullptr) out.removed.push_back(one.instance);
  for (const ServiceSpec& one : after) {
    const ServiceSpec* const was = find(before, one);
    if (was == nullptr)
      out.added.push_back(one);
    else if (*was != one)
      out.changed.push_back(one);
  }
  return out;
}

std::optional<std::string> needs_new_start(const AgentSpec& before, const AgentSpec& after) {
  if (before.node != after.node)
    return "node " + before.node.value + " cannot become " + after.node.value +
           " while the agent runs";
  if (before.address != after.address || before.zone != after.zone ||
      before.session_timeout != after.session_timeout)
    return "address, zone and session_timeout of the node cannot change while the agent runs";
  return std::nullopt;
}

}  // namespace muster::agent
