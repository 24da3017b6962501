/// The folder of one agent: its lock, its memory of what it has started, and its control socket.
#pragma once

#include <muster/types.hpp>

#include <sys/types.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace muster::agent {

class FolderError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Where it is unless somebody says otherwise: $XDG_RUNTIME_DIR/muster-agent, /run/muster-agent for
/// root, else /tmp/muster-agent-UID.
[[nodiscard]] std::string default_folder();

/// One start that may still have processes, or had.
struct StartRecord {
  InstanceId instance;
  Incarnation incarnation = 0;
  pid_t pid = 0;  ///< 0: nothing of it is left.
  std::uint64_t start_time = 0;
  std::string cgroup;
  friend bool operator==(const StartRecord&, const StartRecord&) = default;
};

/// Makes the folder (0700) and holds it alone, until destruction. Throws FolderError: it belongs to
/// somebody else, others may write to it, or another agent has it.
class Folder {
 public:
  explicit Folder(std::string path);
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Where the control socket is. A socket's name is short: at most 107 bytes.
  [[nodiscard]] static std::string socket_in(const std::string& folder);

  /// What the last run wrote. Of an earlier start of the machine only the incarnations are told.
  [[nodiscard]] std::vector<StartRecord> load() const;
  /// Replaces it whole. False: it could not be written.
  bool save(const std::vector<StartRecord>& records) const;

 private:
  std::string path_;
  int lock_ = -1;
};

}  // namespace muster::agent
