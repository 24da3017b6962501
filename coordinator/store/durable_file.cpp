#include "durable_file.hpp"

#include "file_descriptor.hpp"
#include "record_key.hpp"
#include "store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace muster::store {
namespace {

constexpr mode_t private_file = 0600;

void write_all(const FileDescriptor& file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail_with_errno("cannot write " + path);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

void sync(const FileDescriptor& file, const std::string& path) {
  // Never tried again: after a failed sync the page may be clean and the data gone.
  if (::fsync(file.get()) != 0) fail_with_errno("cannot sync " + path);
}

[[noreturn]] void fail_damaged(const std::string& path, const std::string& how) {
  throw StoreError(Errc::store_corrupt, path + " is damaged: " + how);
}

std::string hex(std::uint32_t value) {
  char out[9];
  std::snprintf(out, sizeof out, "%08x", value);
  return out;
}

/// Takes the first line off `rest`; false if there is no whole one.
bool take_line(std::string_view& rest, std::string_view& line) {
  const auto end = rest.find('\n');
  if (end == std::string_view::npos) return false;
  line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return true;
}

}  // namespace

void fail_with_errno(const std::string& what) {
  const int error = errno;
  throw StoreError(Errc::store_failed, what + ": " + std::strerror(error));
}

FileDescriptor open_file(const std::string& path, int flags) {
  FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, private_file));
  if (file.get() < 0) fail_with_errno("cannot open " + path);
  return file;
}

void write_durably(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  {
    const FileDescriptor file = open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    write_all(file, bytes, fresh);
    sync(file, fresh);
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0)
    fail_with_errno("cannot rename " + fresh + " to " + path);
  sync_folder(parent_of(path));
}

void copy_durably(const std::string& from, const std::string& to) {
  const FileDescriptor in = open_file(from, O_RDONLY);
  const FileDescriptor out = open_file(to, O_WRONLY | O_CREAT | O_EXCL);
  std::string buffer(std::size_t{1} << 20, '\0');
  for (;;) {
    const ssize_t n = ::read(in.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_with_errno("cannot read " + from);
    if (n == 0) break;
    write_all(out, std::string_view(buffer).substr(0, static_cast<std::size_t>(n)), to);
  }
  sync(out, to);
}

void sync_file(const std::string& path) {
  sync(open_file(path, O_RDWR), path);
}

void sync_folder(const std::string& path) {
  sync(open_file(path, O_RDONLY | O_DIRECTORY), path);
}

void remove_durably(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail_with_errno("cannot remove " + path);
  sync_folder(parent_of(path));
}

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> out;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path, error), end; !error && at != end;
       at.increment(error))
    out.push_back(at->path().filename().string());
  if (error) throw StoreError(Errc::store_failed, "cannot list " + path + ": " + error.message());
  std::sort(out.begin(), out.end());
  return out;
}

void remove_all(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) throw StoreError(Errc::store_failed, "cannot remove " + path + ": " + error.message());
}

std::string read_file(const std::string& path) {
  const FileDescriptor file = open_file(path, O_RDONLY);
  std::string out;
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(file.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail_with_errno("cannot read " + path);
    if (n == 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
  }
}

bool exists(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) fail_with_errno("cannot look at " + path);
  return false;
}

std::string parent_of(const std::string& path) {
  const auto last = path.find_last_not_of('/');
  if (last == std::string::npos) return path.empty() ? "." : "/";
  const auto slash = path.find_last_of('/', last);
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string sealed(std::string_view title, const Fields& fields) {
  std::string out(title);
  out += '\n';
  for (const auto& [name, value] : fields) out.append(name).append(" ").append(value).append("\n");
  return out + "crc32 " + hex(crc32(out)) + "\n";
}

SealedFile::SealedFile(const std::string& path, std::string_view title) : path_(path) {
  constexpr std::size_t seal_size = sizeof "crc32 89abcdef\n" - 1;
  if (!exists(path)) throw StoreError(Errc::store_corrupt, path + " is missing");
  const std::string bytes = read_file(path);
  if (bytes.size() <= seal_size) fail_damaged(path, "it is too short");
  std::string_view rest(bytes);
  const std::string_view seal = rest.substr(bytes.size() - seal_size);
  rest.remove_suffix(seal_size);
  if (seal != "crc32 " + hex(crc32(rest)) + "\n") fail_damaged(path, "its checksum is wrong");
  std::string_view line;
  if (!take_line(rest, line) || line != title)
    fail_damaged(path, "it does not begin with \"" + std::string(title) + "\"");
  while (take_line(rest, line)) {
    const auto space = line.find(' ');
    if (space == std::string_view::npos)
      fail_damaged(path, "the line " + in_quotes(line) + " has no value");
    fields_.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
}

std::string SealedFile::text(std::string_view field) const {
  for (const auto& [name, value] : fields_)
    if (name == field) return value;
  fail_damaged(path_, "it says nothing of \"" + std::string(field) + "\"");
}

std::uint64_t SealedFile::number(std::string_view field, std::uint64_t max) const {
  const std::string value = text(field);
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc{} || end != value.data() + value.size() || out > max)
    fail_damaged(path_, std::string(field) + " " + in_quotes(value) + " is no number up to " +
                            std::to_string(max));
  return out;
}

std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

}  // namespace muster::store
