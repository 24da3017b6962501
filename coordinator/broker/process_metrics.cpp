#include "process_metrics.hpp"

#include "metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>

namespace muster::broker {
namespace {

using std::chrono::milliseconds;

milliseconds of(const timeval& time) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::seconds{time.tv_sec} +
                                                  std::chrono::microseconds{time.tv_usec});
}

std::uint64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

void write_process_metrics(MetricsText& text) {
  text.gauge("process_resident_memory_bytes", "Resident memory.", resident_bytes());
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  text.family("process_cpu_seconds_total", MetricsText::Type::counter, "User and system time.");
  text.seconds(of(usage.ru_utime) + of(usage.ru_stime));
}

}  // namespace muster::broker
