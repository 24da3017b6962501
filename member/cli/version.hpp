/// The version of this build.
#pragma once

namespace muster::cli {

extern const char* const version;

}  // namespace muster::cli
