#include "manifest.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace backup {
namespace {

struct Identity {
  dev_t device;
  ino_t inode;
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

struct Found {
  std::string path;
  struct stat status;
};

/// Walks a folder without following symlinks; gives entries in no particular order.
class Walk {
 public:
  Walk(std::string root, Identity leave_out, Scan& out)
      : root_(std::move(root)), leave_out_(leave_out), out_(out) {}

  /// False, with errno: the directory cannot be listed.
  bool list(const std::string& directory) {
    const std::string full = directory.empty() ? root_ : root_ + "/" + directory;
    std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(full.c_str()), &::closedir);
    if (!open) return false;
    while (const dirent* item = ::readdir(open.get())) {
      const std::string_view name = item->d_name;
      if (name == "." || name == "..") continue;
      take(directory.empty() ? std::string(name) : directory + "/" + std::string(name));
    }
    return true;
  }

  std::vector<Found> found;

 private:
  void take(std::string path) {
    const std::string full = root_ + "/" + path;
    struct stat status{};
    if (::lstat(full.c_str(), &status) != 0) return skip(std::move(path), std::strerror(errno));
    const auto mode = status.st_mode;
    if (S_ISDIR(mode)) {
      if (Identity{status.st_dev, status.st_ino} == leave_out_) {
        return skip(std::move(path), "the run's own folder");
      }
      if (!list(path)) return skip(std::move(path), std::strerror(errno));
    } else if (S_ISREG(mode)) {
      if (::access(full.c_str(), R_OK) != 0) return skip(std::move(path), std::strerror(errno));
    } else if (!S_ISLNK(mode)) {
      return skip(std::move(path), "neither file, directory nor symlink");
    }
    found.push_back({std::move(path), status});
  }

  void skip(std::string path, std::string reason) {
    out_.skipped.push_back({std::move(path), std::move(reason)});
  }

  std::string root_;
  Identity leave_out_;
  Scan& out_;
};

/// Puts one file, link or symlink where it belongs. `first` remembers each file of several names.
void place(const Found& found, std::map<Identity, std::string>& first, Scan& scan) {
  Entry entry{S_ISLNK(found.status.st_mode) ? Kind::symlink : Kind::file, found.path, {}};
  std::string_view home = found.path;
  if (entry.kind == Kind::file && found.status.st_nlink > 1) {
    const Identity identity{found.status.st_dev, found.status.st_ino};
    const auto [it, is_first] = first.emplace(identity, found.path);
    home = it->second;
    if (!is_first) {
      entry.kind = Kind::hard_link;
      entry.target = it->second;
    }
  }
  if (entry.kind == Kind::file) scan.bytes += static_cast<std::uint64_t>(found.status.st_size);
  scan.files++;
  scan.manifest.partitions[static_cast<std::size_t>(partition_of(home))].push_back(
      std::move(entry));
}

}  // namespace

std::size_t Manifest::entries() const {
  std::size_t sum = 0;
  for (const auto& partition : partitions) sum += partition.size();
  return sum;
}

int partition_of(std::string_view path) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return static_cast<int>((hash ^ (hash >> 32)) % partition_count);
}

Scan scan(const std::string& folder, const std::string& leave_out) {
  struct stat own{};
  if (leave_out.empty() || ::stat(leave_out.c_str(), &own) != 0) own = {};
  Scan scan;
  scan.manifest.folder = std::filesystem::canonical(folder).string();
  Walk walk(scan.manifest.folder, {own.st_dev, own.st_ino}, scan);
  if (!walk.list("")) throw std::system_error(errno, std::generic_category(), folder);

  std::ranges::sort(walk.found, {}, &Found::path);
  std::ranges::sort(scan.skipped, {}, &Skipped::path);
  std::map<Identity, std::string> first;
  for (const auto& found : walk.found) {
    if (!S_ISDIR(found.status.st_mode)) place(found, first, scan);
  }
  for (auto it = walk.found.rbegin(); it != walk.found.rend(); ++it) {  // children before parents
    if (!S_ISDIR(it->status.st_mode)) continue;
    scan.directories++;
    scan.manifest.partitions.back().push_back({Kind::directory, it->path, {}});
  }
  return scan;
}

void save(const Manifest& manifest, const std::string& file) {
  std::ofstream out(file, std::ios::binary);
  const auto field = [&](std::string_view text) { out << text << '\0'; };
  field(manifest.folder);
  for (std::size_t p = 0; p < manifest.partitions.size(); ++p) {
    for (const auto& entry : manifest.partitions[p]) {
      field(std::to_string(p));
      field({reinterpret_cast<const char*>(&entry.kind), 1});
      field(entry.path);
      field(entry.target);
    }
  }
  if (!out.flush()) throw std::runtime_error("cannot write " + file);
}

Manifest load(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::string> fields;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = bytes.find('\0', at);
    if (end == std::string::npos) throw std::runtime_error(file + " ends in the middle");
    fields.push_back(bytes.substr(at, end - at));
    at = end + 1;
  }
  if (fields.size() % 4 != 1) throw std::runtime_error(file + " is not a manifest");

  Manifest manifest;
  manifest.folder = fields[0];
  for (std::size_t i = 1; i < fields.size(); i += 4) {
    std::size_t partition = partition_count;
    std::from_chars(fields[i].data(), fields[i].data() + fields[i].size(), partition);
    if (partition >= partition_count || fields[i + 1].size() != 1) {
      throw std::runtime_error(file + " is not a manifest");
    }
    manifest.partitions[partition].push_back(
        {static_cast<Kind>(fields[i + 1][0]), std::move(fields[i + 2]), std::move(fields[i + 3])});
  }
  return manifest;
}

}  // namespace backup
