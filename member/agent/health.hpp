/// What the answers of checks mean: thresholds on the way down and up again.
#pragma once

#include "spec.hpp"

#include <span>
#include <string>

namespace muster::agent {

/// What one try of a check found.
struct Outcome {
  enum class Finding : std::uint8_t {
    passed,
    overloaded,  ///< It answers, but late, or it says that it is overloaded.
    missed,      ///< It does not answer, or says that it is in trouble.
  };
  Finding finding = Finding::passed;
  std::string words;  ///< The evidence: "GET http://…: 503 after 4 ms".
};

/// From best to worst. `unknown` is before the first answer that counts.
enum class Health : std::uint8_t { well, overloaded, unknown, critical, dead };

/// One check of one program, since the program's start.
class CheckHealth {
 public:
  explicit CheckHealth(const CheckSpec& spec) : spec_(spec) {}

  void note(Outcome outcome);
  [[nodiscard]] Health health() const { return health_; }
  [[nodiscard]] const std::string& words() const { return words_; }
  [[nodiscard]] std::uint32_t misses() const { return misses_; }
  [[nodiscard]] const CheckSpec& spec() const { return spec_; }

 private:
  CheckSpec spec_;
  Health health_ = Health::unknown;
  std::uint32_t bad_ = 0;     // in a row: overloaded or missed
  std::uint32_t misses_ = 0;  // in a row
  std::uint32_t good_ = 0;    // in a row: passed
  std::string words_;         // of the last answer
};

/// The worst of them; without checks a program is well.
[[nodiscard]] Health worst(std::span<const CheckHealth> checks);
/// The evidence for that.
[[nodiscard]] std::string why(std::span<const CheckHealth> checks);

}  // namespace muster::agent
