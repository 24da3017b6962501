/// The data folder: who may look into it, who holds it, what it is, how often it was opened.
///
///   identity   uuid, shard count, format; whether it is a store or a backup. Fixed when it is made
///   boot       how often the store was opened: the floor of all terms. Raised before anything else
///   lock       held (flock) by the process that uses the folder
///   marks      the last durable revision of each shard (marks.hpp)
///   db/        RocksDB's own folder
///   creating   there while a new store is being made: what is beside it was never used, and is
///   made anew restoring  there while a backup is being restored into the folder: such a folder is
///   not opened
#pragma once

#include "file_descriptor.hpp"
#include "store.hpp"

#include <cstdint>
#include <string>

namespace muster::store {

enum class FolderKind : std::uint8_t { store, backup };

class Folder {
 public:
  /// Opens a store's folder for a broker, or begins to make one: checks the mode, takes the lock,
  /// checks the identity, raises the boot counter durably. Fails  StoreError: store_locked,
  /// store_corrupt, store_incompatible, store_failed, epoch_exhausted.
  [[nodiscard]] static Folder open(const OpenOptions& options);

  /// Opens a store's or backup's folder to read it: takes the lock, changes nothing.
  [[nodiscard]] static Folder inspect(const std::string& path);

  /// Makes the new folder `path`, which must not exist, for a restore; `finish` ends it.
  [[nodiscard]] static Folder restore_into(const std::string& path, const StoreIdentity& identity);

  /// True between the making of a folder and `finish`: its db is to be made, too.
  [[nodiscard]] bool is_new() const { return is_new_; }
  /// Everything is in place: from now on nothing of it may be missing.
  void finish();

  void set_boots(std::uint64_t boots);

  [[nodiscard]] const StoreIdentity& identity() const { return identity_; }
  [[nodiscard]] FolderKind kind() const { return kind_; }
  [[nodiscard]] std::uint64_t boots() const { return boots_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const char* name) const { return path_ + "/" + name; }
  [[nodiscard]] std::string db() const { return file("db"); }

 private:
  explicit Folder(std::string path) : path_(std::move(path)) {}

  void make(std::uint32_t shards);
  void read(std::uint32_t shards_asked);
  void lock();
  void check_mode() const;
  [[nodiscard]] bool holds_nothing() const;
  void clear_unfinished() const;

  std::string path_;
  FileDescriptor lock_;
  StoreIdentity identity_;
  FolderKind kind_ = FolderKind::store;
  std::uint64_t boots_ = 0;
  bool is_new_ = false;
  std::string marker_;
};

/// Makes a folder of mode 0700, durably. Throws StoreError (store_failed) if it exists.
void make_folder(const std::string& path);

void write_identity(const std::string& folder, const StoreIdentity& identity, FolderKind kind);
void write_boots(const std::string& folder, std::uint64_t boots);

}  // namespace muster::store
