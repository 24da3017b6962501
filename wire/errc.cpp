#include <muster/errc.hpp>

namespace muster {

std::string_view to_string(Errc errc) {
  switch (errc) {
    case Errc::ok:
      return "ok";
    case Errc::malformed:
      return "malformed";
    case Errc::frame_too_large:
      return "frame_too_large";
    case Errc::unsupported_version:
      return "unsupported_version";
    case Errc::unknown_kind:
      return "unknown_kind";
    case Errc::not_greeted:
      return "not_greeted";
    case Errc::invalid_name:
      return "invalid_name";
    case Errc::out_of_range:
      return "out_of_range";
    case Errc::invalid_request:
      return "invalid_request";
    case Errc::not_allowed:
      return "not_allowed";
    case Errc::unknown_group:
      return "unknown_group";
    case Errc::unknown_member:
      return "unknown_member";
    case Errc::unknown_session:
      return "unknown_session";
    case Errc::unknown_topic:
      return "unknown_topic";
    case Errc::topic_exists:
      return "topic_exists";
    case Errc::unknown_partition:
      return "unknown_partition";
    case Errc::unknown_epoch:
      return "unknown_epoch";
    case Errc::unknown_assignor:
      return "unknown_assignor";
    case Errc::unknown_service:
      return "unknown_service";
    case Errc::unknown_instance:
      return "unknown_instance";
    case Errc::unknown_node:
      return "unknown_node";
    case Errc::fenced_member:
      return "fenced_member";
    case Errc::stale_epoch:
      return "stale_epoch";
    case Errc::stale_token:
      return "stale_token";
    case Errc::stale_commit:
      return "stale_commit";
    case Errc::group_full:
      return "group_full";
    case Errc::group_not_empty:
      return "group_not_empty";
    case Errc::wrong_group_type:
      return "wrong_group_type";
    case Errc::limit_reached:
      return "limit_reached";
    case Errc::epoch_exhausted:
      return "epoch_exhausted";
    case Errc::partitions_shrink:
      return "partitions_shrink";
    case Errc::stale_incarnation:
      return "stale_incarnation";
    case Errc::not_protected:
      return "not_protected";
    case Errc::store_full:
      return "store_full";
    case Errc::catalogue_behind:
      return "catalogue_behind";
    case Errc::overloaded:
      return "overloaded";
    case Errc::not_leader:
      return "not_leader";
    case Errc::shutting_down:
      return "shutting_down";
    case Errc::deadline_passed:
      return "deadline_passed";
    case Errc::connection_lost:
      return "connection_lost";
    case Errc::push_stalled:
      return "push_stalled";
    case Errc::store_failed:
      return "store_failed";
    case Errc::store_locked:
      return "store_locked";
    case Errc::store_corrupt:
      return "store_corrupt";
    case Errc::store_incompatible:
      return "store_incompatible";
  }
  return "unknown_error";
}

bool retriable(Errc errc) {
  switch (errc) {
    case Errc::store_full:
    case Errc::catalogue_behind:
    case Errc::overloaded:
    case Errc::not_leader:
    case Errc::shutting_down:
    case Errc::deadline_passed:
    case Errc::connection_lost:
    case Errc::push_stalled:
      return true;
    default:
      return false;
  }
}

namespace {

// Boost's base has no virtual destructor on purpose: categories are static and never deleted.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "muster"; }
  [[nodiscard]] std::string message(int value) const override {
    return std::string{to_string(static_cast<Errc>(value))};
  }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& errc_category() noexcept {
  static const Category category;
  return category;
}

}  // namespace muster
