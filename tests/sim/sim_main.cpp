/// The simulator's command line; `sim --help` says what it can do.
#include "runner.hpp"

#include "broker/log.hpp"

#include <muster/mutant.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using namespace muster::sim;

constexpr const char* usage =
    "sim                        3,000 worlds, each another; what was met, and what was broken\n"
    "sim --seeds N | --seconds S   that many, or as many as fit\n"
    "sim --long [SECONDS]       as many as fit into an hour; seeds that nobody has seen\n"
    "  --from N --jobs N        from this seed on; in this many processes (one a core)\n"
    "sim --seed N [--loud]      one world, twice, and all that happens in it\n"
    "sim --case FILE [--loud]   a world in writing\n"
    "sim --corpus FOLDER        all worlds in writing: what once broke a promise must not again; "
    "with\n"
    "                           bugs to plant, the one that a file is named after must\n"
    "sim --shrink N|FILE [TO]   a smaller world that breaks the same promise, in 60 s\n"
    "sim --steady [SECONDS]     how fast 20 members that beat every 3 s run: simulated seconds "
    "each\n"
    "sim --mutant NAME …       anything of the above, with a planted bug\n"
    "sim --mutants [NAME]       planted bugs (built with MUSTER_MUTANTS): each must be found\n";

void print(const Found& found) {
  std::printf("%s broken, seed %llu, after %.3f s: %s\n  ./dev sim --seed %llu --loud\n",
              found.violation.invariant.c_str(), static_cast<unsigned long long>(found.seed),
              static_cast<double>(found.violation.at) / 1e6, found.violation.what.c_str(),
              static_cast<unsigned long long>(found.seed));
}

/// Worlds of the swarm, after which every rare condition must have been met.
constexpr std::uint64_t enough_to_see_all = 2'000;

int run_swarm(const SwarmOptions& options) {
  const SwarmResult result = swarm(options);
  for (const Found& found : result.found) print(found);
  std::size_t unseen = 0;
  std::string missing;
  for (std::size_t i = 0; i < result.marks.size(); ++i) {
    if (result.marks[i] != 0) continue;
    ++unseen;
    missing += " " + std::string{mark_names[i]};
  }
  const double simulated = static_cast<double>(result.time) / 1e6;
  std::printf(
      "%llu seeds, %zu broken; %llu events, %.2f simulated days, %llu disturbances; %zu of %zu "
      "rare "
      "conditions met; %llu seeds run twice, the same; longest way to rest %.1f s\n",
      static_cast<unsigned long long>(result.seeds), result.found.size(),
      static_cast<unsigned long long>(result.events), simulated / 86'400,
      static_cast<unsigned long long>(result.actions), result.marks.size() - unseen,
      result.marks.size(), static_cast<unsigned long long>(result.compared),
      static_cast<double>(result.longest_settling) / 1e6);
  std::printf(
      "from seed %llu on, %.1f s, %.1f s of CPU: %.0f events/s and %.0f x real time on one core, "
      "%.0f simulated days an hour\n",
      static_cast<unsigned long long>(options.from), result.wall_seconds, result.cpu_seconds,
      static_cast<double>(result.events) / result.cpu_seconds, simulated / result.cpu_seconds,
      simulated / 24 / result.wall_seconds);
  if (unseen != 0) std::printf("never met:%s\n", missing.c_str());
  if (result.seeds == 0) std::printf("no world was run\n");
  const bool blind = result.seeds >= enough_to_see_all && unseen != 0;
  return result.found.empty() && result.seeds != 0 && !blind ? 0 : 1;
}

Case read_file(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  return read_case({std::istreambuf_iterator<char>(in), {}});
}

Case story_of(const std::string& word) {
  const bool number = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
  return number ? draw_case(std::stoull(word)) : read_file(word);
}

int run_one(const Case& story, bool loud) {
  std::printf("%s\n", text_of(story.knobs).c_str());
  const Outcome outcome = run(story, loud);
  const Outcome again = run(story);
  std::printf("%llu events, %.1f simulated s, hash %016llx\n",
              static_cast<unsigned long long>(outcome.events),
              static_cast<double>(outcome.time) / 1e6,
              static_cast<unsigned long long>(outcome.hash));
  if (outcome.hash != again.hash) std::printf("two runs differ: determinism is broken\n");
  if (!outcome.violation.invariant.empty())
    std::printf("%s broken after %.3f s: %s\n", outcome.violation.invariant.c_str(),
                static_cast<double>(outcome.violation.at) / 1e6, outcome.violation.what.c_str());
  return outcome.hash == again.hash && outcome.violation.invariant.empty() ? 0 : 1;
}

/// Whether the case still finds the bug that it is named after, if that can be planted.
bool bites(const std::filesystem::path& file, const Case& story) {
#ifdef MUSTER_MUTANTS
  const auto& names = muster::mutant_names;
  const auto it = std::find(names.begin(), names.end(), file.stem().string());
  if (it == names.end()) return true;
  muster::mutant = static_cast<muster::Mutant>(it - names.begin());
  const std::string broken = run_apart(story).violation.invariant;
  muster::mutant = muster::Mutant::none;
  if (broken == story.expect) return true;
  std::printf("%s: with that bug, \"%s\" is broken and not %s\n", file.filename().c_str(),
              broken.c_str(), story.expect.c_str());
  return false;
#else
  (void)file, (void)story;
  return true;
#endif
}

