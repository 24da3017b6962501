#include "codec.hpp"

#include "table.hpp"

namespace muster::wire {

namespace {

// The result of the first part that knows the kind.
template <class Out, class First, class Second>
Result<Out> either(const Frame& frame, Result<First> (*first)(const Frame&),
                   Result<Second> (*second)(const Frame&)) {
  using boost::system::in_place_value;
  if (auto message = first(frame); message || message.error() != Errc::unknown_kind) {
    if (!message) return message.error();
    return Result<Out>{in_place_value, std::in_place_type<First>, std::move(*message)};
  }
  auto message = second(frame);
  if (!message) return message.error();
  return Result<Out>{in_place_value, std::in_place_type<Second>, std::move(*message)};
}

}  // namespace

Result<Call> decode_call(const Frame& frame) {
  return either<Call>(frame, decode_request, decode_query);
}

Result<Answer> decode_answer(const Frame& frame) {
  return either<Answer>(frame, decode_reply, decode_push);
}

}  // namespace muster::wire
