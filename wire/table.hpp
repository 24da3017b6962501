/// Between a FlatBuffers table and a frame: building, verifying, and copying out within bounds.
/// Private to the codec's own files.
#pragma once

#include "codec.hpp"
#include "muster_generated.h"

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

namespace muster::wire {

// ---------------------------------------------------------------------------------------------
// Building

using Builder = flatbuffers::FlatBufferBuilder;
template <class T>
using At = flatbuffers::Offset<T>;
template <class T>
using VectorAt = At<flatbuffers::Vector<T>>;

/// This thread's builder, empty. It keeps its memory from message to message.
[[nodiscard]] Builder& fresh_builder();

/// Appends the finished table as a frame; false, and appends nothing, if it is longer than
/// max_body.
bool append_table(Builder& builder, Kind kind, std::uint64_t correlation, Bytes& out);

/// Whether more need not be built, since the message is too long to be sent already.
[[nodiscard]] inline bool too_long(const Builder& builder) {
  return builder.GetSize() > max_body;
}

/// An empty string is left out of the table.
[[nodiscard]] At<flatbuffers::String> build_text(Builder& builder, std::string_view text);
/// Also when it is empty: for required fields, and where absent means something else.
[[nodiscard]] At<flatbuffers::String> build_present(Builder& builder, std::string_view text);

[[nodiscard]] VectorAt<At<flatbuffers::String>> build_names(Builder& builder,
                                                            const std::vector<TopicName>& names);
[[nodiscard]] VectorAt<At<flatbuffers::String>> build_texts(Builder& builder,
                                                            const std::vector<std::string>& texts);

/// An empty vector is left out of the table.
template <class T>
[[nodiscard]] VectorAt<T> build_numbers(Builder& builder, const std::vector<T>& numbers) {
  return numbers.empty() ? VectorAt<T>{} : builder.CreateVector(numbers);
}

/// A vector of tables, each made by `build(builder, item)`.
template <class Item, class Build>
[[nodiscard]] auto build_list(Builder& builder, const std::vector<Item>& items, Build build) {
  using Table = std::invoke_result_t<Build, Builder&, const Item&>;
  std::vector<Table> tables;
  tables.reserve(items.size());
  for (const Item& item : items) {
    if (too_long(builder)) break;
    tables.push_back(build(builder, item));
  }
  return tables.empty() ? VectorAt<Table>{} : builder.CreateVector(tables);
}

/// Builds `message` by `build(builder, message)` and appends it as a frame.
template <class Message, class Build>
bool append_message(const Message& message, Build build, Kind kind, std::uint64_t correlation,
                    Bytes& out) {
  Builder& builder = fresh_builder();
  builder.Finish(build(builder, message));
  return append_table(builder, kind, correlation, out);
}

// ---------------------------------------------------------------------------------------------
// Reading

/// Deeper nesting than any message has, with room for later ones.
inline constexpr flatbuffers::uoffset_t max_depth = 16;
/// Tables of one message. A call: a commit of core's 100,000 partitions and more, so that the core
/// can name its bound. An answer: what fits into max_body, and no more work than that.
inline constexpr flatbuffers::uoffset_t max_call_tables = 200'000;
inline constexpr flatbuffers::uoffset_t max_answer_tables = 1'000'000;

/// Copies strings and vectors out of a verified table, and counts what it copies.
///
/// Offsets may share: a few thousand bytes can name one long string a thousand times, and the
/// verifier does not mind. So everything copied is paid for from the length of the body, at the
/// least that it takes there when nothing is shared; a message that cannot pay is malformed.
class Reader {
 public:
  explicit Reader(std::size_t body_size) : left_(body_size + allowance) {}

  [[nodiscard]] bool failed() const { return failed_; }
  void fail() { failed_ = true; }

