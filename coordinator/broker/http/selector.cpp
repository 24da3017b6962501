#include "selector.hpp"

#include <algorithm>
#include <optional>

namespace muster::broker::http {
namespace {

using Kind = Requirement::Kind;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::variant<Selector, Error> parse() {
    Selector out;
    skip_blanks();
    while (!at_end()) {
      if (out.size() == max_requirements) return wrong("more than 32 requirements");
      auto one = requirement();
      if (!one) return wrong(problem_);
      out.push_back(std::move(*one));
      skip_blanks();
      if (at_end()) break;
      if (!take(',')) return wrong("a comma is expected");
      skip_blanks();
      if (at_end()) return wrong("a requirement is expected behind the comma");
    }
    return out;
  }

 private:
  std::optional<Requirement> requirement() {
    Requirement out;
    if (take('!')) {
      skip_blanks();
      out.kind = Kind::not_exists;
      return take_key(out) ? std::optional{out} : std::nullopt;
    }
    if (!take_key(out)) return std::nullopt;
    skip_blanks();
    if (take('!')) {
      out.kind = Kind::not_in;
      return take('=') ? one_value(out) : fail("= is expected behind the !");
    }
    if (take('=')) {
      (void)take('=');
      out.kind = Kind::in;
      return one_value(out);
    }
    if (at_end() || text_[at_] == ',') return out;  // it exists
    const std::string_view word = take_word();
    if (word != "in" && word != "notin") return fail("=, !=, in or notin is expected");
    out.kind = word == "in" ? Kind::in : Kind::not_in;
    return many_values(out);
  }

  std::optional<Requirement> one_value(Requirement& out) {
    skip_blanks();
    return add_value(out, take_word()) ? std::optional{out} : std::nullopt;
  }

  std::optional<Requirement> many_values(Requirement& out) {
    skip_blanks();
    if (!take('(')) return fail("( is expected");
    do {
      skip_blanks();
      if (!add_value(out, take_word())) return std::nullopt;
      skip_blanks();
    } while (take(','));
    return take(')') ? std::optional{out} : fail(") is expected");
  }

  bool add_value(Requirement& out, std::string_view value) {
    if (++values_ > max_selector_values) return fail("more than 256 values").has_value();
    out.values.emplace_back(value);
    return true;
  }

  bool take_key(Requirement& out) {
    out.key = take_word();
    return out.key.empty() ? fail("a key is expected").has_value() : true;
  }

  std::optional<Requirement> fail(std::string_view problem) {
    problem_ = problem;
    return std::nullopt;
  }
  Error wrong(std::string_view problem) const {
    return {Errc::invalid_request, "the selector goes wrong at character " +
                                       std::to_string(at_ + 1) + ": " + std::string{problem}};
  }

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  std::string_view take_word() {
    const std::size_t begin = at_;
    while (!at_end() && std::string_view{" \t,=!()"}.find(text_[at_]) == std::string_view::npos)
      ++at_;
    return text_.substr(begin, at_ - begin);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t values_ = 0;
  std::string_view problem_;
};

bool holds(const Requirement& requirement, const std::vector<MetaEntry>& meta) {
  const auto entry = std::find_if(meta.begin(), meta.end(),
                                  [&](const MetaEntry& m) { return m.key == requirement.key; });
  const bool exists = entry != meta.end();
  const auto is_listed = [&] {
    return exists && std::find(requirement.values.begin(), requirement.values.end(),
                               entry->value) != requirement.values.end();
  };
  switch (requirement.kind) {
    case Kind::in:
      return is_listed();
    case Kind::not_in:
      return !is_listed();
    case Kind::exists:
      return exists;
    case Kind::not_exists:
      break;
  }
  return !exists;
}

}  // namespace

std::variant<Selector, Error> parse_selector(std::string_view text) {
  return Parser(text).parse();
}

bool matches(const Selector& selector, const std::vector<MetaEntry>& meta) {
  return std::all_of(selector.begin(), selector.end(),
                     [&](const Requirement& requirement) { return holds(requirement, meta); });
}

}  // namespace muster::broker::http
