#include "metrics.hpp"

#include <algorithm>
#include <cstdio>

namespace muster::broker {
namespace {

std::string_view type_name(MetricsText::Type type) {
  switch (type) {
    case MetricsText::Type::counter:
      return "counter";
    case MetricsText::Type::gauge:
      return "gauge";
    case MetricsText::Type::histogram:
      return "histogram";
  }
  return "untyped";
}

std::string seconds(std::uint64_t us) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", static_cast<double>(us) / 1e6);
  return text.data();
}

void append_label_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
}

}  // namespace

void Histogram::observe(std::chrono::microseconds took) noexcept {
  for (std::size_t i = 0; i < bounds_us.size(); ++i) {
    if (took.count() <= bounds_us[i]) {
      buckets_[i].add();
      break;
    }
  }
  count_.add();
  sum_us_.add(static_cast<std::uint64_t>(took.count()));
}

void MetricsText::family(std::string_view name, Type type, std::string_view help) {
  name_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(type_name(type)).append("\n");
}

void MetricsText::value(std::uint64_t number, std::initializer_list<Label> labels) {
  line({}, std::to_string(number), labels);
}

void MetricsText::histogram(const Histogram& histogram) {
  const Histogram* const one = &histogram;
  this->histogram({&one, 1});
}

void MetricsText::histogram(std::span<const Histogram* const> parts) {
  const auto sum = [&](auto value) {
    std::uint64_t all = 0;
    for (const Histogram* part : parts) all += value(*part);
    return all;
  };
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < Histogram::bounds_us.size(); ++i) {
    below += sum([&](const Histogram& part) { return part.bucket(i); });
    const std::string bound = broker::seconds(static_cast<std::uint64_t>(Histogram::bounds_us[i]));
    line("_bucket", std::to_string(below), {{"le", bound}});
  }
  const std::string count = std::to_string(sum([](const Histogram& part) { return part.count(); }));
  line("_bucket", count, {{"le", "+Inf"}});
  line("_sum", broker::seconds(sum([](const Histogram& part) { return part.sum_us(); })), {});
  line("_count", count, {});
}

void MetricsText::seconds(std::chrono::milliseconds time, std::initializer_list<Label> labels) {
  line({},
       broker::seconds(static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0)) * 1'000),
       labels);
}

void MetricsText::ratio(std::uint64_t part, std::uint64_t whole,
                        std::initializer_list<Label> labels) {
  // As seconds(), which prints millionths.
  line({}, broker::seconds(whole == 0 ? 0 : part * 1'000'000 / whole), labels);
}

void MetricsText::counter(std::string_view name, std::string_view help, std::uint64_t number) {
  family(name, Type::counter, help);
  value(number);
}

void MetricsText::gauge(std::string_view name, std::string_view help, std::uint64_t number) {
  family(name, Type::gauge, help);
  value(number);
}

void MetricsText::line(std::string_view suffix, std::string_view number,
                       std::initializer_list<Label> labels) {
  text_.append(name_).append(suffix);
  char separator = '{';
  for (const auto& [key, text] : labels) {
    text_ += separator;
    text_.append(key).append("=\"");
    append_label_value(text_, text);
    text_ += '"';
    separator = ',';
  }
  if (separator == ',') text_ += '}';
  text_.append(" ").append(number).append("\n");
}

}  // namespace muster::broker
