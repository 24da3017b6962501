#include <broker/http/guard.hpp>

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace muster::broker::http {
namespace {

Request request(const std::string& host) {
  Request out;
  out.host = host;
  return out;
}

int status(const Guard& guard, const Request& asked, bool changes = false) {
  const auto denied = guard.check(asked, false, changes);
  return denied ? denied->response.status : 200;
}

/// A file that only its owner may read, gone with the object.
class Secret {
 public:
  explicit Secret(const std::string& content, mode_t mode = 0600) {
    std::string pattern = testing::TempDir() + "/tokens-XXXXXX";
    ::close(::mkstemp(pattern.data()));
    path = pattern;
    write(content);
    ::chmod(path.c_str(), mode);
  }
  ~Secret() { ::unlink(path.c_str()); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  void write(const std::string& content) const { std::ofstream(path, std::ios::trunc) << content; }

  std::string path;
};

std::string error_of(const std::string& path) {
  try {
    const TokenFile tokens(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

TEST(Guard, AddressesAndLocalhostAreKnownHosts) {
  for (const std::string_view host : {"localhost", "LOCALHOST:7401", "127.0.0.1", "127.0.0.1:80",
                                      "[::1]", "[::1]:7401", "10.1.2.3:7401"})
    EXPECT_TRUE(is_known_host(host, {})) << host;
  EXPECT_TRUE(is_known_host("Muster.Example:7401", {"muster.example"}));
}

TEST(Guard, OtherNamesAreNot) {
  for (const std::string_view host :
       {"", "evil.example", "evil.example:7401", "localhost.evil.example", "127.0.0.1.evil.example",
        "[::1", "[::1]x", "127.0.0.1 evil", "127.1", "2130706433", "0x7f.1"})
    EXPECT_FALSE(is_known_host(host, {"muster"})) << host;
}

TEST(Guard, ARebindingPageIsToldTheSettingThatWouldAllowTheName) {
  const auto denied = Guard{}.check(request("evil.example:7401"), false, false);

  ASSERT_TRUE(denied);
  EXPECT_EQ(denied->why, Denial::host);
  EXPECT_EQ(denied->response.status, 421);
  EXPECT_NE(denied->response.body->find("--http-host evil.example"), std::string::npos);
}

TEST(Guard, ProbesAreAnsweredUnderAnyName) {
  EXPECT_FALSE(Guard{}.check(request("pod.example"), true, false));
}

TEST(Guard, OnlyItsOwnOriginMayUseIt) {
  const Guard guard;
  Request asked = request("localhost:7401");
  asked.origin = "http://localhost:7401";
  EXPECT_EQ(status(guard, asked), 200);
  for (const std::string_view origin : {"http://evil.example", "http://localhost:8080", "null",
                                        "http://localhost:7401.evil.example"}) {
    asked.origin = origin;
    EXPECT_EQ(status(guard, asked), 403) << origin;
  }
}

TEST(Guard, AForeignPageIsKnownByItsFetchSite) {
  Request asked = request("localhost");
  for (const std::string_view site : {"cross-site", "same-site"}) {
    asked.fetch_site = site;
    EXPECT_EQ(status({}, asked), 403);
  }
  asked.fetch_site = "same-origin";
  EXPECT_EQ(status({}, asked), 200);
}

TEST(Guard, AFormOfAPageChangesNothing) {
  Request asked = request("localhost");
  asked.content_type = "application/x-www-form-urlencoded";
  EXPECT_EQ(status({}, asked, true), 200) << "that is what `curl -d` says of itself";
  asked.from_browser = true;
  EXPECT_EQ(status({}, asked, true), 415);
  EXPECT_EQ(status({}, asked, false), 200);
}

TEST(Guard, WhatChangesSomethingIsJson) {
  Request asked = request("localhost");
  for (const std::string_view type : {"", "application/json", "Application/JSON; charset=utf-8"}) {
    asked.content_type = type;
    EXPECT_EQ(status({}, asked, true), 200) << type;
  }
  for (const std::string_view type : {"text/plain", "multipart/form-data; boundary=x", "x"}) {
    asked.content_type = type;
    EXPECT_EQ(status({}, asked, true), 415) << type;
  }
}

TEST(Tokens, EachOfTheFileAdmits) {
  const Secret file("# old and new\n\n0123456789abcdef\n  fedcba9876543210fedcba\r\n");
  const TokenFile tokens(file.path);

  EXPECT_TRUE(tokens.admits("Bearer 0123456789abcdef"));
  EXPECT_TRUE(tokens.admits("bearer  fedcba9876543210fedcba "));
  for (const std::string_view wrong :
       {"", "Bearer", "Bearer ", "Basic 0123456789abcdef", "0123456789abcdef",
        "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
        "Bearer 0123456789abcdef0123456789abcdef", "Bearer # old and new"})
    EXPECT_FALSE(tokens.admits(wrong)) << wrong;
}

TEST(Tokens, WithoutAFileEverybodyIsAdmitted) {
  EXPECT_TRUE(TokenFile({}).admits(""));
}

TEST(Tokens, AFileThatIsNoneIsRefusedWithoutRepeatingIt) {
  EXPECT_NE(error_of("/nonexistent/tokens").find("cannot read"), std::string::npos);
  EXPECT_NE(error_of(Secret("0123456789abcdef", 0640).path).find("chmod 600"), std::string::npos);
  EXPECT_NE(error_of(Secret("# nothing\n").path).find("holds no token"), std::string::npos);
  const std::string short_one = error_of(Secret("\nshort-secret\n").path);
  EXPECT_NE(short_one.find("line 2: a token of 12 characters is shorter than 16"),
            std::string::npos);
  EXPECT_EQ(short_one.find("short-secret"), std::string::npos);
  EXPECT_EQ(error_of(Secret("0123456789 abcdefghij").path).find("0123456789"), std::string::npos);
}

TEST(Tokens, AReloadTakesTheNewOnesOrKeepsTheOld) {
  const Secret file("0123456789abcdef");
  TokenFile tokens(file.path);
  file.write("another-token-of-20-");
  tokens.reload();
  EXPECT_FALSE(tokens.admits("Bearer 0123456789abcdef"));
  EXPECT_TRUE(tokens.admits("Bearer another-token-of-20-"));

  file.write("short");
  EXPECT_THROW(tokens.reload(), std::runtime_error);
  EXPECT_TRUE(tokens.admits("Bearer another-token-of-20-"));
}

}  // namespace
}  // namespace muster::broker::http
