#include "folder.hpp"

#include "processes.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

namespace muster::agent {
namespace {

constexpr const char* header = "muster-agent 1";

std::string said(int error) {
  return std::generic_category().message(error);
}

/// It and what leads to it; what is there already is left as it is.
void make_folders(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
    ::mkdir(path.substr(0, at).c_str(), 0700);
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    throw FolderError("folder " + path + " cannot be made: " + said(errno));
}

void check_owner(const std::string& path) {
  struct stat is{};
  if (::lstat(path.c_str(), &is) != 0)
    throw FolderError("folder " + path + " cannot be looked at: " + said(errno));
  if (!S_ISDIR(is.st_mode)) throw FolderError(path + " is no folder");
  if (is.st_uid != ::geteuid())
    throw FolderError("folder " + path + " belongs to user " + std::to_string(is.st_uid) +
                      ", not to " + std::to_string(::geteuid()));
  if ((is.st_mode & 022) != 0)
    throw FolderError("others may write to folder " + path + ": chmod go-w it");
}

/// Who may rename the folder away could put another in its place.
void check_parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "."
                             : slash == 0               ? "/"
                                                        : path.substr(0, slash);
  struct stat is{};
  const bool well = ::stat(parent.c_str(), &is) == 0 &&
                    (is.st_uid == 0 || is.st_uid == ::geteuid()) &&
                    ((is.st_mode & 022) == 0 || (is.st_mode & S_ISVTX) != 0);
  if (!well) throw FolderError("others may put something else in the place of folder " + path);
}

}  // namespace

std::string default_folder() {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime == '/') return std::string(runtime) + "/muster-agent";
  if (::geteuid() == 0) return "/run/muster-agent";
  return "/tmp/muster-agent-" + std::to_string(::geteuid());
}

std::string Folder::socket_in(const std::string& folder) {
  constexpr std::size_t longest = 107;
  std::string out = folder + "/control";
  if (out.size() > longest)
    throw FolderError("the name " + out + " is " + std::to_string(out.size()) +
                      " bytes long; a socket's is at most " + std::to_string(longest));
  return out;
}

Folder::Folder(std::string path) : path_(std::move(path)) {
  while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
  static_cast<void>(socket_in(path_));
  make_folders(path_);
  check_parent(path_);
  check_owner(path_);
  const std::string file = path_ + "/lock";
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0) throw FolderError("file " + file + " cannot be opened: " + said(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw FolderError("another agent uses the folder " + path_ + ": give this one its own");
  }
}

Folder::~Folder() {
  ::close(lock_);
}

std::vector<StartRecord> Folder::load() const {
  std::ifstream in(path_ + "/starts");
  std::string line;
  if (!std::getline(in, line) || line != header) return {};
  const bool same_boot = std::getline(in, line) && line == boot_id() && !line.empty();
  std::vector<StartRecord> out;
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    StartRecord one;
    std::string incarnation;
    std::string pid;
    std::string start_time;
    if (!std::getline(fields, one.instance.value, '\t') ||
        !std::getline(fields, incarnation, '\t') || !std::getline(fields, pid, '\t') ||
        !std::getline(fields, start_time, '\t'))
      continue;
    std::getline(fields, one.cgroup, '\t');
    one.incarnation = std::strtoull(incarnation.c_str(), nullptr, 10);
    if (same_boot) {
      one.pid = static_cast<pid_t>(std::strtol(pid.c_str(), nullptr, 10));
      one.start_time = std::strtoull(start_time.c_str(), nullptr, 10);
    }
    out.push_back(std::move(one));
  }
  return out;
}

bool Folder::save(const std::vector<StartRecord>& records) const {
  std::ostringstream text;
  text << header << '\n' << boot_id() << '\n';
  for (const StartRecord& one : records)
    text << one.instance.value << '\t' << one.incarnation << '\t' << one.pid << '\t'
         << one.start_time << '\t' << one.cgroup << '\n';
  const std::string file = path_ + "/starts";
  const std::string fresh = file + ".new";
  std::ofstream out(fresh, std::ios::trunc);
  out << text.str();
  out.close();
  return out && std::rename(fresh.c_str(), file.c_str()) == 0;
}

}  // namespace muster::agent
