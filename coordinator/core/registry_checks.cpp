#include "registry_checks.hpp"

#include "allow.hpp"
#include "handle.hpp"
#include "names.hpp"

#include <algorithm>

namespace muster::core {
namespace {

bool refuse_name(Turn& turn, std::string_view kind, const std::string& name,
                 std::string_view rule) {
  turn.refuse(Errc::invalid_name, named(kind, name) + " is not " + std::string{rule});
  return false;
}

constexpr std::string_view id_rule = "1-249 bytes of UTF-8 without control characters";

bool valid_short_text(Turn& turn, std::string_view what, const std::string& text,
                      std::size_t most) {
  if (valid_text(text, most)) return true;
  turn.refuse(Errc::invalid_request, named(what, text) +
                                         " is not UTF-8 without control characters of at most " +
                                         std::to_string(most) + " bytes");
  return false;
}

bool few_enough(Turn& turn, std::string_view what, std::size_t count, std::size_t most) {
  if (count <= most) return true;
  turn.refuse(Errc::limit_reached, std::to_string(count) + " " + std::string{what} +
                                       " of one instance are above the maximum " +
                                       std::to_string(most));
  return false;
}

bool valid_tags(Turn& turn, const std::vector<std::string>& tags) {
  if (!few_enough(turn, "tags", tags.size(), turn.limits().max_tags)) return false;
  for (const std::string& tag : tags) {
    if (tag.empty()) return refuse_name(turn, "tag", tag, "at least one byte long");
    if (!valid_short_text(turn, "tag", tag, turn.limits().max_tag)) return false;
  }
  return true;
}

bool valid_meta(Turn& turn, const std::vector<MetaEntry>& meta) {
  if (!few_enough(turn, "meta entries", meta.size(), turn.limits().max_meta)) return false;
  for (const MetaEntry& entry : meta) {
    if (entry.key.empty())
      return refuse_name(turn, "meta key", entry.key, "at least one byte long");
    if (!valid_short_text(turn, "meta key", entry.key, turn.limits().max_meta_key) ||
        !valid_short_text(turn, "meta value", entry.value, turn.limits().max_meta_value))
      return false;
  }
  std::vector<std::string_view> keys;
  for (const MetaEntry& entry : meta) keys.emplace_back(entry.key);
  std::sort(keys.begin(), keys.end());
  const auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return true;
  turn.refuse(Errc::invalid_request, named("meta key", *twice) + " is there twice");
  return false;
}

bool valid_check(Turn& turn, const Check& check) {
  const Limits& limits = turn.limits();
  const auto refuse = [&](std::string words) {
    turn.refuse(Errc::out_of_range, std::move(words));
    return false;
  };
  if (check.kind != Check::Kind::tcp && check.kind != Check::Kind::http)
    return refuse("a check is of kind tcp (1) or http (2), not " +
                  std::to_string(static_cast<int>(check.kind)));
  if (!within(turn, "a check's interval", check.interval, limits.min_check_interval,
              limits.max_check_interval) ||
      !within(turn, "a check's timeout", check.timeout, Millis{1}, check.interval) ||
      !within(turn, "what a check finds slow", check.slow, Millis{0}, check.timeout) ||
      !valid_short_text(turn, "a check's path", check.path, limits.max_check_path))
    return false;
  if (check.kind == Check::Kind::tcp && !check.path.empty())
    return refuse("a check of kind tcp has no path, but this has " + quoted(check.path));
  if (!check.path.empty() &&
      (check.path.front() != '/' || check.path.find(' ') != std::string::npos))
    return refuse("a check's path begins with '/' and has no spaces; " + quoted(check.path) +
                  " does not");
  if (check.falls >= 1 && check.falls <= 100 && check.rises >= 1 && check.rises <= 100) return true;
  return refuse("a check falls and rises after 1 to 100 answers, not after " +
                std::to_string(check.falls) + " and " + std::to_string(check.rises));
}

bool valid_checks(Turn& turn, const InstanceInfo& info) {
  if (!few_enough(turn, "checks", info.checks.size(), turn.limits().max_checks)) return false;
  for (const Check& check : info.checks) {
    if (!valid_check(turn, check)) return false;
    if (check.port != 0 || info.port != 0) continue;
    turn.refuse(Errc::invalid_request, "a check names no port, and neither does its instance");
    return false;
  }
  return true;
}

bool valid_info(Turn& turn, const InstanceInfo& info) {
  const Limits& limits = turn.limits();
  if (!info.node.empty() && !valid_id(info.node.value))
    return refuse_name(turn, "node", info.node.value, id_rule);
  if (info.weight > limits.max_weight) {
    turn.refuse(Errc::out_of_range, "weight " + std::to_string(info.weight) +
                                        " is above the maximum " +
                                        std::to_string(limits.max_weight));
    return false;
  }
  return valid_short_text(turn, "address", info.address, limits.max_address) &&
         valid_short_text(turn, "zone", info.zone, limits.max_client_text) &&
         valid_tags(turn, info.tags) && valid_meta(turn, info.meta) && valid_checks(turn, info);
}

bool valid_timeout(Turn& turn, Millis timeout) {
  return within(turn, "session timeout", timeout, turn.limits().min_session_timeout,
                turn.limits().max_session_timeout);
}

bool has_room(Turn& turn, const Register& request) {
  const Limits& limits = turn.limits();
  const RegistryState& registry = turn.state().registry();
  const auto full = [&](std::string_view what, std::uint64_t most) {
    turn.refuse(Errc::limit_reached,
                std::string{what} + " has reached its maximum of " + std::to_string(most));
    return false;
  };
  const Service* service = registry.service(request.service.value);
  if (service == nullptr && registry.services().size() >= limits.max_services)
    return full("the number of services of this shard", limits.max_services);
  if (service != nullptr &&
      service->instances.find(std::string_view{request.instance.value}) != nullptr)
    return true;
  if (registry.instances() >= limits.max_instances)
    return full("the number of instances of this shard", limits.max_instances);
  if (service != nullptr && service->instances.size() >= limits.max_service_size)
    return full("the size of " + named("service", request.service.value), limits.max_service_size);
  return true;
}

}  // namespace

bool valid_registration(Turn& turn, const Register& request) {
  if (!valid_service_name(request.service.value))
    return refuse_name(turn, "service", request.service.value,
                       "a DNS label in lower case: 1-63 of a-z 0-9 - without - at an end");
  if (!request.instance.empty() && !valid_id(request.instance.value))
    return refuse_name(turn, "instance", request.instance.value, id_rule);
  if (!valid_info(turn, request.info) ||
      !valid_short_text(turn, "owner", request.owner, turn.limits().max_client_text))
    return false;
  if (request.status > Status::critical) {
    turn.refuse(Errc::out_of_range,
                "an instance begins as starting, healthy, overloaded or "
                "critical, not as " +
                    std::string{to_string(request.status)});
    return false;
  }
  if (request.session_timeout == Millis{0}) {
    if (!request.info.node.empty()) return has_room(turn, request);
    turn.refuse(Errc::invalid_request,
                "an instance without heartbeats of its own (session "
                "timeout 0) names the node that it lives with");
    return false;
  }
  return valid_timeout(turn, request.session_timeout) && has_room(turn, request);
}

bool valid_registration(Turn& turn, const RegisterNode& request) {
  if (!valid_id(request.node.value)) return refuse_name(turn, "node", request.node.value, id_rule);
  if (!valid_short_text(turn, "address", request.address, turn.limits().max_address) ||
      !valid_short_text(turn, "zone", request.zone, turn.limits().max_client_text) ||
      !valid_timeout(turn, request.session_timeout))
    return false;
  const RegistryState& registry = turn.state().registry();
  if (registry.node(request.node.value) != nullptr ||
      registry.nodes().size() < turn.limits().max_nodes)
    return true;
  turn.refuse(Errc::limit_reached, "the number of nodes of this shard has reached its maximum of " +
                                       std::to_string(turn.limits().max_nodes));
  return false;
}

bool valid_words(Turn& turn, const std::string& words) {
  return valid_short_text(turn, "the text", words, turn.limits().max_detail);
}

InstanceInfo in_order(InstanceInfo info) {
  std::sort(info.tags.begin(), info.tags.end());
  info.tags.erase(std::unique(info.tags.begin(), info.tags.end()), info.tags.end());
  std::sort(info.meta.begin(), info.meta.end(),
            [](const MetaEntry& a, const MetaEntry& b) { return a.key < b.key; });
  return info;
}

bool may_unseat(Turn& turn, const std::string& resource, const std::string& owner) {
  if (allow(turn.input().principal, {Action::unseat, resource, owner})) return true;
  turn.refuse(Errc::not_allowed, turn.input().principal.name + " may not change what " +
                                     named("owner", owner) + " has registered");
  return false;
}

}  // namespace muster::core
