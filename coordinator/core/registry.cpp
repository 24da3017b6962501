#include "registry.hpp"

#include <algorithm>

namespace muster::core {
namespace {

void put(Packer& out, const InstanceKey& key) {
  out.put(key.first), out.put(key.second);
}
InstanceKey get_key(Unpacker& in) {
  std::string service = in.text();
  return {std::move(service), in.text()};
}

/// Calls f for each thing that follows.
template <class F>
void each(Unpacker& in, F&& f) {
  for (std::size_t n = in.count(1); n > 0 && in.ok(); --n) f();
}

}  // namespace

std::optional<SessionTime> Registry::next_deadline() const {
  std::optional<SessionTime> next;
  const auto sooner = [&](SessionTime at) { next = next ? std::min(*next, at) : at; };
  if (!halvings.empty()) sooner(halvings.begin()->first);
  for (const auto& [service, protection] : protections) sooner(protection.until);
  if (!orphans.empty()) sooner(orphans.begin()->first);
  if (!gone.empty()) sooner(gone.front().until);
  return next;
}

void Registry::pack(Packer& out) const {
  out.put(std::uint64_t{damping.size()});
  for (const auto& [key, one] : damping) {
    put(out, key), out.put(one.score), out.put(one.halves_at), out.put(one.rising_since);
  }
  out.put(std::uint64_t{protections.size()});
  for (const auto& [service, protection] : protections) {
    out.put(service), out.put(protection.until), out.put(protection.ending);
  }
  out.put(std::uint64_t{nodes.size()});
  for (const auto& [name, node] : nodes) {
    out.put(name), out.put(node.from), out.put(node.status);
  }
  out.put(std::uint64_t{orphans.size()});
  for (const auto& [at, node] : orphans) out.put(at), out.put(node);
  out.put(std::uint64_t{gone.size()});
  for (const Gone& one : gone) out.put(one.until), put(out, one.who), out.put(one.number);
  out.put(std::uint64_t{unsure.size()});
  for (const std::string& service : unsure) out.put(service);
  out.put(std::uint64_t{probes.size()});
  for (const auto& [key, one] : probes) {
    put(out, key), out.put(one.incarnation), out.put(std::uint64_t{one.checks.size()});
    for (const Probes::One& check : one.checks) {
      out.put(check.missed), out.put(check.bad), out.put(check.passed), out.put(check.status);
      out.put(check.answered);
    }
  }
}

void Registry::unpack(Unpacker& in) {
  each(in, [&] {
    const InstanceKey key = get_key(in);
    Damping one;
    one.score = in.get<std::uint32_t>();
    one.halves_at = in.get<SessionTime>(), one.rising_since = in.get<SessionTime>();
    damping[key] = one;
    halvings.emplace(one.halves_at, key);
  });
  each(in, [&] {
    const std::string service = in.text();
    Protection& protection = protections[service];
    protection.until = in.get<SessionTime>();
    protection.ending = in.truth();
  });
  each(in, [&] {
    const std::string name = in.text();
    ForeignNode& node = nodes[name];
    node.from = in.get<ShardIndex>(), node.status = in.get<Status>();
  });
  each(in, [&] {
    const auto at = in.get<SessionTime>();
    orphans.emplace(at, in.text());
  });
  each(in, [&] {
    Gone one;
    one.until = in.get<SessionTime>(), one.who = get_key(in);
    one.number = in.get<std::uint64_t>();
    gone.push_back(std::move(one));
  });
  each(in, [&] { unsure.insert(in.text()); });
  each(in, [&] {
    Probes& one = probes[get_key(in)];
    one.incarnation = in.get<Incarnation>();
    each(in, [&] {
      Probes::One check;
      check.missed = in.get<std::uint8_t>(), check.bad = in.get<std::uint8_t>();
      check.passed = in.get<std::uint8_t>(), check.status = in.get<Status>();
      check.answered = in.get<SessionTime>();
      one.checks.push_back(check);
    });
  });
}

}  // namespace muster::core
