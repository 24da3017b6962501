/// One record of every kind with every field set to something that is not its default, and small
/// makers.
#pragma once

#include "store.hpp"

#include <string>
#include <vector>

namespace muster::store::test {

/// In the order of their keys. Changing one means rewriting the fixtures of the present version.
[[nodiscard]] std::vector<core::Record> sample_records();

/// The same kinds with every field at its default.
[[nodiscard]] std::vector<core::Record> empty_records();

[[nodiscard]] TopicId topic_id(unsigned seed);

[[nodiscard]] core::Record group_record(const std::string& group, Epoch epoch,
                                        Revision revision = 1);
[[nodiscard]] core::Record offset_record(const std::string& group, PartitionIndex partition,
                                         Offset offset, Revision revision = 1);
[[nodiscard]] core::Record meta_record(Term term, Epoch epoch_floor, Revision revision = 1);
[[nodiscard]] core::Record tombstone(core::RecordKey key, Revision revision = 1);

/// Same key, revision and value (the value, not the pointer to it).
[[nodiscard]] bool same(const core::Record& a, const core::Record& b);
[[nodiscard]] bool same(const std::vector<core::Record>& a, const std::vector<core::Record>& b);

[[nodiscard]] bool says(const std::string& sentence, const std::string& part);

/// Everything that a shard holds.
[[nodiscard]] std::vector<core::Record> load_all(Store& store, ShardIndex shard);

/// The sentence with which something is refused; fails the test if it is not, or with another code.
template <class F>
std::string refusal(Errc code, F&& f);

}  // namespace muster::store::test

#include <gtest/gtest.h>

template <class F>
std::string muster::store::test::refusal(Errc code, F&& f) {
  try {
    f();
  } catch (const StoreError& error) {
    EXPECT_EQ(to_string(error.code()), to_string(code)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "expected " << to_string(code) << ", but nothing was refused";
  return {};
}
