#include "allow.hpp"

namespace muster::core {
namespace {

struct WishOf {
  Wish operator()(const Heartbeat&) const { return {Action::member, {}}; }
  Wish operator()(const Pong&) const { return {Action::member, {}}; }
  Wish operator()(const Release&) const { return {Action::member, {}}; }
  Wish operator()(const Update&) const { return {Action::member, {}}; }
  Wish operator()(const Leave&) const { return {Action::member, {}}; }
  Wish operator()(const Commit&) const { return {Action::commit, {}}; }
  Wish operator()(const Join& r) const { return {Action::member, r.group.value}; }
  Wish operator()(const Resume& r) const { return {Action::member, r.group.value}; }
  Wish operator()(const CreateTopic& r) const { return {Action::administer, r.topic.value}; }
  Wish operator()(const GrowTopic& r) const { return {Action::administer, r.topic.value}; }
  Wish operator()(const DeleteTopic& r) const { return {Action::administer, r.topic.value}; }
  Wish operator()(const AlterOffsets& r) const { return {Action::commit, r.group.value}; }
  Wish operator()(const DeleteGroup& r) const { return {Action::administer, r.group.value}; }
  Wish operator()(const ExpelMember& r) const { return {Action::administer, r.group.value}; }
  Wish operator()(const AlterGroup& r) const { return {Action::administer, r.group.value}; }
  Wish operator()(const Register& r) const { return {Action::serve, r.service.value}; }
  Wish operator()(const BeatInstance& r) const { return {Action::serve, r.service.value}; }
  Wish operator()(const Report& r) const { return {Action::serve, r.service.value}; }
  Wish operator()(const Deregister& r) const { return {Action::serve, r.service.value}; }
  Wish operator()(const RegisterNode& r) const { return {Action::serve, r.node.value}; }
  Wish operator()(const BeatNode& r) const { return {Action::serve, r.node.value}; }
  Wish operator()(const DeregisterNode& r) const { return {Action::serve, r.node.value}; }
  Wish operator()(const SetMaintenance& r) const { return {Action::administer, r.service.value}; }
  Wish operator()(const EndProtection& r) const { return {Action::administer, r.service.value}; }
};

}  // namespace

Wish wish_of(const Request& request) {
  return std::visit(WishOf{}, request);
}

bool allow(const Principal& /*principal*/, const Wish& /*wish*/) {
  return true;
}

}  // namespace muster::core
