/// A worker of the parallel backup: what a program that uses libmuster looks like.
///
/// It owns some of the partitions. Of each in turn it archives the next entry into a segment of its
/// own and commits, under the partition's fencing token, how far it has come and which bytes count.
/// What another owner committed before is where it goes on.
#pragma once

#include "assemble.hpp"
#include "manifest.hpp"
#include "segment_writer.hpp"
#include "signs.hpp"

#include <muster/member.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace backup {

struct WorkerOptions {
  std::string name;
  std::string server;  ///< host:port of the broker.
  std::string group = "archive";
  std::string topic = "files";
  std::string folder;  ///< The run's: manifest, segments/, released, NAME.busy.
  int level = 19;      ///< Of zstd.
  muster::Millis session_timeout{3'000};
};

class Worker {
 public:
  explicit Worker(WorkerOptions options);

  /// Works until `stop`, then leaves. Gives the exit code; says on standard output what it notices.
  int run(const std::atomic<bool>& stop);

 private:
  /// One owned partition.
  struct Job {
    muster::Ownership mine;
    std::optional<Committed> state;          ///< Nothing until it could be read from the broker.
    std::unique_ptr<SegmentWriter> segment;  ///< Made for the first entry.
  };
  using JobPtr = std::shared_ptr<Job>;

  muster::Callbacks callbacks();
  void assigned(const std::vector<muster::Ownership>& partitions);
  void dropped(const std::vector<muster::Ownership>& partitions, const char* how);
  void drop(const muster::Ownership& mine);
  void read_committed(const std::vector<JobPtr>& jobs);

  [[nodiscard]] JobPtr next_job();
  [[nodiscard]] bool has_work(const Job& job, int released) const;
  [[nodiscard]] bool still_ours(const JobPtr& job);
  void work_on(const JobPtr& job);
  void open_segment(Job& job);
  bool add_next(const JobPtr& job, std::int64_t& done);
  bool commit(const JobPtr& job, const Committed& next);
  [[nodiscard]] const std::vector<Entry>& entries(const Job& job) const;

  WorkerOptions options_;
  Manifest manifest_;
  Released released_;
  Busy busy_;
  Compressor compressor_;
  std::map<int, JobPtr> jobs_;  ///< By partition.
  int last_ = -1;               ///< The partition that was worked on last.
  std::uint64_t archived_ = 0;
  std::optional<muster::Member> member_;
};

}  // namespace backup
