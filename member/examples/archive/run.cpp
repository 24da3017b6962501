#include "run.hpp"

#include <event_line.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace backup {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const std::string group = "archive";
const std::string topic = "files";

std::string megabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return text;
}

/// Whether this process runs one of the programs of an earlier run.
bool is_ours(const std::string& pid, const std::string& programs) {
  std::error_code gone;
  const fs::path program = fs::read_symlink("/proc/" + pid + "/exe", gone);
  return !gone && program.parent_path() == fs::weakly_canonical(programs);
}

/// What `--stay` left running still uses the folder.
void refuse_if_in_use(const std::string& pids_file, const std::string& programs) {
  std::ifstream in(pids_file);
  std::string alive;
  for (std::string pid; in >> pid;) {
    if (is_ours(pid, programs)) alive += " " + pid;
  }
  if (!alive.empty())
    throw std::runtime_error("an earlier run is still up; end it with: kill" + alive);
}

bool worth_a_line(const muster::Event& event) {
  using enum muster::EventKind;
  return event.kind != assignment_changed && event.kind != broker_started &&
         (event.kind != member_status_changed || event.to != muster::Status::healthy ||
          event.from != muster::Status::starting);
}

}  // namespace

Run::Run(RunOptions options)
    : options_(std::move(options)),
      released_(file("released")),
      fleet_({options_.programs, options_.folder, options_.level, options_.stay}) {}

int Run::go(const std::atomic<bool>& interrupted) try {
  prepare();
  play(interrupted);
  return conclude();
} catch (const std::exception& error) {
  say(std::string("FAILED: ") + error.what());
  say("logs are in " + options_.folder);
  return 1;
}

void Run::prepare() {
  fs::create_directories(options_.folder);
  refuse_if_in_use(file("pids"), options_.programs);
  for (const auto& entry : fs::directory_iterator(options_.folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".log") || name.ends_with(".busy")) fs::remove(entry);
  }
  for (const auto* name : {"data", "segments", "manifest", "released", "backup.tar.zst", "pids"}) {
    fs::remove_all(file(name));
  }
  fs::create_directories(file("segments"));

  scan_ = scan(options_.input, options_.folder);
  save(scan_.manifest, file("manifest"));
  say("folder   " + scan_.manifest.folder + ": " + std::to_string(scan_.files) + " files, " +
      std::to_string(scan_.directories) + " directories, " + megabytes(scan_.bytes));
  for (const auto& [path, reason] : scan_.skipped) say("skipped  " + path + ": " + reason);
}

void Run::play(const std::atomic<bool>& interrupted) {
  released_.set(0);
  fleet_.start_broker();
  watch_ = std::make_unique<Watch>(fleet_.server(), group, scan_.manifest);
  watch_->create_topic(topic, partition_count);
  say("broker   musterd on " + fleet_.server() + ", its data in " + file("data"));
  for (int i = 1; i <= options_.workers; ++i) fleet_.start_worker("w" + std::to_string(i));
  say("workers  " + std::to_string(options_.workers) + ", session timeout 3 s, topic " + topic +
      " of " + std::to_string(partition_count) + " partitions");
  if (watch_->total() >= fewest_entries_for_faults) {
    faults_ = all_faults("w" + std::to_string(options_.workers + 1));
  } else {
    say("faults   none: fewer than " + std::to_string(fewest_entries_for_faults) + " entries");
  }
  began_work_ = progressed_ = Clock::now();
  while (!all_came_ || !finished() || settled_ < faults_.size()) {
    if (interrupted) throw std::runtime_error("interrupted");
    release();
    look();
    step_faults();
    std::this_thread::sleep_for(20ms);
  }
  worked_ = Clock::now();
  look();
  check_that_nobody_healthy_was_expelled();
}

/// A new look at the group, and a bound on how long nothing may move.
void Run::look() {
  const std::size_t before = watch_->picture().done;
  if (!watch_->refresh()) return;
  if (watch_->picture().done > before) progressed_ = Clock::now();
  if (watch_->picture().workers.size() >= static_cast<std::size_t>(options_.workers))
    all_came_ = true;
  if (Clock::now() - progressed_ > 60s) expect_bytes();
  if (const std::string name = fleet_.fallen(); !name.empty()) {
    throw std::runtime_error(name + " ended by itself; see " + file(name + ".log"));
  }
  show_events();
  show_progress();
}

/// No entry was committed for long: then a very large one must be on its way into a segment.
void Run::expect_bytes() {
  std::uintmax_t bytes = 0;
  for (const auto& segment : fs::directory_iterator(file("segments"))) bytes += segment.file_size();
  if (bytes <= bytes_) throw std::runtime_error("nothing has moved for 60 s");
  bytes_ = bytes;
  progressed_ = Clock::now();
}

/// Lets the list grow up to a little beyond the next fault, so that it meets unfinished work
/// however fast the machine and small the folder.
void Run::release() {
  int next = 1000;
  const bool last_has_struck = settled_ + 1 == faults_.size() && fired_;
  if (settled_ < faults_.size() && !last_has_struck) {
    next = std::min(990, 10 * faults_[settled_]->percent() + 150 + 20 * attempts_);
  }
  if (next <= thousandths_) return;
  thousandths_ = next;
  released_.set(next);
}

