// The input is a sealed text of the store: its identity, or what a backup says of itself. As it is,
// and with a checksum that is right: it is refused with a sentence, or its fields can be read.
#include "durable_file.hpp"
#include "identity.hpp"
#include "store.hpp"

#include "input_file.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace muster::store;

constexpr std::string_view title = "muster store identity";

void require(bool holds) {
  if (!holds) std::abort();
}

template <class F>
void or_refused(F f) {
  try {
    f();
  } catch (const StoreError& error) {
    require(error.code() == muster::Errc::store_corrupt);
    require(!std::string_view(error.what()).empty());
  }
}

void read(std::string_view bytes) {
  const InputFile file(bytes);
  or_refused([&] {
    const SealedFile sealed(file.path(), title);
    or_refused([&] { require(sealed.number("shards", max_shards) <= max_shards); });
    or_refused([&] { (void)sealed.number("format", UINT64_MAX); });
    or_refused([&] {
      const std::string text = sealed.text("uuid");
      StoreUuid uuid;
      if (parse_uuid(text, uuid)) require(to_string(uuid) == text);
    });
  });
}

std::string with_seal(std::string bytes) {
  char seal[32];
  std::snprintf(seal, sizeof seal, "crc32 %08x\n", crc32(bytes));
  return bytes + seal;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  read(with_seal(bytes));
  read(with_seal(std::string(title) + "\n" + bytes));
  return 0;
}
