/// What the command line said to this test program.
#pragma once

#include <string>

namespace muster::store::test {

/// `--rewrite`, or MUSTER_REWRITE in the environment.
extern bool rewrite_fixtures;

/// This program, to start itself as a child.
extern std::string program;

}  // namespace muster::store::test