int run_corpus(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::size_t broken = 0;
  for (const auto& file : files) {
    const Case story = read_file(file.string());
    if (!bites(file, story)) ++broken;
    const Outcome outcome = run_apart(story);
    if (outcome.violation.invariant.empty()) continue;
    ++broken;
    std::printf("%s: %s broken: %s\n", file.filename().c_str(), outcome.violation.invariant.c_str(),
                outcome.violation.what.c_str());
  }
  std::printf("%zu cases, %zu broken\n", files.size(), broken);
  return broken == 0 && !files.empty() ? 0 : 1;
}

int run_shrink(const std::string& word, const std::string& to) {
  const Case story = story_of(word);
  const Outcome outcome = run_apart(story);
  if (outcome.violation.invariant.empty()) {
    std::printf("it breaks no promise\n");
    return 1;
  }
  Case small = shrink(story, outcome.violation.invariant, 60);
  small.note = run_apart(small).violation.what;
  std::ofstream(to) << text_of(small);
  std::printf("%s: %s with %zu events, of %zu\n", to.c_str(), small.expect.c_str(),
              small.plan.size(), story.plan.size());
  return 0;
}

int run_steady(double seconds) {
  Case story;
  story.knobs = steady_world(1);
  story.knobs.duration_ms = static_cast<std::int64_t>(seconds * 1'000);
  story.plan = draw_plan(story.knobs);
  const std::clock_t began = std::clock();
  const Outcome outcome = run(story);
  const double cpu = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  const double simulated = static_cast<double>(outcome.time) / 1e6;
  std::printf("steady: %.0f simulated s in %.2f s of CPU: %.0f x real time, %.0f events/s %s\n",
              simulated, cpu, simulated / cpu, static_cast<double>(outcome.events) / cpu,
              outcome.violation.what.c_str());
  return outcome.violation.invariant.empty() ? 0 : 1;
}

#ifdef MUSTER_MUTANTS
int run_mutants(const std::string& only) {
  constexpr std::uint64_t within = 3'000;  // as many as CI runs
  std::size_t tried = 0;
  std::size_t caught = 0;
  for (std::size_t i = 1; i < muster::mutant_names.size(); ++i) {
    if (!only.empty() && only != muster::mutant_names[i]) continue;
    muster::mutant = static_cast<muster::Mutant>(i);
    ++tried;
    SwarmOptions options;
    options.seeds = within;
    options.most_found = 1;
    options.twice = 0;
    const SwarmResult result = swarm(options);
    if (result.found.empty()) {
      std::printf("%-28s SURVIVES %llu seeds\n", muster::mutant_names[i].data(),
                  static_cast<unsigned long long>(result.seeds));
    } else {
      ++caught;
      std::printf("%-28s caught by %-9s after %3llu seeds (seed %llu)\n",
                  muster::mutant_names[i].data(), result.found[0].violation.invariant.c_str(),
                  static_cast<unsigned long long>(result.seeds),
                  static_cast<unsigned long long>(result.found[0].seed));
    }
    std::fflush(stdout);
  }
  std::printf("%zu mutants, %zu caught\n", tried, caught);
  return caught == tried && tried != 0 ? 0 : 1;
}
void set_mutant(const std::string& name) {
  const auto& names = muster::mutant_names;
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) throw std::runtime_error("there is no mutant " + name);
  muster::mutant = static_cast<muster::Mutant>(it - names.begin());
}
#else
void set_mutant(const std::string&) {
  throw std::runtime_error("no mutants in this build");
}
int run_mutants(const std::string&) {
  std::printf("no mutants in this build: cmake -DMUSTER_MUTANTS=ON, or ./dev sim --mutants\n");
  return 1;
}
#endif

int run_command(const std::vector<std::string>& words) {
  SwarmOptions options;
  const bool loud = std::find(words.begin(), words.end(), "--loud") != words.end();
  const auto value = [&](std::size_t i) -> std::string {
    if (i + 1 >= words.size()) throw std::runtime_error(words[i] + " needs a value");
    return words[i + 1];
  };
  const auto optional = [&](std::size_t i, const std::string& other) {
    return i + 1 < words.size() && !words[i + 1].starts_with("--") ? words[i + 1] : other;
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--help") return std::fputs(usage, stdout), 0;
    if (word == "--seed") return run_one(draw_case(std::stoull(value(i))), loud);
    if (word == "--case") return run_one(read_file(value(i)), loud);
    if (word == "--corpus") return run_corpus(value(i));
    if (word == "--shrink") return run_shrink(value(i), optional(i + 1, "small.case"));
    if (word == "--steady") return run_steady(std::stod(optional(i, "20000")));
    if (word == "--mutants") return run_mutants(optional(i, ""));
    if (word == "--loud") continue;
    if (word == "--mutant") {
      set_mutant(value(i++));
      continue;
    }
    if (word == "--long") {
      const std::string seconds = optional(i, "");
      options.seconds = seconds.empty() ? 3'600 : std::stod(seconds);
      if (!seconds.empty()) ++i;
      options.from = static_cast<std::uint64_t>(std::time(nullptr)) * 1'000;
    } else if (word == "--seeds") {
      options.seeds = std::stoull(value(i++));
    } else if (word == "--seconds") {
      options.seconds = std::stod(value(i++));
    } else if (word == "--from") {
      options.from = std::stoull(value(i++));
    } else if (word == "--jobs") {
      options.jobs = static_cast<unsigned>(std::stoul(value(i++)));
    } else {
      std::fputs(usage, stderr);
      return 2;
    }
  }
  return run_swarm(options);
}

}  // namespace

int main(int argc, char** argv) {
  muster::broker::log::set_level(muster::broker::log::Level::error);
  try {
    return run_command({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sim: %s\n", error.what());
    return 2;
  }
}
