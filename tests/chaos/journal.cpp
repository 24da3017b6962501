#include "journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace muster::chaos {
namespace {

using Number = long long;

/// Begun by the same worker with the same words, and the newest that is still open.
void mark_refused(const Attempt& refused, History& history) {
  for (auto it = history.attempts.rbegin(); it != history.attempts.rend(); ++it) {
    if (it->worker != refused.worker || it->begun < refused.begun) return;
    if (it->begun != refused.begun || it->partition != refused.partition || it->refused) continue;
    it->refused = true;
    return;
  }
}

void take_in(std::istringstream line, WorkerLife& worker, History& history) {
  char kind = 0;
  line >> kind;
  if (kind == 'i') {
    Stamp at = 0;
    std::string id;
    if (line >> at >> std::ws && std::getline(line, id)) worker.ids.emplace_back(at, id);
  } else if (kind == 'h') {
    Hold hold{.worker = worker.pid};
    if (line >> hold.partition >> hold.token >> hold.from >> hold.to) history.holds.push_back(hold);
  } else if (kind == 'a') {
    Ack ack{.worker = worker.pid};
    if (line >> ack.partition >> ack.token >> ack.offset >> ack.begun >> ack.at)
      history.acks.push_back(ack);
  } else if (kind == 'r') {
    Read read{.reader = worker.pid};
    if (line >> read.partition >> read.offset >> read.begun >> read.ended)
      history.reads.push_back(read);
  } else if (kind == 'l') {
    Lost lost;
    if (line >> lost.partition >> lost.token >> lost.at) worker.lost.push_back(lost);
  } else if (kind == 'g') {
    Span gap;
    if (line >> gap.from >> gap.to) worker.gaps.push_back(gap);
  } else if (kind == 'b') {
    Attempt attempt{.worker = worker.pid};
    if (line >> attempt.partition >> attempt.token >> attempt.offset >> attempt.begun)
      history.attempts.push_back(attempt);
  } else if (kind == 'x') {
    Attempt refused{.worker = worker.pid};
    if (!(line >> refused.partition >> refused.token >> refused.offset >> refused.begun)) return;
    ++history.refused_commits;
    mark_refused(refused, history);
  } else if (kind == 'v') {
    Vigil v;
    std::int64_t session = 0;
    if (line >> session >> v.joined >> v.heard_sent >> v.heard_at >> v.last_sent >> v.silent >>
            v.refused >> v.revived >> std::ws &&
        std::getline(line, v.member)) {
      v.session_timeout = Millis{session};
      history.vigils.push_back(v);
    }
  } else if (kind == 'c') {
    std::uint64_t count = 0;
    std::string name;
    if (line >> count >> std::ws && std::getline(line, name)) history.counts[name] += count;
  } else if (kind == 'u') {
    ++history.unanswered_commits;
  }
}

}  // namespace

Journal::Journal(const std::string& path)
    : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (file_ < 0) throw std::system_error(errno, std::generic_category(), path);
}

Journal::~Journal() {
  ::close(file_);
}

/// A member id is at most 249 bytes, so a line always fits.
template <class... Parts>
void Journal::line(const char* format, Parts... parts) const {
  std::array<char, 512> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), format, parts...);
  if (::write(file_, buffer.data(), static_cast<std::size_t>(length)) != length)
    throw std::system_error(errno, std::generic_category(), "journal");
}

void Journal::id(Stamp at, const std::string& id) const {
  line("i %lld %s\n", Number{at}, id.c_str());
}
void Journal::hold(const Hold& hold) const {
  line("h %d %llu %lld %lld\n", hold.partition, static_cast<unsigned long long>(hold.token),
       Number{hold.from}, Number{hold.to});
}
void Journal::ack(const Ack& ack) const {
  line("a %d %llu %lld %lld %lld\n", ack.partition, static_cast<unsigned long long>(ack.token),
       Number{ack.offset}, Number{ack.begun}, Number{ack.at});
}
void Journal::begun(const Ack& ack) const {
  line("b %d %llu %lld %lld\n", ack.partition, static_cast<unsigned long long>(ack.token),
       Number{ack.offset}, Number{ack.begun});
}
void Journal::refused(const Ack& ack) const {
  line("x %d %llu %lld %lld\n", ack.partition, static_cast<unsigned long long>(ack.token),
       Number{ack.offset}, Number{ack.begun});
}
void Journal::unanswered() const {
  line("%s", "u\n");
}
void Journal::read(const Read& read) const {
  line("r %d %lld %lld %lld\n", read.partition, Number{read.offset}, Number{read.begun},
       Number{read.ended});
}
void Journal::lost(const Lost& lost) const {
  line("l %d %llu %lld\n", lost.partition, static_cast<unsigned long long>(lost.token),
       Number{lost.at});
}
void Journal::gap(const Span& gap) const {
  line("g %lld %lld\n", Number{gap.from}, Number{gap.to});
}

void Journal::vigil(const Vigil& v) const {
  line("v %lld %lld %lld %lld %lld %d %d %d %s\n", Number{v.session_timeout.count()},
       Number{v.joined}, Number{v.heard_sent}, Number{v.heard_at}, Number{v.last_sent},
       v.silent ? 1 : 0, v.refused ? 1 : 0, v.revived ? 1 : 0, v.member.c_str());
}
void Journal::count(const std::string& name, std::uint64_t count) const {
  line("c %llu %s\n", static_cast<unsigned long long>(count), name.c_str());
}

void read_journal(const std::string& path, WorkerLife& worker, History& history) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line))
    if (!file.eof()) take_in(std::istringstream(line), worker, history);
}

}  // namespace muster::chaos
