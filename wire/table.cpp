#include "table.hpp"

#include <algorithm>
#include <cstring>

namespace muster::wire {

namespace {
constexpr std::size_t first_size = 1024;
constexpr std::size_t kept_size = 1U << 20;  // a rare long message does not keep its memory
}  // namespace

Builder& fresh_builder() {
  thread_local Builder builder{first_size};
  if (builder.GetSize() > kept_size) {
    builder.Reset();
  } else {
    builder.Clear();
  }
  return builder;
}

bool append_table(Builder& builder, Kind kind, std::uint64_t correlation, Bytes& out) {
  const std::size_t size = builder.GetSize();
  if (size > max_body) return false;
  const auto body = append_frame(out, static_cast<std::uint16_t>(kind), correlation, size);
  std::memcpy(body.data(), builder.GetBufferPointer(), size);
  return true;
}

At<flatbuffers::String> build_text(Builder& builder, std::string_view text) {
  return text.empty() ? At<flatbuffers::String>{} : build_present(builder, text);
}

At<flatbuffers::String> build_present(Builder& builder, std::string_view text) {
  return builder.CreateString(text.data(), text.size());
}

VectorAt<At<flatbuffers::String>> build_names(Builder& builder,
                                              const std::vector<TopicName>& names) {
  return build_list(builder, names,
                    [](Builder& b, const TopicName& name) { return build_present(b, name.value); });
}

VectorAt<At<flatbuffers::String>> build_texts(Builder& builder,
                                              const std::vector<std::string>& texts) {
  return build_list(builder, texts,
                    [](Builder& b, const std::string& text) { return build_present(b, text); });
}

bool Reader::pay(std::size_t fixed, std::size_t count, std::size_t each) {
  const std::size_t cost =
      fixed + count * each;  // a 32-bit count and a small size: cannot overflow
  if (failed_ || cost > left_) {
    failed_ = true;
    return false;
  }
  left_ -= cost;
  return true;
}

std::string Reader::text(const flatbuffers::String* from) {
  // The offset to it, its length, and the zero byte after it.
  if (from == nullptr || !pay(2 * sizeof(flatbuffers::uoffset_t) + 1, from->size(), 1)) return {};
  return {from->data(), from->size()};
}

}  // namespace muster::wire
