/// torture: kills and pauses broker and workers at random under load, and judges what they did.
///
///   torture [--seconds 60] [--seed N] [--workers 6] [--partitions 24] [--musterd PATH] [--keep
///   DIR]
///
/// Exit codes: 0 all promises held; 1 one did not, or the run could not be played; 64 usage.
#include "child.hpp"
#include "run.hpp"
#include "worker.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <random>
#include <stdexcept>

namespace {

using namespace muster::chaos;
namespace fs = std::filesystem;

std::atomic<bool> stop = false;

class Usage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// "--name value" pairs; only names that are in `values` already, which holds the defaults.
void parse(int argc, char** argv, int first, std::map<std::string, std::string>& values) {
  for (int i = first; i < argc; i += 2) {
    const auto it = values.find(argv[i]);
    if (it == values.end()) throw Usage("unknown option " + std::string(argv[i]));
    if (i + 1 == argc) throw Usage(it->first + " needs a value");
    it->second = argv[i + 1];
  }
}

std::int64_t number(const std::map<std::string, std::string>& values, const char* name,
                    std::int64_t low, std::int64_t high) {
  const std::string& text = values.at(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high)
    throw Usage(std::string(name) + " " + text + " is not a number from " + std::to_string(low) +
                " to " + std::to_string(high));
  return value;
}

constexpr std::int64_t any_seed = std::numeric_limits<std::int64_t>::max();

int work(int argc, char** argv) {
  std::map<std::string, std::string> values{{"--server", ""},
                                            {"--sink", ""},
                                            {"--journal", ""},
                                            {"--session-ms", "1000"},
                                            {"--seed", "0"}};
  parse(argc, argv, 2, values);
  std::signal(SIGTERM, [](int) { stop = true; });
  WorkerOptions options{values["--server"], values["--sink"], values["--journal"],
                        muster::Millis{number(values, "--session-ms", 1'000, 1'800'000)},
                        static_cast<std::uint64_t>(number(values, "--seed", 0, any_seed))};
  return Worker(options).run(stop);
}

/// A folder of its own below /tmp, removed at the end unless it is to be kept.
class Folder {
 public:
  explicit Folder(const std::string& wanted) : keep_(!wanted.empty()), path_(wanted) {
    if (keep_) {
      if (fs::exists(path_) && !fs::is_empty(path_)) throw Usage(path_ + " is not empty");
      fs::create_directories(path_);
      return;
    }
    path_ = (fs::temp_directory_path() / "muster-torture-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder " + path_);
  }
  ~Folder() {
    std::error_code ignored;
    if (!keep_) fs::remove_all(path_, ignored);
    if (keep_) std::printf("kept: %s\n", path_.c_str());
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void keep() { keep_ = true; }

 private:
  bool keep_;
  std::string path_;
};

int torture(int argc, char** argv) {
  const fs::path beside = fs::path(own_program()).parent_path() / "musterd";
  std::map<std::string, std::string> values{{"--seconds", "60"},
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
  Folder folder(values["--keep"]);
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
