/// The one place that decides who may do what. Every request passes here before its handler.
#pragma once

#include <muster/core/effects.hpp>

#include <string_view>

namespace muster::core {

enum class Action { member, commit, administer };

/// What kind of thing a request wants to do, and to which group or topic (empty: known only by
/// handle; the session was allowed when it joined).
struct Wish {
  Action action = Action::member;
  std::string_view resource;
};
[[nodiscard]] Wish wish_of(const Request& request);

/// Everybody may do everything until there are tokens; doors bind to loopback for that reason.
[[nodiscard]] bool allow(const Principal& principal, const Wish& wish);

}  // namespace muster::core
