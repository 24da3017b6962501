/// Taking a record's value out of it.
#pragma once

#include <muster/core/record.hpp>

#include <memory>
#include <optional>
#include <variant>

namespace muster::core {

/// The value of a record of kind T: null for a tombstone. Nothing if the value is of another kind.
template <class T>
std::optional<std::shared_ptr<const T>> value_of(const Record& record) {
  if (std::holds_alternative<std::monostate>(record.value)) return std::shared_ptr<const T>{};
  const auto* value = std::get_if<std::shared_ptr<const T>>(&record.value);
  if (value == nullptr || *value == nullptr) return std::nullopt;
  return *value;
}

}  // namespace muster::core
