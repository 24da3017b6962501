#include <chrono>
#include <cstdlib>
#include <cstring>
#include "broker/log.hpp"
#include "world.hpp"
using namespace muster::sim;
int main(int argc, char** argv) {
  muster::broker::log::set_level(muster::broker::log::Level::error);
  std::uint64_t from = 1, to = 20;
  bool loud = false;
  if (argc > 1) from = to = std::strtoull(argv[1], nullptr, 10);
  if (argc > 2) to = std::strtoull(argv[2], nullptr, 10);
  loud = argc > 3;
  std::uint64_t events = 0;
  Time time = 0;
  int bad = 0;
  const auto began = std::chrono::steady_clock::now();
  Marks marks{};
  for (auto seed = from; seed <= to; ++seed) {
    Case story = draw_case(seed);
    if (from == 0) {
      story.knobs = steady_world(seed + 1);
      story.plan = draw_plan(story.knobs);
    }
    World world(story, loud);
    world.run();
    events += world.events();
    time += world.now();
    for (std::size_t i = 0; i < marks.size(); ++i) marks[i] += world.witness.marks()[i];
    if (world.witness.broken()) {
      ++bad;
      std::printf("seed %lu at %ld: %s: %s\n", seed, world.now(),
                  world.witness.violation().invariant.c_str(),
                  world.witness.violation().what.c_str());
    }
  }
  const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  std::printf("%lu seeds, %d bad, %lu events, %.0f simulated s, %.1f s: %.0f events/s, %.0f x\n",
              to - from + 1, bad, events, time / 1e6, s, events / s, time / 1e6 / s);
  for (std::size_t i = 0; i < marks.size(); ++i)
    if (marks[i] == 0) std::printf("never %s\n", mark_names[i].data());
}
