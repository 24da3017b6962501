// Stands in for libFuzzer: gives every file of the folders named on the command line to the fuzzer
// once. Words that begin with a dash are libFuzzer's options and are passed over.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void replay(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  const std::string content{std::istreambuf_iterator<char>{file}, {}};
  const std::vector<std::uint8_t> input{content.begin(), content.end()};
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  const std::vector<std::string> words{argv + 1, argv + argc};
  for (const std::string& word : words) {
    if (word.starts_with("-")) continue;
    for (const auto& entry : std::filesystem::directory_iterator{word}) {
      replay(entry.path());
      ++count;
    }
  }
  std::printf("%zu inputs replayed\n", count);
  return count == 0 ? 1 : 0;
}
