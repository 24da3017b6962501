/// The directory over the broker's published pictures.
#pragma once

#include "directory.hpp"

#include "../owner_tables.hpp"

#include <muster/core/view.hpp>

#include <memory>
#include <vector>

namespace muster::broker::dns {

/// Made for a few questions at a time, from the newest pictures of all shards. `owners` outlives
/// it.
class ViewDirectory final : public Directory {
 public:
  using Views = std::vector<std::shared_ptr<const core::View>>;

  ViewDirectory(Views views, OwnerTables& owners);

  [[nodiscard]] Service service(std::string_view name) const override;
  void instances(const Service& service, const Filter& filter,
                 std::vector<Endpoint>& out) const override;
  [[nodiscard]] std::vector<std::string> texts(const Endpoint& instance) const override;
  [[nodiscard]] Node node(std::string_view name) const override;
  [[nodiscard]] Known group(std::string_view group) const override;
  [[nodiscard]] Known topic(std::string_view group, std::string_view topic) const override;
  [[nodiscard]] Owner owner(std::string_view group, std::string_view topic,
                            PartitionIndex partition) const override;
  [[nodiscard]] std::uint64_t picture() const override { return picture_; }
  [[nodiscard]] std::uint32_t serial() const override;

 private:
  [[nodiscard]] const core::View& of(std::string_view name) const;
  [[nodiscard]] const std::shared_ptr<const core::GroupView>* find_group(
      const std::string& group) const;

  Views views_;
  OwnerTables& owners_;
  std::uint64_t picture_ = 0;
};

}  // namespace muster::broker::dns
