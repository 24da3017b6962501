#include "topic_names.hpp"

namespace muster::member {

namespace {
constexpr Millis again_after{100};
}  // namespace

void TopicQueries::wanted(Seat& seat) {
  if (seat.topics_to_ask().empty()) return;
  seat.learn(names_);
  for (const TopicName& topic : seat.topics_to_ask()) missing_.insert(topic.value);
}

void TopicQueries::ask(Mono now,
                       const std::function<void(std::uint64_t number, const ListTopics&)>& send) {
  if (!open_.empty() || now < not_before_) return;
  for (const std::string& topic : missing_) {
    open_.insert(++last_);
    send(last_, ListTopics{topic});
  }
  missing_.clear();
}

void TopicQueries::answer(std::uint64_t number, const ReplyBody& body, Mono now) {
  if (open_.erase(number) == 0) return;
  if (open_.empty()) not_before_ = now + again_after;
  const auto* list = std::get_if<TopicList>(&body);
  if (list == nullptr) return;
  for (const TopicDescription& topic : list->topics) names_[topic.id] = topic.name;
}

void TopicQueries::connected() {
  open_.clear();
  not_before_ = {};
}

Mono TopicQueries::next_deadline(bool connected) const {
  return connected && open_.empty() && !missing_.empty() ? not_before_ : never;
}

}  // namespace muster::member
