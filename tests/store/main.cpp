#include "options.hpp"
#include "workload.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

namespace muster::store::test {

bool rewrite_fixtures = false;
std::string program;

}  // namespace muster::store::test

int main(int argc, char** argv) {
  using namespace muster::store::test;
  if (argc > 1 && std::string_view(argv[1]) == "--child") return run_child({argv + 2, argv + argc});
  program = "/proc/self/exe";
  rewrite_fixtures = std::getenv("MUSTER_REWRITE") != nullptr;
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) == "--rewrite") rewrite_fixtures = true;
  return RUN_ALL_TESTS();
}
