/// torture: kills and pauses broker and workers at random under load, and judges what they did.
///
///   torture [--seconds 60] [--seed N] [--workers 6] [--partitions 24] [--musterd PATH] [--keep
///   DIR]
///
/// Exit codes: 0 all promises held; 1 one did not, or the run could not be played; 64 usage.
#include "arguments.hpp"
#include "child.hpp"
#include "run.hpp"

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <random>

namespace {

using namespace muster::chaos;
namespace fs = std::filesystem;

int torture(int argc, char** argv) {
  const fs::path beside = fs::path(own_program()).parent_path() / "musterd";
  Arguments values{{"--seconds", "60"},
                   {"--seed", std::to_string(std::random_device{}())},
                   {"--workers", "6"},
                   {"--partitions", "24"},
                   {"--musterd", beside.string()},
                   {"--keep", ""}};
  parse(argc, argv, 1, values);
  RunOptions options;
  options.seconds = static_cast<int>(number(values, "--seconds", 1, 86'400));
  options.seed = static_cast<std::uint64_t>(number(values, "--seed", 0, any_seed));
  options.workers = static_cast<std::size_t>(number(values, "--workers", 4, 1'000));
  options.partitions = static_cast<std::int32_t>(number(values, "--partitions", 1, 10'000));
  options.musterd = values["--musterd"];
  Folder folder(values["--keep"], "muster-torture");
  options.folder = folder.path();
  std::printf("torture: seed=%s for %d s, %zu workers, %d partitions, in %s\n",
              values["--seed"].c_str(), options.seconds, options.workers, options.partitions,
              options.folder.c_str());
  std::fflush(stdout);
  try {
    const bool ok = report(options, play(options));
    if (!ok) folder.keep();
    return ok ? 0 : 1;
  } catch (const std::exception&) {
    folder.keep();
    throw;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const bool worker = argc > 1 && std::string(argv[1]) == "worker";
    return worker ? work(argc, argv) : torture(argc, argv);
  } catch (const Usage& error) {
    std::cerr << "torture: " << error.what() << '\n';
    return 64;
  } catch (const std::exception& error) {
    std::cerr << "torture: " << error.what() << '\n';
    return 1;
  }
}
