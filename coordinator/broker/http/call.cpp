#include "call.hpp"

#include <algorithm>
#include <charconv>

namespace muster::broker::http {

const std::string* Call::parameter(std::string_view name) const {
  const auto it = std::find_if(target.parameters.begin(), target.parameters.end(),
                               [&](const auto& parameter) { return parameter.first == name; });
  return it == target.parameters.end() ? nullptr : &it->second;
}

std::variant<std::uint64_t, Response> number_parameter(const Call& call, std::string_view name,
                                                       std::uint64_t fallback, std::uint64_t low,
                                                       std::uint64_t high) {
  const std::string* const text = call.parameter(name);
  if (text == nullptr) return fallback;
  std::uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc{} && stop == end && number >= low && number <= high) return number;
  return failure(Errc::out_of_range, std::string{name} + "=" + text->substr(0, 40) +
                                         " is no whole number from " + std::to_string(low) +
                                         " to " + std::to_string(high));
}

std::variant<bool, Response> truth_parameter(const Call& call, std::string_view name) {
  const std::string* const text = call.parameter(name);
  if (text == nullptr || *text == "false" || *text == "0") return false;
  if (text->empty() || *text == "true" || *text == "1") return true;
  return failure(Errc::out_of_range,
                 std::string{name} + "=" + text->substr(0, 40) + " is none of true, false");
}

std::variant<std::uint64_t, Response> page_limit(const Call& call) {
  return number_parameter(call, "limit", default_page, 1, max_page);
}

}  // namespace muster::broker::http
