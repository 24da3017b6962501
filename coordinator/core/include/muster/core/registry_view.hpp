/// What readers may see of the registry: services with their instances, and nodes.
#pragma once

#include <muster/core/chunk_map.hpp>
#include <muster/core/registry_record.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace muster::core {

struct InstanceView {
  std::shared_ptr<const InstanceRecord> record;
  std::uint32_t slot = 0;  ///< The core's own: where its session is in this run.

  [[nodiscard]] std::string_view key() const { return record->id.value; }
};
using InstanceMap =
    ChunkMap<std::string_view, InstanceView, KeyedByValue<std::string_view, InstanceView>>;

/// How many instances of a service, or of a zone in one shard, are how.
struct InstanceCounts {
  std::array<std::uint32_t, 8> by_status{};  ///< By the number of their Status.
  std::uint32_t beating =
      0;  ///< That beat for themselves, have done so, and are not in maintenance.
  std::uint32_t silent = 0;   ///< Of these: late or missing.
  std::uint32_t missing = 0;  ///< Of these: critical or dead.

  [[nodiscard]] std::uint32_t with(Status status) const {
    return by_status[static_cast<std::size_t>(status) % by_status.size()];
  }
};

struct ServiceView {
  std::shared_ptr<const ServiceRecord> record;
  InstanceMap instances;                                                  ///< By id.
  ChunkMap<std::string, std::shared_ptr<const DepartedRecord>> departed;  ///< By id.
  InstanceCounts counts;
  std::vector<std::string> tags;  ///< Of all its instances, sorted.
  /// False: the broker has started, and none of its instances has been heard or judged since. Their
  /// statuses are those of the run before: serve them, but take an empty answer for none at all.
  bool sure = true;

  [[nodiscard]] bool is_protected() const { return record->protected_for != Reason::none; }
};

struct NodeView {
  std::shared_ptr<const NodeRecord> record;
  std::uint32_t slot = 0;
};

/// How good a choice an instance is for a consumer.
enum class Choice : std::uint8_t {
  first = 0,     ///< healthy
  last = 1,      ///< overloaded, or flapping
  held = 2,      ///< critical or dead, but the service is protected
  withheld = 3,  ///< not handed out
};
[[nodiscard]] Choice choice_of(const InstanceRecord& instance, bool service_is_protected);

/// The instances that a consumer is given, best first; those of one Choice by id. Empty filters
/// take all.
[[nodiscard]] std::vector<const InstanceRecord*> handed_out(const ServiceView& service,
                                                            std::string_view tag = {},
                                                            std::string_view zone = {});

/// How many handed_out() gives without filters.
[[nodiscard]] std::uint32_t count_handed_out(const ServiceView& service);

}  // namespace muster::core
