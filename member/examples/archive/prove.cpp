#include "prove.hpp"

#include "process.hpp"

#include <algorithm>
#include <filesystem>

namespace backup {
namespace {

namespace fs = std::filesystem;

std::string named(const std::vector<std::string>& paths, const char* how) {
  return std::to_string(paths.size()) + " " + how + ", the first " + paths.front();
}

std::string words(const Findings& findings) {
  if (!findings.torn.empty()) return "the archive is torn: " + findings.torn;
  if (!findings.lost.empty()) return named(findings.lost, "lost");
  if (!findings.twice.empty()) return named(findings.twice, "twice");
  if (!findings.foreign.empty()) return named(findings.foreign, "in the archive only");
  return {};
}

/// Every later owner of a partition has a larger token; the list of segments shows them in order.
std::string check_tokens(const CommittedPartitions& committed) {
  for (std::size_t p = 0; p < committed.size(); ++p) {
    const auto& list = committed[p].segments;
    const auto falls =
        std::ranges::adjacent_find(list, std::ranges::greater_equal{}, &Segment::token);
    if (falls != list.end()) return "the tokens of partition " + std::to_string(p) + " do not rise";
  }
  return {};
}

/// Folders may have come without the right to write into them.
void remove_tree(const std::string& tree) {
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(
           tree, fs::directory_options::skip_permission_denied, ignored)) {
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored)) {
      fs::permissions(entry, fs::perms::owner_all, fs::perm_options::add, ignored);
    }
  }
  fs::remove_all(tree, ignored);
}

/// Unpacks and compares; what plain tools had to say.
std::string compare(const std::string& folder, const std::string& archive, const Scan& scan,
                    const std::function<void(const std::string&)>& say) {
  const std::string unpacked = folder + "/unpacked";
  remove_tree(unpacked);
  fs::create_directories(unpacked);
  const std::vector<std::string> tar{"tar", "-xf", archive, "-C", unpacked};
  say("+ " + shell_words(tar));
  if (const Outcome outcome = run_to_end(tar); outcome.status != 0) {
    return "tar ended with " + std::to_string(outcome.status) + ": " + outcome.output;
  }
  const std::vector<std::string> diff{"diff", "-r", "--no-dereference", scan.manifest.folder,
                                      unpacked};
  say("+ " + shell_words(diff));
  const Outcome outcome = run_to_end(diff);
  const std::string more =
      unexpected_differences(outcome.output, scan.manifest.folder, scan.skipped);
  if (!more.empty()) return "diff -r says: " + more.substr(0, 2'000);
  if (outcome.status != 0 && scan.skipped.empty()) {
    return "diff ended with " + std::to_string(outcome.status);
  }
  remove_tree(unpacked);
  return {};
}

}  // namespace

Proof prove(const std::string& folder, const Scan& scan, const CommittedPartitions& committed,
            const std::function<void(const std::string&)>& say) {
  Proof proof;
  proof.problem = check_tokens(committed);
  if (!proof.problem.empty()) return proof;
  const std::string archive = folder + "/backup.tar.zst";
  proof.size = assemble(folder + "/segments", committed, archive);
  proof.problem = words(examine(archive, scan.manifest));
  if (proof.problem.empty()) proof.problem = compare(folder, archive, scan, say);
  return proof;
}

}  // namespace backup
