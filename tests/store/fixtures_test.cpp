/// Stored bytes of every version that was ever released must stay readable. `store_test --rewrite`
/// writes those of the present version anew; commit that only if you can say why old stores still
/// open.
#include "options.hpp"
#include "record_codec.hpp"
#include "record_key.hpp"
#include "samples.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace muster::store::test {
namespace {

const std::string v1 = FIXTURES_DIR "/v1/records.txt";

std::string to_hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  return out;
}

using core::Record;

std::vector<Record> all_samples() {
  std::vector<Record> out = sample_records();
  for (Record& record : empty_records()) out.push_back(std::move(record));
  return out;
}

void write_fixture(const std::string& path) {
  RecordCodec codec;
  std::ofstream out(path);
  out << "# Stored records of record version 1, one a line: key, value. All samples, then all "
         "empty ones.\n";
  for (const Record& record : all_samples())
    out << to_hex(encode_key(3, record.key)) << ' ' << to_hex(codec.encode(record)) << '\n';
}

TEST(Fixtures, RecordsOfVersion1AreRead) {
  if (rewrite_fixtures) write_fixture(v1);
  std::ifstream in(v1);
  ASSERT_TRUE(in) << v1 << " is missing";
  RecordCodec codec;
  std::vector<Record> read;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream words(line);
    std::string key;
    std::string value;
    words >> key >> value;

    const StoredKey stored = decode_key(from_hex(key));
    EXPECT_EQ(stored.shard, 3U);
    read.push_back(codec.decode(stored.key, from_hex(value)));
  }

  EXPECT_TRUE(same(read, all_samples()));
}

}  // namespace
}  // namespace muster::store::test
