/// The end of a run: the committed segments become one archive, and plain tools say whether it is
/// the folder again.
#pragma once

#include "assemble.hpp"
#include "manifest.hpp"

#include <functional>
#include <string>

namespace backup {

struct Proof {
  std::uint64_t size = 0;  ///< Of the archive.
  std::string problem;     ///< Empty: the archive is the folder.
};

/// Makes `folder`/backup.tar.zst, checks it entry by entry, unpacks it with `tar`, compares it with
/// `diff -r`, and removes what it unpacked. `say` gets the plain commands.
[[nodiscard]] Proof prove(const std::string& folder, const Scan& scan,
                          const CommittedPartitions& committed,
                          const std::function<void(const std::string&)>& say);

}  // namespace backup
