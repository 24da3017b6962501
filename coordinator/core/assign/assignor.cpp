#include "assign/assignor.hpp"

#include "assign/range.hpp"
#include "assign/uniform.hpp"

#include <algorithm>
#include <array>

namespace muster::core::assign {
namespace {

const Uniform uniform;
const Range range;

/// A new assignor is one row here, the default first.
constexpr std::array<const Assignor*, 2> table{&uniform, &range};

}  // namespace

const Assignor* find_assignor(std::string_view name) {
  const auto found = std::ranges::find(table, name, &Assignor::name);
  return found != table.end() ? *found : nullptr;
}

std::span<const std::string_view> assignor_names() {
  static const auto names = [] {
    std::array<std::string_view, table.size()> out;
    std::ranges::transform(table, out.begin(), &Assignor::name);
    return out;
  }();
  return names;
}

}  // namespace muster::core::assign
