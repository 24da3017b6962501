#include "result_follow.hpp"

#include <muster/core/view.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace muster::broker::native {
namespace {

std::uint64_t index_in(const ReplyBody& body) {
  if (const auto* const list = std::get_if<ServiceList>(&body)) return list->index;
  return std::get<ServiceResult>(body).index;
}

std::string key_of(const Query& query) {
  wire::Bytes bytes;
  (void)wire::encode_query(query, 0, bytes);  // it came in a frame, so it fits into one
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

struct FollowedResults::Question {
  Query query;
  std::string service;  // empty: the list of services
  std::string key;
  std::uint64_t watch = 0;
  std::uint64_t index = 0;  // of `frame`
  bool stale = true;        // there may be a newer result than `frame`
  std::size_t followers = 0;
  wire::Bytes frame;  // with correlation 0; empty: it was dropped
  Followers waiting;  // for the next change
  Followers held;     // for their peers to read
};

// Followers
// --------------------------------------------------------------------------------------------

FollowedResults::Place FollowedResults::add(EventSink& sink, std::uint64_t correlation,
                                            const Query& query) {
  Question& question = question_of(query);
  // Who has just changed it, and now follows it, is to find its own change.
  question.stale = question.stale || question.index != index_of(question.service);
  question.waiting.push_back({&sink, correlation, &question, 0, Follower::State::waiting});
  const Place place = std::prev(question.waiting.end());
  ++question.followers;
  followers_.set(followers_.value() + 1);
  tell(place);
  watch(question);
  return place;
}

void FollowedResults::remove(Place follower) {
  Question& question = *follower->question;
  list_of(*follower).erase(follower);
  followers_.set(followers_.value() - 1);
  if (--question.followers > 0) return;
  if (question.watch != 0) host_.unwatch_result(question.watch);
  kept_bytes_ -= question.frame.size();
  questions_.erase(std::string{question.key});
}

void FollowedResults::resume(Place follower) {
  if (follower->state == Follower::State::held) tell(follower);
}

FollowedResults::Question& FollowedResults::question_of(const Query& query) {
  std::string key = key_of(query);
  auto& question = questions_[key];
  if (question) return *question;
  question = std::make_shared<Question>();
  question->query = query;
  question->key = std::move(key);
  if (const auto* const lookup = std::get_if<LookupService>(&query))
    question->service = lookup->service.value;
  return *question;
}

FollowedResults::Followers& FollowedResults::list_of(const Follower& follower) {
  if (follower.state == Follower::State::ready) return ready_;
  Question& question = *follower.question;
  return follower.state == Follower::State::held ? question.held : question.waiting;
}

void FollowedResults::move_to(Place follower, Follower::State state) {
  Followers& from = list_of(*follower);
  follower->state = state;
  Followers& to = list_of(*follower);
  to.splice(to.end(), from, follower);
}

// Results
// ----------------------------------------------------------------------------------------------

/// The newest result, unless it has it; then it waits for the next, or, if the peer is behind, for
/// the peer.
void FollowedResults::tell(Place follower) {
  Question& question = *follower->question;
  if (question.stale || question.frame.empty()) write(question);
  bool takes_more = true;
  if (follower->told != question.index) {
    follower->told = question.index;
    told_.add();
    takes_more = follower->sink->send_frame(follower->correlation, question.frame);
  }
  move_to(follower, takes_more ? Follower::State::waiting : Follower::State::held);
}

void FollowedResults::write(Question& question) {
  const ReplyBody body = core::answer(host_.views(), question.query);
  wire::Bytes frame;
  wire::encode_reply(body, 0, frame);
  frame.shrink_to_fit();
  kept_bytes_ += frame.size() - question.frame.size();
  question.frame = std::move(frame);
  question.index = index_in(body);
  question.stale = false;
  written_.add();
}

void FollowedResults::watch(Question& question) {
  if (question.watch != 0) return;
  auto call = [this, weak = std::weak_ptr(questions_.at(question.key))] {
    if (const auto still = weak.lock()) fired(*still);
  };
  question.watch = host_.result_changed(loop_, question.service, question.index, std::move(call));
}

void FollowedResults::fired(Question& question) {
  question.watch = 0;
  question.stale = true;
  question.index = index_of(question.service);  // written when the first is told
  watch(question);
  for (Follower& follower : question.waiting) follower.state = Follower::State::ready;
  ready_.splice(ready_.end(), question.waiting);
  tell_later();
}

void FollowedResults::tell_later() {
  if (telling_ || ready_.empty()) return;
  telling_ = true;
  host_.defer(loop_, [this] { tell_some(); });
}

void FollowedResults::tell_some() {
  telling_ = false;
  for (int n = 0; n < batch && !ready_.empty(); ++n) {
    EventSink& sink = *ready_.front().sink;
    tell(ready_.begin());
    sink.flush();
  }
  if (kept_bytes_ > max_kept_bytes && ready_.empty()) drop_results();
  tell_later();
}

std::uint64_t FollowedResults::index_of(const std::string& service) const {
  if (service.empty()) return core::names_index(host_.views());
  return core::service_index(*host_.view(core::shard_of(service, host_.shards())), service);
}

void FollowedResults::drop_results() {
  for (const auto& [key, question] : questions_) wire::Bytes{}.swap(question->frame);
  kept_bytes_ = 0;
}

// Of one connection
// ------------------------------------------------------------------------------------

bool ResultFollows::follows(const Query& query) {
  if (const auto* const list = std::get_if<ListServices>(&query)) return list->follow;
  const auto* const lookup = std::get_if<LookupService>(&query);
  return lookup != nullptr && lookup->follow;
}

std::optional<Refusal> ResultFollows::add(std::uint64_t correlation, const Query& query) {
  if (list_.size() >= max_per_connection) {
    return Refusal{Errc::limit_reached, "a connection follows at most " +
                                            std::to_string(max_per_connection) + " services"};
  }
  if (std::any_of(list_.begin(), list_.end(),
                  [&](const auto& one) { return one->correlation == correlation; })) {
    return Refusal{Errc::invalid_request, "correlation " + std::to_string(correlation) +
                                              " already follows a service on this connection"};
  }
  const auto* const lookup = std::get_if<LookupService>(&query);
  if (lookup != nullptr && lookup->service.empty())
    return Refusal{Errc::invalid_name, "service \"\" has no name"};
  list_.push_back(all_.add(sink_, correlation, query));
  return std::nullopt;
}

void ResultFollows::resume() {
  for (const auto& one : list_) all_.resume(one);
}

void ResultFollows::clear() {
  for (const auto& one : list_) all_.remove(one);
  list_.clear();
}

}  // namespace muster::broker::native
