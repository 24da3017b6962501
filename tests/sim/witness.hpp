/// What a run leaves behind: the first promise that it saw broken, the rare things that it met, and
/// a hash of everything that happened, so that two runs can be compared.
#pragma once

#include "marks.hpp"
#include "plan.hpp"

#include <array>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace muster::sim {

/// One broken promise: the invariant by its name in docs/reliability.md, and what was seen.
struct Violation {
  std::string invariant;
  std::string what;
  Time at = 0;
};

class Witness {
 public:
  /// The first one counts: what follows it may be its consequence.
  void fail(std::string_view invariant, const std::string& what) {
    if (!violation_.invariant.empty()) return;
    violation_ = {std::string{invariant}, what, now};
    if (loud)
      std::printf("%lld %.*s BROKEN: %s\n", static_cast<long long>(now),
                  static_cast<int>(invariant.size()), invariant.data(), what.c_str());
  }
  [[nodiscard]] bool broken() const { return !violation_.invariant.empty(); }
  [[nodiscard]] const Violation& violation() const { return violation_; }

  void mark(Mark mark) { ++marks_[static_cast<std::size_t>(mark)]; }
  [[nodiscard]] const Marks& marks() const { return marks_; }

  /// Every part of what happened, in order.
  void hash(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9fb21c651e98df25ULL;
    hash_ ^= hash_ >> 29;
  }
  void hash(std::string_view text) {
    std::uint64_t h = 14'695'981'039'346'656'037ULL;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
    hash(h);
  }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

  /// For people who replay one seed.
  [[gnu::format(printf, 2, 3)]] void say(const char* format, ...) {
    if (!loud) return;
    std::printf("%lld ", static_cast<long long>(now));
    std::va_list arguments;
    va_start(arguments, format);
    std::vprintf(format, arguments);
    va_end(arguments);
    std::printf("\n");
  }

  Time now = 0;
  bool loud = false;

 private:
  Violation violation_;
  Marks marks_{};
  std::uint64_t hash_ = 1;
};

}  // namespace muster::sim
