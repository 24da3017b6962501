/// chaos: a broker and its workers on machines of their own, every kind of fault, and a judgement
/// of what they did.
///
///   chaos [--seconds 120] [--seed N] [--workers 8] [--partitions 24] [--crowd 1000]
///         [--only FAULT,FAULT…] [--musterd PATH] [--keep DIR]
///   chaos check HISTORY     judges a stored history again
///   chaos facilities        what this machine can do
///
/// Exit codes: 0 all promises held; 1 one did not, or the run could not be played; 64 usage; 77
/// this machine has not what every run needs.
#include "arguments.hpp"
#include "child.hpp"
#include "crowd.hpp"
#include "history_file.hpp"
#include "scene.hpp"

#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <random>

namespace {

using namespace muster::chaos;
namespace fs = std::filesystem;

constexpr int skipped = 77;

std::atomic<bool> stop = false;
std::atomic<bool> storm = false;

int be_crowd(int argc, char** argv) {
  Arguments values{{"--server", ""},         {"--group", ""},           {"--topic", ""},
                   {"--journal", ""},        {"--members", "10"},       {"--shortest-ms", "1000"},
                   {"--longest-ms", "5000"}, {"--silent-percent", "0"}, {"--seed", "0"}};
  parse(argc, argv, 2, values);
  std::signal(SIGTERM, [](int) { stop = true; });
  std::signal(SIGUSR1, [](int) { storm = true; });
  CrowdOptions options{values["--server"], values["--group"], values["--topic"],
                       values["--journal"]};
  options.members = static_cast<std::size_t>(number(values, "--members", 1, 10'000));
  options.shortest = muster::Millis{number(values, "--shortest-ms", 1'000, 1'800'000)};
  options.longest = muster::Millis{number(values, "--longest-ms", 1'000, 1'800'000)};
  options.silent_percent = static_cast<int>(number(values, "--silent-percent", 0, 100));
  options.seed = static_cast<std::uint64_t>(number(values, "--seed", 0, any_seed));
  return Crowd(options).run(stop, storm);
}

int check(int argc, char** argv) {
  if (argc != 3) throw Usage("chaos check HISTORY");
  return report(read_history(argv[2])) ? 0 : 1;
}

std::vector<Facility> show_facilities(const std::string& folder) {
  auto facilities = try_facilities(folder);
  for (const Facility& facility : facilities)
    std::printf("  %-28s %s%s\n", facility.name,
                facility.there ? "there" : "missing: ", facility.reason.c_str());
  std::fflush(stdout);
  return facilities;
}

/// For itself, the crowd and the broker: as many descriptors as it may have.
void raise_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int chaos(int argc, char** argv) {
  const fs::path beside = fs::path(own_program()).parent_path() / "musterd";
  Arguments values{{"--seconds", "120"},
                   {"--seed", std::to_string(std::random_device{}())},
                   {"--workers", "8"},
                   {"--partitions", "24"},
                   {"--crowd", "1000"},
                   {"--only", ""},
                   {"--musterd", beside.string()},
                   {"--keep", ""}};
  parse(argc, argv, 1, values);
  SceneOptions options;
  options.seconds = static_cast<int>(number(values, "--seconds", 1, 86'400));
  options.seed = static_cast<std::uint64_t>(number(values, "--seed", 0, any_seed));
  options.workers = static_cast<std::size_t>(number(values, "--workers", 4, 1'000));
  options.partitions = static_cast<std::int32_t>(number(values, "--partitions", 1, 10'000));
  options.crowd = static_cast<std::size_t>(number(values, "--crowd", 10, 3'000));
  options.only = values["--only"];
  options.musterd = fs::absolute(values["--musterd"]);
  raise_descriptors();
  Folder folder(values["--keep"], "muster-chaos");
  options.folder = folder.path();
  std::printf("chaos: seed=%s for %d s, %zu workers on %d partitions, a crowd of %zu, in %s\n",
              values["--seed"].c_str(), options.seconds, options.workers, options.partitions,
              options.crowd, options.folder.c_str());
  const auto facilities = show_facilities(options.folder);
  if (const Facility& spaces = find(facilities, "namespaces"); !spaces.there) {
    std::printf("chaos: skipped, no namespaces can be made: %s\n", spaces.reason.c_str());
    return skipped;
  }
  try {
    const History history = play(options, facilities);
    write_history(history, options.folder + "/history.jsonl");
    const bool ok = report(history);
    if (!ok) folder.keep();
    return ok ? 0 : 1;
  } catch (const std::exception&) {
    folder.keep();
    throw;
  }
}

int run(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "worker") return work(argc, argv);
  if (mode == "crowd") return be_crowd(argc, argv);
  if (mode == "check") return check(argc, argv);
  if (mode != "facilities") return chaos(argc, argv);
  const Folder folder("", "muster-chaos");
  (void)show_facilities(folder.path());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Usage& error) {
    std::cerr << "chaos: " << error.what() << '\n';
    return 64;
  } catch (const std::exception& error) {
    std::cerr << "chaos: " << error.what() << '\n';
    return 1;
  }
}
