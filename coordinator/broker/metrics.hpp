/// Counters that loops write without locks, and the writer of Prometheus' text format.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace muster::broker {

/// Written by one thread, read by any: a load and a store instead of a locked add.
class Counter {
 public:
  void add(std::uint64_t by = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  void set(std::uint64_t to) noexcept { value_.store(to, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Written by any thread.
class SharedCounter {
 public:
  void add(std::uint64_t by = 1) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  void subtract(std::uint64_t by = 1) noexcept { value_.fetch_sub(by, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Times in fixed buckets from 100 µs to 60 s; written by one thread.
class Histogram {
 public:
  static constexpr std::array<std::int64_t, 16> bounds_us{
      100,    250,     500,     1'000,   2'500,     5'000,     10'000,     25'000,
      50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000, 20'000'000, 60'000'000};

  void observe(std::chrono::microseconds took) noexcept;
  [[nodiscard]] std::uint64_t bucket(std::size_t i) const noexcept { return buckets_[i].value(); }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_.value(); }
  [[nodiscard]] std::uint64_t sum_us() const noexcept { return sum_us_.value(); }

 private:
  std::array<Counter, bounds_us.size()> buckets_;
  Counter count_;
  Counter sum_us_;
};

/// Writes families in Prometheus' text format, version 0.0.4.
class MetricsText {
 public:
  using Label = std::pair<std::string_view, std::string_view>;

  enum class Type { counter, gauge, histogram };

  /// Starts a family; its values follow.
  void family(std::string_view name, Type type, std::string_view help);
  void value(std::uint64_t number, std::initializer_list<Label> labels = {});
  void histogram(const Histogram& histogram);
  /// Their sum: one for each thread that writes.
  void histogram(std::span<const Histogram* const> parts);
  /// `part` of `whole`, 0 if that is 0.
  void ratio(std::uint64_t part, std::uint64_t whole, std::initializer_list<Label> labels = {});
  /// A value in seconds.
  void seconds(std::chrono::milliseconds time, std::initializer_list<Label> labels = {});

  /// A family of one value.
  void counter(std::string_view name, std::string_view help, std::uint64_t number);
  void gauge(std::string_view name, std::string_view help, std::uint64_t number);

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void line(std::string_view suffix, std::string_view number, std::initializer_list<Label> labels);

  std::string text_;
  std::string name_;
};

}  // namespace muster::broker
