#include "compare.hpp"

#include <memory>

namespace muster::sim {
namespace {

/// Whether two maps have the same keys and, by `same`, the same values.
template <class Map, class Same>
std::string differ_in(const std::string& what, const Map& a, const Map& b, Same&& same) {
  if (a.size() != b.size())
    return what + ": " + std::to_string(a.size()) + " and " + std::to_string(b.size());
  std::string found;
  a.for_each([&](const auto& key, const auto& value) {
    if (!found.empty()) return;
    const auto* other = b.find(key);
    found = other == nullptr ? what + ": one is missing" : same(value, *other);
  });
  return found;
}

template <class T>
bool equal(const std::shared_ptr<const T>& a, const std::shared_ptr<const T>& b) {
  return a == b || (a && b && *a == *b);
}

std::string differ_in_group(const std::string& name, const core::GroupView& a,
                            const core::GroupView& b) {
  if (!equal(a.record, b.record)) return "the record of group " + name;
  std::string found = differ_in("members of group " + name, a.members, b.members,
                                [&](const core::MemberView& m, const core::MemberView& n) {
                                  if (m.record->record({}) != n.record->record({}))
                                    return "a member of " + name;
                                  if (!equal(m.target, n.target)) return "a target of " + name;
                                  if (!equal(m.current, n.current)) return "holdings in " + name;
                                  return std::string{};
                                });
  if (!found.empty()) return found;
  const auto same = [&](const auto& x, const auto& y) {
    return equal(x, y) ? std::string{} : "an offset or epoch of group " + name;
  };
  found = differ_in("offsets of group " + name, a.offsets, b.offsets, same);
  return found.empty() ? differ_in("history of group " + name, a.history, b.history, same) : found;
}

/// But for what is known of this run alone: where sessions are, and whether anybody was heard.
std::string differ_in_service(const std::string& name, const core::ServiceView& a,
                              const core::ServiceView& b) {
  if (!equal(a.record, b.record)) return "the record of service " + name;
  if (a.tags != b.tags) return "the tags of service " + name;
  std::string found =
      differ_in("instances of service " + name, a.instances, b.instances,
                [&](const core::InstanceView& x, const core::InstanceView& y) {
                  return equal(x.record, y.record) ? std::string{} : "an instance of " + name;
                });
  if (!found.empty()) return found;
  return differ_in("those gone from service " + name, a.departed, b.departed,
                   [&](const auto& x, const auto& y) {
                     return equal(x, y) ? std::string{} : "one gone from " + name;
                   });
}

}  // namespace

std::string differ(const core::View& a, const core::View& b) {
  if (a.term != b.term) return "term";
  if (a.catalogue_version != b.catalogue_version) return "catalogue version";
  std::string found = differ_in(
      "topics", a.topics, b.topics,
      [](const auto& x, const auto& y) -> std::string { return equal(x, y) ? "" : "a topic"; });
  if (!found.empty()) return found;
  found = differ_in("groups", a.groups, b.groups, [](const auto& x, const auto& y) {
    return differ_in_group(x->record->id.value, *x, *y);
  });
  if (!found.empty()) return found;
  found = differ_in("services", a.services, b.services, [](const auto& x, const auto& y) {
    return differ_in_service(x->record->name.value, *x, *y);
  });
  if (!found.empty()) return found;
  found = differ_in("nodes", a.nodes, b.nodes, [](const auto& x, const auto& y) {
    return equal(x.record, y.record) ? std::string{} : "node " + x.record->name.value;
  });
  if (!found.empty()) return found;
  return differ_in("events", a.events, b.events, [](const auto& x, const auto& y) -> std::string {
    return x->number == y->number && x->kind == y->kind && x->revision == y->revision ? ""
                                                                                      : "an event";
  });
}

}  // namespace muster::sim
