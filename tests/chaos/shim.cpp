// Preloaded into a process of a chaos run: its clocks and syncs as the run's control block says.
//
// The steady clocks are moved together, as after a suspend that nobody counted. Whoever waits until
// an absolute steady time means the moved clock, and the kernel does not know that: those waits are
// moved back.
#include "control.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>

namespace {

using muster::chaos::Control;

constexpr std::int64_t second = 1'000'000'000;

Control* map_control() {
  const char* const path = std::getenv(muster::chaos::control_variable);
  if (path == nullptr) return nullptr;
  const int fd = ::open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  void* const memory = ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  return memory == MAP_FAILED ? nullptr : static_cast<Control*>(memory);
}

Control* control() {
  static Control* const mapped = map_control();
  return mapped;
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool is_steady(clockid_t clock) {
  return clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME || clock == CLOCK_MONOTONIC_RAW ||
         clock == CLOCK_MONOTONIC_COARSE;
}

std::int64_t moved(clockid_t clock) {
  Control* const c = control();
  if (c == nullptr) return 0;
  if (is_steady(clock)) return c->steady.load(std::memory_order_relaxed);
  const bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
  return wall ? c->wall.load(std::memory_order_relaxed) : 0;
}

timespec shifted(timespec time, std::int64_t by) {
  const std::int64_t ns = time.tv_nsec + by % second;
  const std::int64_t carry = ns < 0 ? -1 : ns >= second ? 1 : 0;
  return {time.tv_sec + by / second + carry, ns - carry * second};
}

/// An absolute time of a moved clock, as the kernel's own clock will show it; what is past stays
/// past.
timespec for_kernel(clockid_t clock, const timespec& time) {
  const timespec real = shifted(time, -moved(clock));
  return real.tv_sec < 0 ? timespec{0, 1} : real;
}

/// Whether this write is to fail.
bool write_fails(int fd) {
  Control* const c = control();
  if (c == nullptr || c->write_errors.load(std::memory_order_relaxed) <= 0) return false;
  struct stat file{};
  if (::fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || file.st_dev != c->write_device.load())
    return false;
  if (c->writes_before.fetch_sub(1) > 0 || c->write_errors.fetch_sub(1) <= 0) return false;
  c->writes_failed.fetch_add(1);
  errno = ENOSPC;
  return true;
}

int sync(int fd, int (*real)(int)) {
  Control* const c = control();
  if (c == nullptr) return real(fd);
  c->syncs.fetch_add(1);
  struct stat before{};
  const bool known = ::fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
  if (const std::int64_t delay = c->sync_delay_ms.load(); delay > 0) {
    c->delayed.fetch_add(1);
    ::usleep(static_cast<useconds_t>(delay * 1'000));
  }
  for (std::int32_t left = c->sync_errors.load(); left > 0;) {
    if (!c->sync_errors.compare_exchange_weak(left, left - 1)) continue;
    c->failed.fetch_add(1);
    errno = c->sync_errno.load();
    return -1;
  }
  const int outcome = real(fd);
  if (outcome == 0 && known) {
    if (Control::File* const file = c->file(before.st_ino, true))
      file->synced.store(before.st_size);
    else
      c->forgotten.fetch_add(1);
  }
  return outcome;
}

}  // namespace

#define MUSTER_SHIM extern "C" __attribute__((visibility("default")))

MUSTER_SHIM int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static auto* const real = next<int(clockid_t, timespec*)>("clock_gettime");
  const int outcome = real(clock, time);
  if (outcome == 0)
    if (const std::int64_t by = moved(clock); by != 0) *time = shifted(*time, by);
  return outcome;
}

MUSTER_SHIM time_t time(time_t* into) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (into != nullptr) *into = now.tv_sec;
  return now.tv_sec;
}

MUSTER_SHIM int gettimeofday(timeval* into, void*) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  *into = {now.tv_sec, now.tv_nsec / 1'000};
  return 0;
}

MUSTER_SHIM int clock_nanosleep(clockid_t clock, int flags, const timespec* time, timespec* left) {
  static auto* const real =
      next<int(clockid_t, int, const timespec*, timespec*)>("clock_nanosleep");
  if ((flags & TIMER_ABSTIME) == 0) return real(clock, flags, time, left);
  const timespec until = for_kernel(clock, *time);
  return real(clock, flags, &until, left);
}

MUSTER_SHIM int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                       const timespec* time) {
  static auto* const real =
      next<int(pthread_cond_t*, pthread_mutex_t*, const timespec*)>("pthread_cond_timedwait");
  const timespec until = for_kernel(CLOCK_REALTIME, *time);  // the clock of all that C++ makes
  return real(condition, mutex, &until);
}

MUSTER_SHIM int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                       clockid_t clock, const timespec* time) {
  static auto* const real =
      next<int(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
          "pthread_cond_clockwait");
  const timespec until = for_kernel(clock, *time);
  return real(condition, mutex, clock, &until);
}

MUSTER_SHIM int timerfd_settime(int fd, int flags, const itimerspec* now,
                                itimerspec* old) noexcept {
  static auto* const real = next<int(int, int, const itimerspec*, itimerspec*)>("timerfd_settime");
  const bool armed = now->it_value.tv_sec != 0 || now->it_value.tv_nsec != 0;
  if ((flags & TFD_TIMER_ABSTIME) == 0 || !armed) return real(fd, flags, now, old);
  itimerspec until = *now;
  until.it_value = for_kernel(CLOCK_MONOTONIC, now->it_value);  // nobody here arms one by the wall
  return real(fd, flags, &until, old);
}

MUSTER_SHIM int fsync(int fd) {
  static auto* const real = next<int(int)>("fsync");
  return sync(fd, real);
}

MUSTER_SHIM int fdatasync(int fd) {
  static auto* const real = next<int(int)>("fdatasync");
  return sync(fd, real);
}

MUSTER_SHIM ssize_t write(int fd, const void* bytes, std::size_t size) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t)>("write");
  return write_fails(fd) ? -1 : real(fd, bytes, size);
}

MUSTER_SHIM ssize_t pwrite64(int fd, const void* bytes, std::size_t size, off64_t at) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t, off64_t)>("pwrite64");
  return write_fails(fd) ? -1 : real(fd, bytes, size, at);
}

MUSTER_SHIM ssize_t pwrite(int fd, const void* bytes, std::size_t size, off_t at) {
  return ::pwrite64(fd, bytes, size, at);
}
