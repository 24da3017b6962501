/// archive_run: plays a parallel backup under faults and proves its result.
#include "run.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int) {
  interrupted = true;
}

constexpr const char* usage =
    "usage: archive_run [--stay] [--out DIR] [--level N] [--workers N] [FOLDER]\n"
    "\n"
    "Backs FOLDER (default /usr/include/boost) up with N workers (5) and one broker, kills and "
    "stops some\n"
    "of them on the way, and checks the backup with tar and diff.\n"
    "  --stay       leave the broker and the workers up\n"
    "  --out DIR    where segments, logs and backup.tar.zst go (archive-run)\n"
    "  --level N    compression level of zstd, 1-19 (19)\n"
    "  --workers N  2-50 (5)\n"
    "Exit code: 0 the backup is whole and every fault was survived; 1 not so; 64 wrong usage.\n";

/// A number within bounds; -1 if it is none.
int number(const char* text, int low, int high) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  return *text == '\0' || *end != '\0' || value < low || value > high ? -1
                                                                      : static_cast<int>(value);
}

bool parse(int argc, char** argv, backup::RunOptions& options) {
  bool named = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--stay") {
      options.stay = true;
    } else if (word == "--out" && *value != '\0') {
      options.folder = argv[++i];
    } else if (word == "--level" && (options.level = number(value, 1, 19)) > 0) {
      ++i;
    } else if (word == "--workers" && (options.workers = number(value, 2, 50)) > 0) {
      ++i;
    } else if (!word.starts_with("-") && !named) {
      options.input = word;
      named = true;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) try {
  backup::RunOptions options;
  options.folder = "archive-run";
  options.programs = std::filesystem::canonical("/proc/self/exe").parent_path().string();
  if (argc > 1 && std::string_view(argv[1]) == "--help") return std::fputs(usage, stdout), 0;
  if (!parse(argc, argv, options)) return std::fputs(usage, stderr), 64;
  options.folder = std::filesystem::absolute(options.folder).lexically_normal().string();
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  return backup::Run(options).go(interrupted);
} catch (const std::exception& error) {
  std::fprintf(stderr, "archive_run: %s\n", error.what());
  return 1;
}
