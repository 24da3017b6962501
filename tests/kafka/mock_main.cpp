/// librdkafka's mock cluster as a program, for tests of other programs.
///
///   mock_kafka READY_FILE TOPIC:PARTITIONS...
///
/// Writes its servers into READY_FILE, and runs until it is killed.
#include "mock_kafka.hpp"

#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s READY_FILE TOPIC:PARTITIONS...\n", argv[0]);
    return 64;
  }
  muster::broker::mirror::MockKafka kafka(1);
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t colon = word.rfind(':');
    kafka.make_topic(word.substr(0, colon), std::stoi(word.substr(colon + 1)));
  }
  const std::string ready = argv[1];
  std::ofstream(ready + ".new") << kafka.servers() << "\n";
  std::rename((ready + ".new").c_str(), ready.c_str());
  while (true) ::pause();
}
