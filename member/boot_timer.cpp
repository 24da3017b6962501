#include "boot_timer.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace muster::member {

BootTimer::BootTimer(boost::asio::io_context& io, std::function<void()> on_due)
    : descriptor_(io), on_due_(std::move(on_due)) {
  const int fd = ::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "timerfd_create");
  descriptor_.assign(fd);
  wait();
}

void BootTimer::set(Mono when) {
  if (when == set_to_) return;
  set_to_ = when;
  itimerspec spec{};  // all zero disarms it
  if (when != never) {
    const std::int64_t ms = std::max<std::int64_t>(when.ms, 1);  // absolute; what is past fires now
    spec.it_value = {ms / 1000, ms % 1000 * 1'000'000};
  }
  ::timerfd_settime(descriptor_.native_handle(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

void BootTimer::wait() {
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [this](const boost::system::error_code& cancelled) {
                           if (cancelled) return;
                           std::uint64_t times = 0;
                           // Nothing to read: it was set anew after it had fired.
                           const bool fired =
                               ::read(descriptor_.native_handle(), &times, sizeof times) > 0;
                           wait();
                           if (!fired) return;
                           set_to_ = never;
                           on_due_();
                         });
}

}  // namespace muster::member
