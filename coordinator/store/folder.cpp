#include "folder.hpp"

#include "durable_file.hpp"
#include "identity.hpp"
#include "record_key.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <set>

namespace muster::store {
namespace {

constexpr char identity_title[] = "muster store identity";
constexpr char boot_title[] = "muster boot counter";
constexpr mode_t private_folder = 0700;

const char* to_string(FolderKind kind) {
  return kind == FolderKind::store ? "store" : "backup";
}

std::string octal(mode_t mode) {
  char out[8];
  std::snprintf(out, sizeof out, "%04o", static_cast<unsigned>(mode));
  return out;
}

void check_not_half_restored(const Folder& folder) {
  if (exists(folder.file("restoring")))
    throw StoreError(
        Errc::store_corrupt,
        folder.path() + " holds a restore that did not finish; remove it and restore again");
}

StoreIdentity read_identity(const Folder& folder, FolderKind& kind) {
  const SealedFile file(folder.file("identity"), identity_title);
  const std::uint64_t format = file.number("format", UINT32_MAX);
  if (format == 0 || format > format_version)
    throw StoreError(Errc::store_incompatible,
                     folder.path() + " is of store format " + std::to_string(format) +
                         "; this program knows formats 1 to " + std::to_string(format_version));
  StoreIdentity out;
  out.format_version = static_cast<std::uint32_t>(format);
  out.shards = static_cast<std::uint32_t>(file.number("shards", max_shards));
  kind = file.text("kind") == "backup" ? FolderKind::backup : FolderKind::store;
  if (out.shards == 0 || !parse_uuid(file.text("uuid"), out.uuid))
    throw StoreError(Errc::store_corrupt, folder.file("identity") +
                                              " is damaged: " + std::to_string(out.shards) +
                                              " shards, uuid " + in_quotes(file.text("uuid")));
  return out;
}

std::uint64_t read_boots(const Folder& folder) {
  return SealedFile(folder.file("boot"), boot_title).number("boots", UINT64_MAX - 1);
}

void check_is_folder(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) fail_with_errno("cannot open the store " + path);
  if (!S_ISDIR(found.st_mode)) throw StoreError(Errc::store_failed, path + " is not a folder");
}

}  // namespace

Folder Folder::open(const OpenOptions& options) {
  Folder folder(options.path);
  if (!exists(options.path)) {
    if (!options.create_if_missing)
      throw StoreError(Errc::store_failed, "there is no store in " + options.path);
    make_folder(options.path);
  }
  check_is_folder(options.path);
  folder.check_mode();
  folder.lock();
  check_not_half_restored(folder);
  if (exists(folder.file("creating"))) folder.clear_unfinished();
  if (folder.holds_nothing()) {
    if (!options.create_if_missing)
      throw StoreError(Errc::store_failed, "there is no store in " + options.path);
    folder.make(options.shards != 0 ? options.shards : default_shards);
  } else {
    folder.read(options.shards);
  }
  // Before anything else: whatever happens from here on, the next start will give higher terms.
  folder.set_boots(folder.boots_ + 1);
  return folder;
}

Folder Folder::inspect(const std::string& path) {
  Folder folder(path);
  check_is_folder(path);
  folder.lock();
  check_not_half_restored(folder);
  folder.identity_ = read_identity(folder, folder.kind_);
  folder.boots_ = read_boots(folder);
  return folder;
}

Folder Folder::restore_into(const std::string& path, const StoreIdentity& identity) {
  Folder folder(path);
  make_folder(path);
  folder.lock();
  folder.marker_ = folder.file("restoring");
  write_durably(folder.marker_, "A restore into this folder has not finished.\n");
  folder.identity_ = identity;
  folder.is_new_ = true;
  return folder;
}

void Folder::make(std::uint32_t shards) {
  identity_ = new_identity(shards);
  marker_ = file("creating");
  write_durably(marker_, "The store in this folder is not yet made.\n");
  is_new_ = true;
}

void Folder::finish() {
  write_identity(path_, identity_, kind_);
  remove_durably(marker_);
  is_new_ = false;
}

void Folder::read(std::uint32_t shards_asked) {
  if (!exists(file("identity")) && !exists(file("boot")) && !exists(db()))
    throw StoreError(Errc::store_incompatible,
                     path_ + " is not empty, and what it holds is no store");
  identity_ = read_identity(*this, kind_);
  if (kind_ == FolderKind::backup)
    throw StoreError(Errc::store_incompatible,
                     path_ + " is a backup; restore it into a new folder and open that one");
  if (shards_asked != 0 && shards_asked != identity_.shards)
    throw StoreError(Errc::store_incompatible, path_ + " has " + std::to_string(identity_.shards) +
                                                   " shards, fixed when it was made; " +
                                                   std::to_string(shards_asked) +
                                                   " were asked for");
  boots_ = read_boots(*this);
  if (!exists(db())) throw StoreError(Errc::store_corrupt, db() + " is missing");
}

void Folder::set_boots(std::uint64_t boots) {
  (void)term_floor(boots);  // throws where no term is left
  write_boots(path_, boots);
  boots_ = boots;
}

void Folder::lock() {
  const std::string path = file("lock");
  lock_ = FileDescriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock_.get() < 0) {
    if (errno == EROFS)
      return;  // Nobody can use a store on a read-only disk, so nobody has to be kept out.
    fail_with_errno("cannot open " + path);
  }
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) == 0) return;
  if (errno == EWOULDBLOCK)
    throw StoreError(Errc::store_locked, "another process uses the store in " + path_);
  fail_with_errno("cannot lock " + path);
}

void Folder::check_mode() const {
  struct stat found{};
  if (::stat(path_.c_str(), &found) != 0) fail_with_errno("cannot look at " + path_);
  const mode_t mode = found.st_mode & 07777;
  if ((mode & 077) != 0)
    throw StoreError(Errc::store_failed,
                     path_ + " has mode " + octal(mode) +
                         ", so that others can reach it; a store's folder has " +
                         octal(private_folder) + " (chmod 700)");
}

bool Folder::holds_nothing() const {
  static const std::set<std::string> ignored{"lock", "lost+found", "creating.new"};
  for (const std::string& name : names_in(path_))
    if (!ignored.contains(name)) return false;
  return true;
}

void Folder::clear_unfinished() const {
  for (const char* name :
       {"db", "boot", "boot.new", "identity", "identity.new", "marks", "marks.new"})
    remove_all(file(name));
  remove_durably(file("creating"));
}

void make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), private_folder) != 0) fail_with_errno("cannot make the folder " + path);
  sync_folder(parent_of(path));
}

void write_identity(const std::string& folder, const StoreIdentity& identity, FolderKind kind) {
  write_durably(folder + "/identity",
                sealed(identity_title, {{"kind", to_string(kind)},
                                        {"format", std::to_string(identity.format_version)},
                                        {"shards", std::to_string(identity.shards)},
                                        {"uuid", store::to_string(identity.uuid)}}));
}

void write_boots(const std::string& folder, std::uint64_t boots) {
  write_durably(folder + "/boot", sealed(boot_title, {{"boots", std::to_string(boots)}}));
}

}  // namespace muster::store
