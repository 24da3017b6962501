/// The tokens of --token-file: who has one may use every route.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::http {

/// Threads: all calls from any thread.
class TokenFile {
 public:
  static constexpr std::size_t shortest = 16;  ///< Characters of a token.
  static constexpr std::size_t most = 100;     ///< Tokens in the file.

  /// An empty path: everybody may do everything. Throws std::runtime_error with one sentence that
  /// does not repeat what stands in the file: it cannot be read, others than its owner may read it,
  /// or a token in it is too short.
  explicit TokenFile(std::string path);

  /// Reads it again; throws as the constructor does, and then what was known stays.
  void reload();

  [[nodiscard]] bool guards() const { return !path_.empty(); }
  /// Whether an Authorization field holds one of the tokens: "Bearer TOKEN". Its time says nothing
  /// about how much of a token was right.
  [[nodiscard]] bool admits(std::string_view authorization) const;

 private:
  using Tokens = std::vector<std::string>;

  [[nodiscard]] static Tokens read(const std::string& path);

  const std::string path_;
  std::atomic<std::shared_ptr<const Tokens>> tokens_;
};

}  // namespace muster::broker::http
