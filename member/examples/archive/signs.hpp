/// The two small files by which the run and a worker see each other, beside the broker.
#pragma once

#include <string>

namespace backup {

/// How much of the list is out, in thousandths: the list grows while the run goes on, as a topic
/// does. Written by the run alone, in one step; read before each entry.
class Released {
 public:
  explicit Released(std::string file) : file_(std::move(file)) {}
  void set(int thousandths) const;
  [[nodiscard]] int get() const;
  /// How many of a partition's `entries` that lets through; all of them only at 1000.
  [[nodiscard]] static std::size_t of(std::size_t entries, int thousandths) {
    return entries * static_cast<std::size_t>(thousandths) / 1000;
  }

 private:
  std::string file_;
};

/// Whether a worker is in the midst of an entry: shared memory, so that it can be seen of a process
/// that stands still.
class Busy {
 public:
  /// Makes the file if it is not there. Throws std::system_error.
  explicit Busy(const std::string& file);
  ~Busy();
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  void set(bool busy);
  [[nodiscard]] bool get() const;

 private:
  int* word_;
};

}  // namespace backup
