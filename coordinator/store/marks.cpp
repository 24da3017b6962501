#include "marks.hpp"

#include "durable_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace muster::store {
namespace {

/// The revision, and its complement: a torn or damaged mark is none.
using Mark = std::array<std::uint64_t, 2>;

off_t place(ShardIndex shard) {
  return static_cast<off_t>(shard) * static_cast<off_t>(sizeof(Mark));
}

}  // namespace

Marks::Marks(const std::string& path, std::uint32_t shards) : path_(path) {
  if (!exists(path)) write_durably(path, std::string(shards * sizeof(Mark), '\0'));
  file_ = open_file(path, O_RDWR);
}

Revision Marks::read(ShardIndex shard) const {
  Mark mark{};
  if (::pread(file_.get(), mark.data(), sizeof mark, place(shard)) != sizeof mark) return 0;
  return mark[0] == ~mark[1] ? mark[0] : 0;
}

void Marks::write(ShardIndex shard, Revision revision) {
  const Mark mark{revision, ~revision};
  ssize_t n = 0;
  do n = ::pwrite(file_.get(), mark.data(), sizeof mark, place(shard));
  while (n < 0 && errno == EINTR);
  if (n != sizeof mark) fail_with_errno("cannot write " + path_);
}

}  // namespace muster::store
