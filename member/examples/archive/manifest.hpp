/// What is to be backed up: every entry of a folder, in the partition that its path hashes to.
///
/// The run makes the manifest once and all workers read the same one, so that "the first 17 entries
/// of partition 5" means the same to each of them, whatever happens to the folder meanwhile.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace backup {

inline constexpr int partition_count = 64;

enum class Kind : char { file = 'f', directory = 'd', symlink = 'l', hard_link = 'h' };

struct Entry {
  Kind kind = Kind::file;
  std::string path;    ///< Relative to the folder; any bytes but NUL.
  std::string target;  ///< Of a hard link: the first path of the same file.
  friend bool operator==(const Entry&, const Entry&) = default;
};

/// An entry that cannot be in the backup, and why.
struct Skipped {
  std::string path;
  std::string reason;
};

struct Manifest {
  std::string folder;  ///< Absolute.
  /// Files, links and symlinks by path; the last partition ends with all directories, the deepest
  /// first, so that tar sets their modes and times when everything in them is written.
  std::array<std::vector<Entry>, partition_count> partitions;

  [[nodiscard]] std::size_t entries() const;
};

struct Scan {
  Manifest manifest;
  std::vector<Skipped> skipped;  ///< Unreadable, or neither file, directory nor symlink.
  std::uint64_t bytes = 0;       ///< Of all files' contents.
  std::size_t files = 0;         ///< Links and symlinks included.
  std::size_t directories = 0;
};

[[nodiscard]] int partition_of(std::string_view path);

/// Lists `folder`, but nothing of the directory `leave_out` (the run's own, if it lies inside).
/// Names of one file (hard links) all go to the partition of the first. Throws std::system_error if
/// the folder itself cannot be read.
[[nodiscard]] Scan scan(const std::string& folder, const std::string& leave_out);

void save(const Manifest& manifest, const std::string& file);
/// Throws std::runtime_error if the file is not a manifest.
[[nodiscard]] Manifest load(const std::string& file);

}  // namespace backup
