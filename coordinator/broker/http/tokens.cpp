#include "tokens.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace muster::broker::http {
namespace {

/// Looks at every character of both, whatever it has found so far.
bool is_same(std::string_view presented, std::string_view token) {
  unsigned different = presented.size() == token.size() ? 0 : 1;
  for (std::size_t i = 0; i < presented.size(); ++i) {
    const auto theirs = static_cast<unsigned char>(presented[i]);
    const auto ours = static_cast<unsigned char>(token[i % token.size()]);
    different |= static_cast<unsigned>(theirs ^ ours);
  }
  return different == 0;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool is_bearer(std::string_view scheme) {
  constexpr std::string_view bearer = "bearer ";
  if (scheme.size() != bearer.size()) return false;
  for (std::size_t i = 0; i < bearer.size(); ++i)
    if ((scheme[i] | 0x20) != bearer[i]) return false;
  return true;
}

}  // namespace

TokenFile::TokenFile(std::string path) : path_(std::move(path)) {
  if (guards()) reload();
}

void TokenFile::reload() {
  if (guards()) tokens_ = std::make_shared<const Tokens>(read(path_));
}

bool TokenFile::admits(std::string_view authorization) const {
  if (!guards()) return true;
  constexpr std::size_t scheme = 7;
  if (!is_bearer(authorization.substr(0, scheme))) return false;
  const std::string_view presented = trimmed(authorization.substr(scheme));
  const auto tokens = tokens_.load();
  unsigned found = 0;
  for (const std::string& token : *tokens) found |= is_same(presented, token) ? 1U : 0U;
  return found != 0;
}

TokenFile::Tokens TokenFile::read(const std::string& path) {
  std::ifstream in(path);
  struct stat about{};
  if (!in || ::stat(path.c_str(), &about) != 0)
    throw std::runtime_error("cannot read the token file " + path + ": " + std::strerror(errno));
  if ((about.st_mode & 077) != 0)
    throw std::runtime_error("the token file " + path +
                             " may be read by others than its owner: chmod 600 " + path);
  Tokens out;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::string_view token = trimmed(line);
    if (token.empty() || token.front() == '#') continue;
    const std::string where = "the token file " + path + ", line " + std::to_string(number);
    if (token.size() < shortest)
      throw std::runtime_error(where + ": a token of " + std::to_string(token.size()) +
                               " characters is shorter than " + std::to_string(shortest));
    if (token.find_first_of(" \t") != std::string_view::npos)
      throw std::runtime_error(where + ": a token holds no blanks");
    if (out.size() == most)
      throw std::runtime_error(where + ": there are more than " + std::to_string(most) + " tokens");
    out.emplace_back(token);
  }
  if (out.empty()) throw std::runtime_error("the token file " + path + " holds no token");
  return out;
}

}  // namespace muster::broker::http
