/// The naive registry's book: services, instances and nodes as the durable records say, and every
/// promise about them that records alone can break.
#pragma once

#include "witness.hpp"

#include <muster/core/record.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace muster::sim {

/// Who beats, by name: "service/instance", or "@node".
[[nodiscard]] std::string instance_name(const std::string& service, const std::string& id);
[[nodiscard]] std::string node_name(const std::string& node);

struct BookedService {
  std::shared_ptr<const core::ServiceRecord> record;
  std::map<std::string, std::shared_ptr<const core::InstanceRecord>> instances;
  /// Records of it have become durable since the broker's start: somebody was heard, or judged.
  bool touched = false;
};

class RegistryBook {
 public:
  explicit RegistryBook(Witness& witness) : witness_(witness) {}

  /// The records of one step that have become durable.
  void take_step(std::span<const core::Record> records);
  /// The broker starts.
  void begin_run();

  [[nodiscard]] const std::map<std::string, BookedService>& services() const { return services_; }
  [[nodiscard]] const std::map<std::string, std::shared_ptr<const core::NodeRecord>>& nodes()
      const {
    return nodes_;
  }
  [[nodiscard]] const core::InstanceRecord* instance(const std::string& service,
                                                     const std::string& id) const;
  [[nodiscard]] const core::NodeRecord* node(const std::string& name) const;
  /// Of the instance or node of this name; 0: it is not there.
  [[nodiscard]] Incarnation incarnation(const std::string& name) const;
  /// The highest that it ever had.
  [[nodiscard]] Incarnation highest(const std::string& name) const {
    const auto it = highest_.find(name);
    return it == highest_.end() ? 0 : it->second;
  }
  /// Just before the newest step.
  [[nodiscard]] bool was_protected(const std::string& service) const {
    return protected_before_.contains(service);
  }
  [[nodiscard]] bool is_protected(const std::string& service) const;

  /// Called when a newer incarnation has taken the place of an older one.
  std::function<void(const std::string& name, Incarnation older)> on_replaced;
  /// Called when a note that somebody is silent is withdrawn.
  std::function<void(const std::string& name)> on_withdrawn;

 private:
  struct Step;
  void take_service(const core::Record& record, Step& step);
  void take_instance(const core::Record& record, Step& step);
  void take_node(const core::Record& record, Step& step);
  void take_event(const core::Record& record, Step& step);
  void take_edge(const core::Record& record, const Event& event, const std::string& name);
  void keep_incarnation(const core::Record& record, const std::string& name, Incarnation now);
  void check_told(const core::Record& last, const Step& step);
  void check_index(const core::Record& last, const Step& step);
  void fail(std::string_view invariant, const core::Record& record, const std::string& what);

  Witness& witness_;
  std::map<std::string, BookedService> services_;
  std::map<std::string, std::shared_ptr<const core::NodeRecord>> nodes_;
  std::map<std::string, Status> told_;  // by name: what the events say
  std::set<std::string> protected_before_;
  // Never forgotten.
  std::map<std::string, Incarnation> highest_;
  std::map<std::string, std::uint64_t> highest_index_;
};

}  // namespace muster::sim
