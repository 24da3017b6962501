/// The one place that decides who may do what. Every request passes here before its handler.
#pragma once

#include <muster/core/effects.hpp>

#include <string_view>

namespace muster::core {

/// `serve`: to speak for a service's instances or a node; `unseat`: to change or end one that
/// somebody else has registered.
enum class Action { member, commit, administer, serve, unseat };

/// What kind of thing a request wants to do, and to which group, topic, service or node (empty:
/// known only by handle; the session was allowed when it joined).
struct Wish {
  Action action = Action::member;
  std::string_view resource;
  std::string_view owner = {};  ///< Of `unseat`: who registered it.
};
[[nodiscard]] Wish wish_of(const Request& request);

/// Everybody may do everything until there are tokens; doors bind to loopback for that reason.
[[nodiscard]] bool allow(const Principal& principal, const Wish& wish);

}  // namespace muster::core
