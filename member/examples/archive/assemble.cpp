#include "assemble.hpp"

#include "segment_writer.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace backup {
namespace {

void copy_prefix(const std::string& segment, std::uint64_t length, std::ostream& out) {
  std::ifstream in(segment, std::ios::binary);
  std::string block(1U << 20, '\0');
  while (length > 0) {
    const std::uint64_t want = std::min<std::uint64_t>(length, block.size());
    if (!in.read(block.data(), static_cast<std::streamsize>(want))) {
      throw std::runtime_error(segment + " is shorter than what was committed of it");
    }
    out.write(block.data(), static_cast<std::streamsize>(want));
    length -= want;
  }
}

struct Reader {
  Reader() : handle(archive_read_new()) {
    archive_read_support_filter_zstd(handle);
    archive_read_support_format_tar(handle);
  }
  ~Reader() { archive_read_free(handle); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  struct archive* handle;
};

}  // namespace

std::uint64_t assemble(const std::string& segments, const CommittedPartitions& committed,
                       const std::string& archive) {
  std::ofstream out(archive, std::ios::binary | std::ios::trunc);
  for (int p = 0; p < partition_count; ++p) {
    for (const auto& segment : committed[static_cast<std::size_t>(p)].segments) {
      copy_prefix(segments + "/" + segment_name(p, segment.token), segment.length, out);
    }
  }
  out << Compressor(1).frame(std::string(1024, '\0'));  // two empty blocks end a tar archive
  if (!out.flush()) throw std::runtime_error("cannot write " + archive);
  return std::filesystem::file_size(archive);
}

Findings examine(const std::string& archive, const Manifest& manifest) {
  std::map<std::string, int, std::less<>> expected;  // how often it is still to come
  for (const auto& partition : manifest.partitions) {
    for (const auto& entry : partition) expected[entry.path] = 1;
  }
  Findings findings;
  const Reader reader;
  int result = archive_read_open_filename(reader.handle, archive.c_str(), 1U << 20);
  struct archive_entry* entry = nullptr;
  while (result == ARCHIVE_OK &&
         (result = archive_read_next_header(reader.handle, &entry)) == ARCHIVE_OK) {
    std::string path = archive_entry_pathname(entry);
    if (path.ends_with('/')) path.pop_back();
    const auto it = expected.find(path);
    if (it == expected.end()) {
      findings.foreign.push_back(path);
    } else if (--it->second < 0) {
      findings.twice.push_back(path);
    }
    result = archive_read_data_skip(reader.handle);
  }
  if (result != ARCHIVE_EOF) findings.torn = archive_error_string(reader.handle);
  for (const auto& [path, left] : expected) {
    if (left > 0) findings.lost.push_back(path);
  }
  return findings;
}

std::string unexpected_differences(std::string diff, const std::string& folder,
                                   const std::vector<Skipped>& skipped) {
  for (const auto& [path, reason] : skipped) {
    const std::size_t slash = path.rfind('/');
    const std::string parent =
        slash == std::string::npos ? folder : folder + "/" + path.substr(0, slash);
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    const std::string line = "Only in " + parent + ": " + name + "\n";
    if (const std::size_t at = diff.find(line); at != std::string::npos)
      diff.erase(at, line.size());
  }
  return diff;
}

}  // namespace backup
