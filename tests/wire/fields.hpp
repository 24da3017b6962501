/// Looks into plain structs field by field, so that a field added to a message is compared, and
/// missed where a test does not fill it in, without anybody having to remember it.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace muster::testing {

struct AnyField {
  template <class T>
  operator T() const;  // NOLINT: implicit on purpose, never defined
};

template <std::size_t>
using AnyFieldAt = AnyField;

template <class T, std::size_t... I>
constexpr bool takes_fields(std::index_sequence<I...>) {
  return requires { T{AnyFieldAt<I>{}...}; };
}

/// How many fields an aggregate has.
template <class T, std::size_t N = 30>
constexpr std::size_t field_count() {
  if constexpr (N == 0 || takes_fields<T>(std::make_index_sequence<N>{})) {
    return N;
  } else {
    return field_count<T, N - 1>();
  }
}

/// References to all fields of an aggregate.
template <class T>
auto fields(const T& value) {
  constexpr std::size_t count = field_count<T>();
  static_assert(count <= 28, "add lines here");
  if constexpr (count == 0) {
    return std::tie();
  } else if constexpr (count == 1) {
    const auto& [a] = value;
    return std::tie(a);
  } else if constexpr (count == 2) {
    const auto& [a, b] = value;
    return std::tie(a, b);
  } else if constexpr (count == 3) {
    const auto& [a, b, c] = value;
    return std::tie(a, b, c);
  } else if constexpr (count == 4) {
    const auto& [a, b, c, d] = value;
    return std::tie(a, b, c, d);
  } else if constexpr (count == 5) {
    const auto& [a, b, c, d, e] = value;
    return std::tie(a, b, c, d, e);
  } else if constexpr (count == 6) {
    const auto& [a, b, c, d, e, f] = value;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    const auto& [a, b, c, d, e, f, g] = value;
    return std::tie(a, b, c, d, e, f, g);
  } else if constexpr (count == 8) {
    const auto& [a, b, c, d, e, f, g, h] = value;
    return std::tie(a, b, c, d, e, f, g, h);
  } else if constexpr (count == 12) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (count == 19) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
  } else if constexpr (count == 24) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x);
  } else if constexpr (count == 28) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa,
                 ab] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
                    aa, ab);
  } else if constexpr (count == 13) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else {
    static_assert(count == 0, "no line for this number of fields");
  }
}

template <class T>
inline constexpr bool is_struct = std::is_aggregate_v<T> && std::is_class_v<T> && !requires {
  std::tuple_size<T>::value;  // std::array
};

// ---------------------------------------------------------------------------------------------

template <class T>
bool equal(const T& a, const T& b);

template <class... T, std::size_t... I>
bool equal_fields(const std::tuple<T...>& a, const std::tuple<T...>& b, std::index_sequence<I...>) {
  return (equal(std::get<I>(a), std::get<I>(b)) && ...);
}

template <class T>
bool equal_parts(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(a[i], b[i])) return false;
  }
  return true;
}

template <class T>
bool equal_parts(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || equal(*a, *b));
}

template <class T>
bool equal_parts(const std::shared_ptr<T>& a, const std::shared_ptr<T>& b) {
  return (a == nullptr) == (b == nullptr) && (!a || equal(*a, *b));
}

template <class... T>
bool equal_parts(const std::variant<T...>& a, const std::variant<T...>& b) {
  if (a.index() != b.index()) return false;
  const auto same_as_b = [&b](const auto& value) {
    return equal(value, std::get<std::decay_t<decltype(value)>>(b));
  };
  return std::visit(same_as_b, a);
}

/// Whether all fields are equal, through structs, vectors, optionals and variants.
template <class T>
bool equal(const T& a, const T& b) {
  if constexpr (requires { equal_parts(a, b); }) {
    return equal_parts(a, b);
  } else if constexpr (is_struct<T>) {
    const auto left = fields(a);
    return equal_fields(left, fields(b),
                        std::make_index_sequence<std::tuple_size_v<decltype(left)>>{});
  } else {
    return a == b;
  }
}

// ---------------------------------------------------------------------------------------------

/// Whether every field, however deep, differs from its default, and every vector holds something.
/// `standard` is the value that a field would have if nobody had touched it.
template <class T>
bool all_set(const T& value, const T& standard);

template <class T>
bool all_parts_set(const std::vector<T>& value) {
  for (const T& one : value) {
    // A plain number in a list may well be 0.
    if constexpr (is_struct<T>) {
      if (!all_set(one, T{})) return false;
    }
  }
  return !value.empty();
}

template <class T>
bool all_parts_set(const std::optional<T>& value) {
  return value.has_value() && all_set(*value, T{});
}

template <class T>
bool all_parts_set(const std::shared_ptr<T>& value) {
  return value != nullptr && all_set(*value, T{});
}

template <class... T>
bool all_parts_set(const std::variant<T...>& value) {
  return std::visit([](const auto& one) { return all_set(one, {}); }, value);
}

template <class... T, std::size_t... I>
bool all_fields_set(const std::tuple<T...>& a, const std::tuple<T...>& b,
                    std::index_sequence<I...>) {
  return (all_set(std::get<I>(a), std::get<I>(b)) && ...);
}

template <class T>
bool all_set(const T& value, const T& standard) {
  if constexpr (requires { all_parts_set(value); }) {
    return all_parts_set(value);
  } else if constexpr (is_struct<T>) {
    const auto left = fields(value);
    return all_fields_set(left, fields(standard),
                          std::make_index_sequence<std::tuple_size_v<decltype(left)>>{});
  } else {
    return !(value == standard);
  }
}

}  // namespace muster::testing
