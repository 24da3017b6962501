/// The broker's disk in a chaos run: a small file system of its own, which can be filled up, and
/// whose unsynced bytes can be taken away as a power cut does.
#pragma once

#include "steered.hpp"

#include <cstdint>
#include <map>
#include <random>
#include <string>

namespace muster::chaos {

class Disk {
 public:
  /// Mounts a tmpfs of `bytes` at `folder`, in the present mount namespace. Throws
  /// std::system_error.
  Disk(std::string folder, std::uint64_t bytes);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  /// Leaves at most this much free.
  void fill(std::uint64_t leave_free) const;
  void make_room() const;
  /// As stat() tells it.
  [[nodiscard]] std::uint64_t device() const;

  /// Before a process that writes here starts: what it finds is on the disk.
  void note_durable(Control& control);
  /// Once that process is dead: of each file that it wrote, what it had not synced is cut off at a
  /// byte of chance. Gives the number of bytes that are gone.
  ///
  /// What it cannot show: files that vanish with their folder's unsynced entry, and blocks of one
  /// file that reach the disk in another order.
  std::uint64_t cut_power(Control& control, std::mt19937_64& random) const;

 private:
  const std::string folder_;
  const std::string filler_;
  std::map<std::uint64_t, std::int64_t> durable_;  // by inode
};

}  // namespace muster::chaos