  [[nodiscard]] std::string text(const flatbuffers::String* from);
  template <class Name>
  [[nodiscard]] Name name(const flatbuffers::String* from) {
    return Name{text(from)};
  }
  template <class Name>
  [[nodiscard]] std::optional<Name> optional_name(const flatbuffers::String* from) {
    if (from == nullptr) return std::nullopt;
    return Name{text(from)};
  }
  [[nodiscard]] std::vector<TopicName> names(
      const flatbuffers::Vector<At<flatbuffers::String>>* from) {
    return listed<TopicName>(from);
  }
  [[nodiscard]] std::vector<std::string> texts(
      const flatbuffers::Vector<At<flatbuffers::String>>* from) {
    return listed<std::string>(from);
  }

  /// The verifier looks at the alignment of a vector's length only, not of its elements.
  template <class T>
  [[nodiscard]] std::vector<T> numbers(const flatbuffers::Vector<T>* from) {
    if (from == nullptr || !pay(2 * sizeof(flatbuffers::uoffset_t), from->size(), sizeof(T))) {
      return {};
    }
    if (reinterpret_cast<std::uintptr_t>(from->Data()) % alignof(T) != 0) {
      fail();
      return {};
    }
    return {from->begin(), from->end()};
  }

  /// Each table is turned into an item by `read(*this, table)`.
  template <class Table, class Read>
  [[nodiscard]] auto list(const flatbuffers::Vector<At<Table>>* from, Read read) {
    std::vector<std::invoke_result_t<Read, Reader&, const Table&>> items;
    if (from == nullptr || !pay(2 * sizeof(flatbuffers::uoffset_t), from->size(), smallest_table))
      return items;
    items.reserve(from->size());
    for (const Table* table : *from) {
      if (failed_) break;
      items.push_back(read(*this, *table));
    }
    return items;
  }

  /// Pays for `count` things of `each` bytes and `fixed` bytes once; false, for ever, if it cannot.
  [[nodiscard]] bool pay(std::size_t fixed, std::size_t count, std::size_t each);

 private:
  template <class Text>
  std::vector<Text> listed(const flatbuffers::Vector<At<flatbuffers::String>>* from) {
    std::vector<Text> all;
    if (from == nullptr ||
        !pay(2 * sizeof(flatbuffers::uoffset_t), from->size(), sizeof(flatbuffers::uoffset_t))) {
      return all;
    }
    all.reserve(from->size());
    for (const flatbuffers::String* one : *from) {
      if (failed_) break;
      all.push_back(Text{text(one)});
    }
    return all;
  }

  // What writers that do share a little, such as one zone for all, need never think of.
  static constexpr std::size_t allowance = 64U << 10;
  // The offset in the vector and the one to the table's layout.
  static constexpr std::size_t smallest_table = 8;

  std::size_t left_;
  bool failed_ = false;
};

/// Verifies the body as a Table and turns it into a message by `read(reader, table)`. A body that
/// is not 8-aligned does not come from a FrameReader and is malformed, too.
template <class Out, class Message, class Table>
[[nodiscard]] Result<Out> decode_table(const Frame& frame, flatbuffers::uoffset_t max_tables,
                                       Message (*read)(Reader&, const Table&)) {
  if (frame.body.empty() || reinterpret_cast<std::uintptr_t>(frame.body.data()) % 8 != 0) {
    return Errc::malformed;
  }
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(frame.body.data());
  flatbuffers::Verifier verifier{bytes, frame.body.size(), max_depth, max_tables};
  if (!verifier.VerifyBuffer<Table>(nullptr)) return Errc::malformed;

  Reader reader{frame.body.size()};
  Message message = read(reader, *flatbuffers::GetRoot<Table>(bytes));
  if (reader.failed()) return Errc::malformed;
  return Out{std::move(message)};
}

// ---------------------------------------------------------------------------------------------
// The parts of decode_call and decode_answer: unknown_kind if the kind is none of theirs.

[[nodiscard]] Result<Request> decode_request(const Frame& frame);
[[nodiscard]] Result<Query> decode_query(const Frame& frame);
[[nodiscard]] Result<ReplyBody> decode_reply(const Frame& frame);
[[nodiscard]] Result<PushBody> decode_push(const Frame& frame);

}  // namespace muster::wire
