#include "store.hpp"

namespace muster::store {
namespace {

[[noreturn]] void refuse(const std::string& path) {
  throw StoreError(Errc::store_incompatible,
                   "this program was built without RocksDB and cannot use " + path +
                       "; build it with MUSTER_WITH_ROCKSDB=ON");
}

}  // namespace

std::unique_ptr<Store> open_rocksdb_store(const OpenOptions& options) {
  refuse(options.path);
}
CheckReport check_rocksdb_store(const std::string& path) {
  refuse(path);
}
void restore_rocksdb_store(const std::string& from, const std::string&) {
  refuse(from);
}

}  // namespace muster::store
