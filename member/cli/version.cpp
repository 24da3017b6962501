#include "version.hpp"

namespace muster::cli {

const char* const version = MUSTER_VERSION;

}  // namespace muster::cli
