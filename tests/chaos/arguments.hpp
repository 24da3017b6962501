/// What torture and chaos share of being programs: their options, their folder, their worker mode.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>

namespace muster::chaos {

class Usage : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

using Arguments = std::map<std::string, std::string>;

/// "--name value" pairs from the `first` on; only names that are in `values` already, which holds
/// the defaults. Throws Usage, as number() does.
void parse(int argc, char** argv, int first, Arguments& values);

[[nodiscard]] std::int64_t number(const Arguments& values, const char* name, std::int64_t low,
                                  std::int64_t high);

inline constexpr std::int64_t any_seed = std::numeric_limits<std::int64_t>::max();

/// A folder of its own below /tmp, removed at the end unless it is to be kept.
class Folder {
 public:
  /// `wanted`: this one, and it is kept; else one of that kind of name.
  Folder(const std::string& wanted, const std::string& name);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  void keep() { keep_ = true; }

 private:
  bool keep_;
  std::string path_;
};

/// A worker process, until SIGTERM: `argv[1]` is "worker", options follow.
int work(int argc, char** argv);

}  // namespace muster::chaos
