/// What all lookups have alike: the cache, the ETag, and waiting for a change.
#pragma once

#include "cache.hpp"
#include "call.hpp"

#include <functional>
#include <optional>
#include <string>

namespace muster::broker::http {

struct Lookup {
  Version version;                 ///< Of what the answer is made of.
  std::optional<Subject> subject;  ///< What a blocking query waits for; none: it cannot block.
  std::uint64_t index = 0;         ///< The subject's, 0 without one.
};

/// Parameters of every blocking lookup, for the route table.
inline constexpr std::string_view index_help =
    "Wait until the result's index (X-Muster-Index) is not this one.";
inline constexpr std::string_view wait_help =
    "How long to wait at most, such as 30s: at most 10m, 5m if only an index is given; a little "
    "longer, so that not all come back at once.";

/// The path and the parameters that shape the body: who has the same is told the same.
[[nodiscard]] std::string answer_key(const Call& call);
/// The body of that version, as JSON. `make` writes it, if nobody has asked for it before.
[[nodiscard]] const Response& serialised(LoopDoor& loop, const std::string& key, Version&& version,
                                         const std::function<std::string()>& make);

/// Answers now, or says that it waits. `make` writes the body; it is called only behind what is
/// urgent, and once for all who ask the same.
[[nodiscard]] Outcome answer_lookup(Call& call, Lookup&& lookup,
                                    const std::function<std::string()>& make);

/// The same where there is nothing: `absent` is the answer, now or after a wait in vain.
[[nodiscard]] Outcome answer_absent(const Call& call, const Lookup& lookup, Response absent);

}  // namespace muster::broker::http
