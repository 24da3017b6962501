/// A worker's own account of its life: a line for each fact, written at once, so that it survives
/// SIGKILL up to the last line.
#pragma once

#include "history.hpp"

#include <string>

namespace muster::chaos {

class Journal {
 public:
  explicit Journal(const std::string& path);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Any thread; each is one write to the file.
  void id(Stamp at, const std::string& id) const;
  void hold(const Hold& hold) const;
  void begun(const Ack& ack) const;
  void ack(const Ack& ack) const;
  void refused(const Ack& ack) const;
  void unanswered() const;
  void read(const Read& read) const;
  void lost(const Lost& lost) const;
  void gap(const Span& gap) const;
  void vigil(const Vigil& vigil) const;
  void count(const std::string& name, std::uint64_t count) const;

 private:
  template <class... Parts>
  void line(const char* format, Parts... parts) const;

  int file_;
};

/// Adds what the worker wrote to the history; a torn last line is passed over. `worker` says who.
void read_journal(const std::string& path, WorkerLife& worker, History& history);

}  // namespace muster::chaos
