/// A directory that says what the test wants.
#pragma once

#include <broker/dns/directory.hpp>
#include <broker/dns/name.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace muster::broker::dns {

struct FakeInstance {
  std::string id;
  std::string address;
  std::uint16_t port = 80;
  std::uint32_t weight = 1;
  std::uint8_t rank = 0;
  std::vector<std::string> tags = {};
  std::string zone = {};
  std::vector<std::string> texts = {};
};

struct FakeService {
  Known known = Known::yes;
  std::uint64_t stamp = 0;
  std::vector<FakeInstance> instances;
};

struct FakeDirectory : Directory {
  using Partition = std::tuple<std::string, std::string, PartitionIndex>;

  std::map<std::string, FakeService, std::less<>> services;
  std::map<std::string, Node, std::less<>> nodes;
  std::map<std::string, Known, std::less<>> groups;
  std::map<std::string, Known, std::less<>> topics;
  std::map<Partition, Owner> owners;
  mutable int asked = 0;  // for a service's instances

  [[nodiscard]] Service service(std::string_view name) const override {
    const auto at = services.find(name);
    if (at == services.end()) return {};
    return {at->second.known, at->second.stamp, &at->second};
  }
  void instances(const Service& service, const Filter& filter,
                 std::vector<Endpoint>& out) const override {
    ++asked;
    for (const FakeInstance& one : static_cast<const FakeService*>(service.source)->instances) {
      const auto is_tag = [&](const std::string& tag) { return same_letters(tag, filter.tag); };
      if (!filter.tag.empty() && std::ranges::none_of(one.tags, is_tag)) continue;
      if (!filter.zone.empty() && !same_letters(one.zone, filter.zone)) continue;
      out.push_back({one.id, one.address, one.port, one.weight, one.rank, &one});
    }
  }
  [[nodiscard]] std::vector<std::string> texts(const Endpoint& instance) const override {
    return static_cast<const FakeInstance*>(instance.source)->texts;
  }
  [[nodiscard]] Node node(std::string_view name) const override {
    const auto at = nodes.find(name);
    return at == nodes.end() ? Node{} : at->second;
  }
  [[nodiscard]] Known group(std::string_view group) const override {
    const auto at = groups.find(group);
    return at == groups.end() ? Known::no : at->second;
  }
  [[nodiscard]] Known topic(std::string_view group, std::string_view topic) const override {
    const auto at = topics.find(topic);
    return at == topics.end() ? Known::no : std::min(at->second, this->group(group));
  }
  [[nodiscard]] Owner owner(std::string_view group, std::string_view topic,
                            PartitionIndex partition) const override {
    const auto at = owners.find({std::string{group}, std::string{topic}, partition});
    return at == owners.end() ? Owner{} : at->second;
  }
  [[nodiscard]] std::uint32_t serial() const override { return 77; }
};

}  // namespace muster::broker::dns
