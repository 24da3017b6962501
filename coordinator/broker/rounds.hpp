/// The connections of a door on one loop, looked at in turn for what takes too long.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace muster::broker {

/// `Pointer`, raw or shared, leads to what has a `place`, which is kept here, and `look(now)`,
/// which may remove it.
///
/// Threads: all of it on the loop's thread, but for the constructor and, once no loop runs, the
/// end.
template <class Pointer>
class Rounds {
 public:
  explicit Rounds(boost::asio::io_context& loop) : timer_(loop) {}

  void add(Pointer one) {
    one->place = all_.size();
    all_.push_back(std::move(one));
  }
  void remove(std::size_t place) {
    if (place + 1 < all_.size()) {
      all_[place] = std::move(all_.back());
      all_[place]->place = place;
    }
    all_.pop_back();
  }
  [[nodiscard]] auto begin() const { return all_.begin(); }
  [[nodiscard]] auto end() const { return all_.end(); }

  /// Looks at a few of them, so that no look takes long, and so again and again: each is seen
  /// several times within `shortest`, the shortest time that one of them may take for anything.
  void go(std::chrono::milliseconds shortest) {
    const auto now = std::chrono::steady_clock::now();
    for (std::size_t n = all_.size() / 4 + 1; n > 0 && !all_.empty(); --n) {
      next_ = next_ + 1 < all_.size() ? next_ + 1 : 0;
      const Pointer one = all_[next_];
      one->look(now);
    }
    using std::chrono::milliseconds;
    timer_.expires_after(
        std::clamp<milliseconds>(shortest / 20, milliseconds{2}, milliseconds{250}));
    timer_.async_wait([this, shortest](const boost::system::error_code& ended) {
      if (!ended) go(shortest);
    });
  }

 private:
  std::vector<Pointer> all_;
  std::size_t next_ = 0;  // that was looked at
  boost::asio::steady_timer timer_;
};

}  // namespace muster::broker
