#include "admission.hpp"

#include <algorithm>
#include <string>

namespace muster::broker {
namespace {

bool is_present(const Join& join, const core::View* view) {
  if (view == nullptr || join.member.empty()) return false;
  const auto* const group = view->groups.find(join.group.value);
  return group != nullptr && (*group)->members.find(join.member.value) != nullptr;
}

bool is_present(const Register& request, const core::View* view) {
  if (view == nullptr) return false;
  const auto* const service = view->services.find(request.service.value);
  return service != nullptr &&
         (*service)->instances.find(std::string_view{request.instance.value}) != nullptr;
}

struct Adds {
  const core::View* present;

  bool operator()(const Join& join) const { return !is_present(join, present); }
  bool operator()(const Register& request) const { return !is_present(request, present); }
  bool operator()(const RegisterNode& request) const {
    return present == nullptr || present->nodes.find(request.node.value) == nullptr;
  }
  bool operator()(const Commit&) const { return true; }
  bool operator()(const CreateTopic&) const { return true; }
  bool operator()(const GrowTopic&) const { return true; }
  bool operator()(const AlterGroup&) const { return true; }
  bool operator()(const AlterOffsets& alter) const {
    return std::any_of(alter.offsets.begin(), alter.offsets.end(),
                       [](const OffsetCommit& o) { return o.offset >= 0; });
  }
  template <class FreesOrKeeps>
  bool operator()(const FreesOrKeeps&) const {
    return false;
  }
};

}  // namespace

bool adds_state(const Request& request, const core::View* present) {
  return std::visit(Adds{present}, request);
}

std::optional<Refusal> refuse(const Request& request, const core::View* present,
                              const Pressure& pressure) {
  if (!pressure.any() || !adds_state(request, present)) return std::nullopt;
  if (pressure.space_low) {
    return Refusal{Errc::store_full, "free space of the store " +
                                         std::to_string(pressure.free_bytes) +
                                         " bytes is below the reserve of " +
                                         std::to_string(pressure.min_free_bytes) + " bytes"};
  }
  return Refusal{Errc::overloaded, std::to_string(pressure.unsynced_bytes) +
                                       " bytes wait for the disk, above the bound of " +
                                       std::to_string(pressure.max_unsynced_bytes) + " bytes"};
}

}  // namespace muster::broker
