/// Assertions on the core's own invariants; on in release too, because every start is a recovery.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Stops the process if an invariant of the core is broken. Never for bad input: that is an Errc.
#define MUSTER_ASSERT(condition, meaning)                                                 \
  do {                                                                                    \
    if (!(condition)) [[unlikely]] {                                                      \
      std::fprintf(stderr, "muster: broken invariant at %s:%d: %s\n", __FILE__, __LINE__, \
                   meaning);                                                              \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
