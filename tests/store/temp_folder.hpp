/// A folder of one test's own, gone with the object.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace muster::store::test {

/// Most tests ask what is in the files, not what the disk does: they run in memory where there is
/// room.
enum class Place { memory, disk };

class TempFolder {
 public:
  explicit TempFolder(Place place = Place::memory) {
    std::string pattern = parent(place) + "/muster-store-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder " + pattern);
    path_ = pattern;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  /// A path inside it, where nothing is yet.
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  static std::string parent(Place place) {
    constexpr std::uintmax_t room = std::uintmax_t{512} << 20;
    std::error_code error;
    const auto memory = std::filesystem::space("/dev/shm", error);
    if (place == Place::memory && !error && memory.available > room) return "/dev/shm";
    return std::filesystem::temp_directory_path().string();
  }

  std::string path_;
};

}  // namespace muster::store::test
