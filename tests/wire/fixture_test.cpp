// The bytes of each version of the protocol, kept. Every later version must read them.
//
// MUSTER_REWRITE=1 writes the fixtures of the present version anew. That is right while the version
// is unpublished, and wrong ever after: a change that alters these bytes gets a new folder, and the
// structs that the old ones stand for are kept with them.
#include "codec.hpp"
#include "fields.hpp"
#include "samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace muster {
namespace {

using testing::Sample;
using testing::samples;
using wire::Bytes;

const std::filesystem::path folder = std::filesystem::path{MUSTER_WIRE_FIXTURES} / "v1";

std::filesystem::path file_of(const Sample& sample) {
  return folder / (sample.name + ".bin");
}

Bytes read(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  Bytes bytes;
  std::transform(std::istreambuf_iterator<char>{file}, {}, std::back_inserter(bytes),
                 [](char c) { return static_cast<std::byte>(c); });
  return bytes;
}

void write(const std::filesystem::path& path, const Bytes& bytes) {
  std::ofstream file{path, std::ios::binary};
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

class Fixtures : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (std::getenv("MUSTER_REWRITE") == nullptr) return;
    std::filesystem::create_directories(folder);
    for (const Sample& sample : samples()) write(file_of(sample), testing::encode(sample.message));
  }
};

TEST_F(Fixtures, OfVersion1AreRead) {
  for (const Sample& sample : samples()) {
    const Bytes bytes = read(file_of(sample));
    ASSERT_FALSE(bytes.empty()) << file_of(sample);

    const auto message = testing::decode(testing::only_frame(bytes), sample.message);

    ASSERT_TRUE(message) << sample.name << ": " << message.error().message();
    EXPECT_TRUE(testing::equal(*message, sample.message)) << sample.name;
  }
}

TEST_F(Fixtures, OfVersion1AreWhatIsWrittenToday) {
  for (const Sample& sample : samples()) {
    EXPECT_EQ(testing::encode(sample.message), read(file_of(sample))) << sample.name;
  }
}

TEST_F(Fixtures, AreOneForEveryMessage) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{folder})
    files += entry.path().extension() == ".bin";
  EXPECT_EQ(files, samples().size());
}

}  // namespace
}  // namespace muster
