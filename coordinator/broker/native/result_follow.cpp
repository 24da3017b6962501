#include "result_follow.hpp"

#include <algorithm>
#include <utility>

namespace muster::broker::native {
namespace {

std::uint64_t index_in(const ReplyBody& body) {
  if (const auto* const list = std::get_if<ServiceList>(&body)) return list->index;
  return std::get<ServiceResult>(body).index;
}

}  // namespace

bool ResultFollows::follows(const Query& query) {
  if (const auto* const list = std::get_if<ListServices>(&query)) return list->follow;
  const auto* const lookup = std::get_if<LookupService>(&query);
  return lookup != nullptr && lookup->follow;
}

std::optional<Refusal> ResultFollows::add(std::uint64_t correlation, Query query) {
  if (list_.size() >= max_per_connection) {
    return Refusal{Errc::limit_reached, "a connection follows at most " +
                                            std::to_string(max_per_connection) + " services"};
  }
  if (find(correlation) != nullptr) {
    return Refusal{Errc::invalid_request, "correlation " + std::to_string(correlation) +
                                              " already follows a service on this connection"};
  }
  auto one = std::make_unique<One>();
  one->correlation = correlation;
  if (const auto* const lookup = std::get_if<LookupService>(&query)) {
    if (lookup->service.empty()) return Refusal{Errc::invalid_name, "service \"\" has no name"};
    one->service = lookup->service.value;
  }
  one->query = std::move(query);
  list_.push_back(std::move(one));
  tell(*list_.back());
  return std::nullopt;
}

void ResultFollows::resume() {
  for (const auto& one : list_)
    if (one->watch == 0) tell(*one);
}

void ResultFollows::clear() {
  for (const auto& one : list_)
    if (one->watch != 0) host_.unwatch_result(one->watch);
  list_.clear();
}

/// The newest result; then it waits for the next, or, if the peer is behind, for the peer.
void ResultFollows::tell(One& one) {
  const ReplyBody body = core::answer(host_.views(), one.query);
  const std::uint64_t index = index_in(body);
  one.watch = 0;
  if (!sink_.send_events(one.correlation, body)) return;
  auto call = sink_.guarded([this, correlation = one.correlation] { fired(correlation); });
  one.watch = host_.result_changed(loop_, one.service, index, std::move(call));
}

void ResultFollows::fired(std::uint64_t correlation) {
  if (One* const one = find(correlation)) tell(*one);
}

ResultFollows::One* ResultFollows::find(std::uint64_t correlation) {
  const auto it = std::find_if(list_.begin(), list_.end(),
                               [&](const auto& one) { return one->correlation == correlation; });
  return it == list_.end() ? nullptr : it->get();
}

}  // namespace muster::broker::native
