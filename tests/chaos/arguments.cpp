#include "arguments.hpp"

#include "worker.hpp"

#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace muster::chaos {
namespace {

namespace fs = std::filesystem;

std::atomic<bool> stop = false;

}  // namespace

void parse(int argc, char** argv, int first, Arguments& values) {
  for (int i = first; i < argc; i += 2) {
    const auto it = values.find(argv[i]);
    if (it == values.end()) throw Usage("unknown option " + std::string(argv[i]));
    if (i + 1 == argc) throw Usage(it->first + " needs a value");
    it->second = argv[i + 1];
  }
}

std::int64_t number(const Arguments& values, const char* name, std::int64_t low,
                    std::int64_t high) {
  const std::string& text = values.at(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high)
    throw Usage(std::string(name) + " " + text + " is not a number from " + std::to_string(low) +
                " to " + std::to_string(high));
  return value;
}

Folder::Folder(const std::string& wanted, const std::string& name)
    : keep_(!wanted.empty()), path_(wanted) {
  if (keep_) {
    if (fs::exists(path_) && !fs::is_empty(path_)) throw Usage(path_ + " is not empty");
    fs::create_directories(path_);
    path_ = fs::absolute(path_);
    return;
  }
  path_ = (fs::temp_directory_path() / (name + "-XXXXXX")).string();
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no folder " + path_);
}

Folder::~Folder() {
  std::error_code ignored;
  if (!keep_) fs::remove_all(path_, ignored);
  if (keep_) std::printf("kept: %s\n", path_.c_str());
}

int work(int argc, char** argv) {
  Arguments values{{"--server", ""},
                   {"--sink", ""},
                   {"--journal", ""},
                   {"--session-ms", "1000"},
                   {"--seed", "0"}};
  parse(argc, argv, 2, values);
  std::signal(SIGTERM, [](int) { stop = true; });
  const WorkerOptions options{values["--server"], values["--sink"], values["--journal"],
                              Millis{number(values, "--session-ms", 1'000, 1'800'000)},
                              static_cast<std::uint64_t>(number(values, "--seed", 0, any_seed))};
  return Worker(options).run(stop);
}

}  // namespace muster::chaos