void Run::step_faults() {
  if (settled_ == faults_.size()) return;
  Fault& fault = *faults_[settled_];
  Stage stage{fleet_, *watch_, topic, [this](const std::string& line) { say(line); }};
  const std::size_t due = watch_->total() * static_cast<std::size_t>(fault.percent()) / 100;
  if (!fired_) {
    if (watch_->picture().done < due) return;
    fired_ = fault.fire(stage);
    if (!fired_) ++attempts_;
  } else if (fault.settled(stage)) {
    ++settled_;
    fired_ = false;
    attempts_ = 0;
  }
}

void Run::check_that_nobody_healthy_was_expelled() const {
  std::size_t expected = 0;
  for (const auto& [member, reason] : watch_->expelled()) {
    if (reason != muster::Reason::session_expired) {
      throw std::runtime_error(watch_->name_of(member) +
                               " was expelled: " + std::string(to_string(reason)));
    }
    ++expected;
  }
  const std::size_t silenced = faults_.empty() ? 0 : 2;  // the killed one and the stopped one
  if (expected != silenced) {
    throw std::runtime_error(std::to_string(expected) + " members were expelled, not " +
                             std::to_string(silenced));
  }
}

void Run::end_workers() {
  if (const auto bad = fleet_.stop_workers(); !bad.empty()) {
    throw std::runtime_error(bad.front() + " did not end well; see " + file(bad.front() + ".log"));
  }
  fleet_.stop_broker();
}

int Run::conclude() {
  const auto took = std::chrono::duration<double>(worked_ - began_work_).count();
  const CommittedPartitions committed = watch_->picture().committed;
  if (!options_.stay) end_workers();
  const Proof proof =
      prove(options_.folder, scan_, committed, [this](const std::string& line) { say(line); });
  if (!proof.problem.empty()) throw std::runtime_error(proof.problem);

  std::size_t segments = 0;
  for (const auto& partition : committed) segments += partition.segments.size();
  std::printf("\n%zu of %zu entries in %zu segments: none lost, none twice, none torn\n",
              watch_->total(), watch_->total(), segments);
  if (faults_.empty()) {
    std::printf("no fault was played; no worker was expelled\n");
  } else {
    std::printf(
        "%zu of %zu faults hit unfinished work; the late commit was refused; no healthy worker "
        "expelled\n",
        settled_, faults_.size());
  }
  std::printf("%s: %s of %s in %.1f s\n", file("backup.tar.zst").c_str(),
              megabytes(proof.size).c_str(), megabytes(scan_.bytes).c_str(), took);
  if (options_.stay) show_what_to_try(fleet_.release());
  std::fflush(stdout);
  return 0;
}

void Run::show_events() {
  const muster::cli::TopicNames no_topics;
  for (auto& event : watch_->take_events()) {
    if (!worth_a_line(event)) continue;
    say("event  " + watch_->with_names(muster::cli::event_line(event, no_topics, event.at)));
  }
}

/// A line for each 5 % of the work.
void Run::show_progress() {
  const Picture& picture = watch_->picture();
  const std::size_t percent = watch_->total() == 0 ? 100 : picture.done * 100 / watch_->total();
  if (percent / 5 <= shown_ / 5 && percent != 100) return;
  if (percent == shown_) return;
  shown_ = percent;
  std::string line = std::to_string(percent) + " %  " + std::to_string(picture.done) + " of " +
                     std::to_string(watch_->total());
  for (const auto& worker : picture.workers) {
    line += "   " + worker.name + " " + std::to_string(worker.owned.size());
    if (worker.status != muster::Status::healthy)
      line += " " + std::string(to_string(worker.status));
  }
  say(line);
}

void Run::show_what_to_try(const std::vector<pid_t>& pids) const {
  const std::string muster =
      shell_words({options_.programs + "/muster", "--server", fleet_.server()});
  std::string all;
  for (const pid_t pid : pids) all += " " + std::to_string(pid);
  std::ofstream(file("pids")) << all << '\n';
  std::printf(
      "\nThe broker (pid %d) and the workers are still up. Try:\n"
      "  %s groups describe %s\n"
      "  %s groups members %s\n"
      "  %s groups why %s\n"
      "  %s groups offsets %s\n"
      "  %s events --last 20\n"
      "  kill -9 %d    one of the workers; the broker expels it after 3 s\n"
      "End them all:\n  kill%s\n",
      pids.front(), muster.c_str(), group.c_str(), muster.c_str(), group.c_str(), muster.c_str(),
      group.c_str(), muster.c_str(), group.c_str(), muster.c_str(), pids.back(), all.c_str());
}

void Run::say(const std::string& line) const {
  const auto elapsed = std::chrono::duration<double>(Clock::now() - started_).count();
  std::printf("%5.1f s  %s\n", elapsed, line.c_str());
  std::fflush(stdout);
}

}  // namespace backup
