#include "identity.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace muster::store {
namespace {

constexpr char digits[] = "0123456789abcdef";

/// A dash stands before these bytes of a uuid.
bool dash_before(std::size_t byte) {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

int value_of(char digit) {
  const char* at = digit == '\0' ? nullptr : std::strchr(digits, digit);
  return at == nullptr ? -1 : static_cast<int>(at - digits);
}

}  // namespace

StoreUuid random_uuid() {
  StoreUuid uuid;
  for (std::size_t done = 0; done < uuid.size();) {
    const ssize_t n = getrandom(uuid.data() + done, uuid.size() - done, 0);
    if (n < 0 && errno != EINTR)
      throw StoreError(Errc::store_failed,
                       std::string("the kernel gives no random bytes: ") + std::strerror(errno));
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);  // RFC 9562, version 4
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
  return uuid;
}

StoreIdentity new_identity(std::uint32_t shards) {
  if (shards == 0 || shards > max_shards)
    throw StoreError(
        Errc::store_incompatible,
        std::to_string(shards) + " shards are not between 1 and " + std::to_string(max_shards));
  return {.uuid = random_uuid(), .shards = shards, .format_version = format_version};
}

std::string to_string(const StoreUuid& uuid) {
  std::string out;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (dash_before(i)) out.push_back('-');
    out.push_back(digits[uuid[i] >> 4]);
    out.push_back(digits[uuid[i] & 0x0f]);
  }
  return out;
}

bool parse_uuid(std::string_view text, StoreUuid& out) {
  StoreUuid uuid;
  std::size_t at = 0;
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (dash_before(i) && (at >= text.size() || text[at++] != '-')) return false;
    if (at + 2 > text.size()) return false;
    const int high = value_of(text[at++]);
    const int low = value_of(text[at++]);
    if (high < 0 || low < 0) return false;
    uuid[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (at != text.size()) return false;
  out = uuid;
  return true;
}

void check_shard(const StoreIdentity& identity, ShardIndex shard) {
  if (shard >= identity.shards)
    throw StoreError(Errc::store_incompatible, "there is no shard " + std::to_string(shard) +
                                                   "; the store has " +
                                                   std::to_string(identity.shards));
}

Term term_floor(std::uint64_t boots) {
  if (boots > max_term)
    throw StoreError(Errc::epoch_exhausted, "the boot counter is at " + std::to_string(boots) +
                                                "; terms end at " + std::to_string(max_term));
  return boots == 0 ? 0 : static_cast<Term>(boots - 1);
}

Revision newest_revision(const Batch& batch) {
  Revision newest = 0;
  for (const core::Record& record : batch.records) newest = std::max(newest, record.revision);
  return newest;
}

}  // namespace muster::store
