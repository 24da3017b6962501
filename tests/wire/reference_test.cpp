// docs/protocol.md is what other clients are written from: its numbers must be those of the code.
#include "codec.hpp"
#include "samples.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace muster {
namespace {

std::string reference() {
  std::ifstream file{MUSTER_PROTOCOL_REFERENCE};
  return {std::istreambuf_iterator<char>{file}, {}};
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(Reference, ListsEveryKindWithItsNumber) {
  const std::string text = reference();
  for (const testing::Sample& sample : testing::samples()) {
    const wire::Bytes bytes = testing::encode(sample.message);
    const int kind = testing::only_frame(bytes).kind;
    const std::string row = "\n| " + std::to_string(kind) + " | `" + sample.name + "` |";
    EXPECT_EQ(count(text, row), 1) << row;
  }
}

TEST(Reference, ListsEveryErrorWithItsNumberAndWhetherToRetry) {
  const std::string text = reference();
  for (unsigned number = 1; number <= 0xffff; ++number) {
    const auto errc = static_cast<Errc>(number);
    const std::string name{to_string(errc)};
    if (name == "unknown_error") continue;
    const std::string row = "\n| " + std::to_string(number) + " | `" + name + "` | " +
                            (retriable(errc) ? "yes" : "no") + " |";
    EXPECT_EQ(count(text, row), 1) << row;
  }
}

TEST(Reference, TellsTheRuleOfTheInterval) {
  const std::string text = reference();
  const auto seconds = [](Millis time) { return std::to_string(time.count() / 1000) + " s"; };
  const Millis timeout{45'000};
  EXPECT_EQ(count(text, "Every I = S / 3 "), 1);
  EXPECT_EQ(
      count(text, "At S = " + seconds(timeout) + ": every " + seconds(heartbeat_interval(timeout))),
      1);
}

TEST(Reference, TellsTheSizesAndLimits) {
  const std::string text = reference();
  const auto fixed = [&](const char* name, std::size_t frame_size) {
    return count(text, std::string{"| `"} + name + "`, " +
                           std::to_string(frame_size - wire::header_size) + " bytes |");
  };
  EXPECT_EQ(fixed("Heartbeat", wire::heartbeat_frame_size), 1);
  EXPECT_EQ(fixed("HeartbeatOk", wire::heartbeat_ok_frame_size), 1);
  EXPECT_EQ(wire::max_body, 16'777'216);
  EXPECT_EQ(count(text, "(16,777,216 bytes); 64 KiB before the greeting"), 1);
  EXPECT_EQ(wire::max_first_body, 64U << 10);
  EXPECT_EQ(wire::protocol_magic, 0x5254534d);
  EXPECT_EQ(count(text, "0x5254534d"), 1);
  EXPECT_EQ(wire::protocol_major, 1);
  EXPECT_EQ(wire::protocol_minor, 0);
  EXPECT_EQ(count(text, "# The native protocol, version 1.0\n"), 1);
}

}  // namespace
}  // namespace muster
