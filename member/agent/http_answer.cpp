#include "http_answer.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace muster::agent {
namespace {

// More than a health page ever says; what is beyond is not read.
constexpr std::size_t most = 16U << 10;

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// What stands after the word: a field's value that says no?
bool is_denied(std::string_view rest) {
  const auto skip = [&](std::string_view characters) {
    rest.remove_prefix(std::min(rest.find_first_not_of(characters), rest.size()));
  };
  skip("\" \t\r\n");
  if (!rest.starts_with(':') && !rest.starts_with('=')) return false;
  rest.remove_prefix(1);
  skip(" \t\r\n");
  for (const std::string_view no :
       {"false", "null", "0", "[]", "{}", "\"\"", "no", "\"no\"", "\"false\""})
    if (rest.starts_with(no)) return true;
  return false;
}

}  // namespace

bool says_degraded(std::string_view body) {
  constexpr std::string_view word = "degraded";
  const std::string text = lower(body);
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool alone =
        (at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]));
    if (alone && !is_denied(std::string_view(text).substr(end))) return true;
  }
  return false;
}

bool HttpAnswer::take(std::string_view bytes) {
  text_.append(bytes.substr(0, most - std::min(text_.size(), most)));
  return text_.size() < most;
}

std::optional<int> HttpAnswer::status() const {
  // "HTTP/1.1 200 OK"
  constexpr std::size_t at = 9;
  if (!text_.starts_with("HTTP/1.") || text_.size() < at + 3 || text_[at - 1] != ' ')
    return std::nullopt;
  int out = 0;
  const auto [end, bad] = std::from_chars(text_.data() + at, text_.data() + at + 3, out);
  if (bad != std::errc{} || end != text_.data() + at + 3) return std::nullopt;
  return out;
}

std::string_view HttpAnswer::body() const {
  const std::size_t end = text_.find("\r\n\r\n");
  return end == std::string::npos ? std::string_view{} : std::string_view(text_).substr(end + 4);
}

bool HttpAnswer::whole() const {
  if (closed_ || text_.size() >= most) return true;
  const std::size_t end = text_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const auto code = status();
  if (!code || *code < 200 || *code > 299) return true;  // the number says it all
  const std::string head = lower(std::string_view(text_).substr(0, end));
  constexpr std::string_view field = "\r\ncontent-length:";
  if (const std::size_t at = head.find(field); at != std::string::npos) {
    std::size_t first = at + field.size();
    while (first < head.size() && head[first] == ' ') ++first;
    std::size_t length = 0;
    std::from_chars(head.data() + first, head.data() + head.size(), length);
    return body().size() >= length;
  }
  if (head.find("\r\ntransfer-encoding: chunked") != std::string::npos)
    return body().ends_with("0\r\n\r\n");
  return *code == 204;
}

Outcome HttpAnswer::judge(const CheckSpec& check, Millis took) const {
  using Finding = Outcome::Finding;
  const std::string after = " after " + std::to_string(took.count()) + " ms";
  const auto code = status();
  const std::string what = in_words(check) + ": ";
  if (!code)
    return {
        Finding::missed,
        what + (text_.empty() ? "closed without an answer" : "an answer that is no HTTP") + after};
  const std::string number = std::to_string(*code);
  if (*code == 429) return {Finding::overloaded, what + number + after};
  if (*code < 200 || *code > 299) return {Finding::missed, what + number + after};
  if (says_degraded(body())) return {Finding::overloaded, what + number + ", degraded," + after};
  if (took > check.slow)
    return {Finding::overloaded,
            what + number + after + ", slower than " + std::to_string(check.slow.count()) + " ms"};
  return {Finding::passed, what + number + after};
}

}  // namespace muster::agent
