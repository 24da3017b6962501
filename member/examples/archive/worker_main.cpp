/// archive_worker NAME SERVER FOLDER [LEVEL]: one worker of a parallel backup; archive_run starts
/// it.
#include "worker.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int) {
  stop = true;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 4 || argc > 5) {
    std::fputs("usage: archive_worker NAME SERVER FOLDER [LEVEL]\n", stderr);
    return 64;
  }
  std::signal(SIGTERM, on_signal);
  std::signal(SIGINT, on_signal);
  backup::WorkerOptions options;
  options.name = argv[1];
  options.server = argv[2];
  options.folder = argv[3];
  if (argc == 5) options.level = std::atoi(argv[4]);
  return backup::Worker(options).run(stop);
} catch (const std::exception& error) {
  std::fprintf(stderr, "archive_worker: %s\n", error.what());
  return 1;
}
