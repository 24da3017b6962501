#include "samples.hpp"

#include <algorithm>
#include <optional>

namespace muster::cli {
namespace {

constexpr std::string_view blanks = " \t";

/// Takes the text up to the first of `ends`, which stays.
std::string_view take_until(std::string_view& rest, std::string_view ends) {
  const std::string_view taken = rest.substr(0, rest.find_first_of(ends));
  rest.remove_prefix(taken.size());
  return taken;
}

bool take(std::string_view& rest, char c) {
  if (!rest.starts_with(c)) return false;
  rest.remove_prefix(1);
  return true;
}

void skip_blanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
}

/// A label's value with its escapes (\\, \" and \n) undone.
std::optional<std::string> take_quoted(std::string_view& rest) {
  if (!take(rest, '"')) return std::nullopt;
  std::string out;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') return out;
    if (c == '\\' && !rest.empty()) {
      out += rest.front() == 'n' ? '\n' : rest.front();
      rest.remove_prefix(1);
    } else {
      out += c;
    }
  }
  return std::nullopt;
}

bool take_labels(std::string_view& rest, Sample& sample) {
  while (!take(rest, '}')) {
    const std::string name(take_until(rest, "="));
    if (!take(rest, '=')) return false;
    auto label = take_quoted(rest);
    if (!label) return false;
    sample.labels.emplace_back(name, std::move(*label));
    take(rest, ',');
    skip_blanks(rest);
  }
  return true;
}

std::optional<Sample> parse_sample(std::string_view line) {
  Sample sample;
  sample.name = take_until(line, "{ \t");
  if (sample.name.empty() || sample.name.front() == '#') return std::nullopt;
  if (take(line, '{') && !take_labels(line, sample)) return std::nullopt;
  skip_blanks(line);
  sample.value = take_until(line, blanks);
  return sample.value.empty() ? std::nullopt : std::optional(std::move(sample));
}

/// The name that a line is about: of a sample, or of a "# HELP name" or "# TYPE name" comment.
std::string_view subject(std::string_view line) {
  if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) line.remove_prefix(7);
  return take_until(line, "{ \t");
}

template <class F>
void for_each_line(std::string_view text, F f) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!line.empty()) f(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

}  // namespace

std::vector<Sample> parse_samples(std::string_view text, std::string_view prefix) {
  std::vector<Sample> out;
  for_each_line(text, [&](std::string_view line) {
    auto sample = parse_sample(line);
    if (sample && sample->name.starts_with(prefix)) out.push_back(std::move(*sample));
  });
  return out;
}

std::string select_lines(std::string_view text, std::string_view prefix) {
  std::string out;
  for_each_line(text, [&](std::string_view line) {
    if (subject(line).starts_with(prefix)) out.append(line).append("\n");
  });
  return out;
}

}  // namespace muster::cli
