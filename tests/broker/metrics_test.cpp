#include <broker/metrics.hpp>

#include "harness.hpp"

#include <set>
#include <sstream>

namespace muster::broker {
namespace {

TEST(Metrics, TextFollowsPrometheus) {
  MetricsText text;
  text.family("muster_x_total", MetricsText::Type::counter, "Things.");
  text.value(3, {{"shard", "0"}, {"why", "a \"b\""}});
  text.gauge("muster_y", "Now.", 4);

  EXPECT_EQ(text.take(),
            "# HELP muster_x_total Things.\n# TYPE muster_x_total counter\n"
            "muster_x_total{shard=\"0\",why=\"a \\\"b\\\"\"} 3\n"
            "# HELP muster_y Now.\n# TYPE muster_y gauge\nmuster_y 4\n");
}

TEST(Metrics, HistogramCountsUpwards) {
  Histogram histogram;
  histogram.observe(std::chrono::microseconds{50});
  histogram.observe(std::chrono::microseconds{3'000});
  histogram.observe(std::chrono::hours{1});
  MetricsText text;
  text.family("t_seconds", MetricsText::Type::histogram, "T.");
  text.histogram(histogram);
  const std::string out = text.take();

  EXPECT_NE(out.find("t_seconds_bucket{le=\"0.0001\"} 1\n"), std::string::npos) << out;
  EXPECT_NE(out.find("t_seconds_bucket{le=\"0.005\"} 2\n"), std::string::npos) << out;
  EXPECT_NE(out.find("t_seconds_bucket{le=\"+Inf\"} 3\n"), std::string::npos) << out;
  EXPECT_NE(out.find("t_seconds_count 3\n"), std::string::npos) << out;
}

TEST(Metrics, EveryFamilyOfTheHostIsNamedOnceAndWell) {
  TestHost t;
  std::istringstream text(t.host->metrics());
  std::set<std::string> names;

  for (std::string line; std::getline(text, line);) {
    if (line.rfind("# TYPE ", 0) != 0) continue;
    const std::string name = line.substr(7, line.find(' ', 7) - 7);
    EXPECT_TRUE(names.insert(name).second) << name << " twice";
    // What every process has, has Prometheus' own names.
    EXPECT_TRUE(name.starts_with("muster_") || name.starts_with("process_")) << name;
    if (line.ends_with("counter")) {
      EXPECT_TRUE(name.ends_with("_total")) << name;
    }
  }
  EXPECT_GT(names.size(), 30U);
}

TEST(Metrics, DoorsAddTheirOwn) {
  GateStore store(1);
  ManualClock clock;
  Host host({}, clock, store);
  host.add_metrics([](MetricsText& text) { text.gauge("muster_door", "A door.", 7); });

  EXPECT_NE(host.metrics().find("muster_door 7\n"), std::string::npos);
}

}  // namespace
}  // namespace muster::broker
