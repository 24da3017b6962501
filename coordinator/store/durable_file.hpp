/// Small files that survive a crash whole: either the old contents or the new, never a mixture.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::store {

// All of these throw StoreError (store_failed) with a sentence that names the path and the system's
// reason.

/// Writes `path`.new, syncs it, renames it over `path`, syncs the folder.
void write_durably(const std::string& path, std::string_view bytes);
void copy_durably(const std::string& from, const std::string& to);
void sync_file(const std::string& path);
/// Makes what was created, renamed or removed in a folder durable.
void sync_folder(const std::string& path);
void remove_durably(const std::string& path);
/// The names in a folder, sorted.
[[nodiscard]] std::vector<std::string> names_in(const std::string& path);
/// Removes a file or a whole folder; one that is not there is no error.
void remove_all(const std::string& path);
[[nodiscard]] std::string read_file(const std::string& path);
[[nodiscard]] bool exists(const std::string& path);
[[nodiscard]] std::string parent_of(const std::string& path);

/// A text for people and programs, sealed by a checksum:
///
///   muster store identity
///   shards 8
///   …
///   crc32 89abcdef
using Fields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::string sealed(std::string_view title, const Fields& fields);

/// A sealed file, read and checked.
class SealedFile {
 public:
  /// Fails  StoreError (store_corrupt): not there, another title, damaged.
  SealedFile(const std::string& path, std::string_view title);

  /// Fails  StoreError (store_corrupt) if the field is missing or is no number up to `max`.
  [[nodiscard]] std::string text(std::string_view field) const;
  [[nodiscard]] std::uint64_t number(std::string_view field, std::uint64_t max) const;

 private:
  std::string path_;
  Fields fields_;
};

[[nodiscard]] std::uint32_t crc32(std::string_view bytes);

}  // namespace muster::store
