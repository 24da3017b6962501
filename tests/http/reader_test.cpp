#include <broker/http/reader.hpp>

#include <gtest/gtest.h>

namespace muster::broker::http {
namespace {

const ReaderLimits limits{.header = 400, .target = 100, .body = 50};

struct Read {
  RequestReader reader{limits};
  RequestReader::State state = RequestReader::State::more;
  std::string rest;

  explicit Read(const std::string& text) { give(text); }
  void give(const std::string& text) {
    rest += text;
    std::string_view view = rest;
    state = reader.read(view);
    rest = view;
  }
};

int failure(const std::string& text) {
  const Read read(text);
  return read.state == RequestReader::State::failed ? read.reader.failure().status : 0;
}

TEST(Reader, TakesOneRequestAndLeavesTheNext) {
  Read read("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n");

  ASSERT_EQ(read.state, RequestReader::State::request);
  const Request request = read.reader.take();
  EXPECT_EQ(request.method, Method::put);
  EXPECT_EQ(request.target, "/x");
  EXPECT_EQ(request.host, "h");
  EXPECT_EQ(request.body, "abc");
  EXPECT_TRUE(request.keep_alive);
  EXPECT_EQ(read.rest, "GET / HTTP/1.1\r\n");
}

TEST(Reader, EveryCutOfARequestGivesTheSame) {
  const std::string whole =
      "POST /y HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    Read read(whole.substr(0, cut));
    if (cut < whole.size()) {
      EXPECT_EQ(read.state, RequestReader::State::more) << cut;
      read.give(whole.substr(cut));
    }
    ASSERT_EQ(read.state, RequestReader::State::request) << cut;
    EXPECT_EQ(read.reader.take().body, "abcde") << cut;
    EXPECT_EQ(read.rest, "") << cut;
  }
}

TEST(Reader, EmptyLinesBetweenRequestsAreNotSeen) {
  Read read("\r");
  EXPECT_EQ(read.state, RequestReader::State::more);
  read.give("\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(read.state, RequestReader::State::request);
}

TEST(Reader, ByteByByteToo) {
  Read read("");
  for (const char c : std::string("GET / HTTP/1.1\r\nHost: h\r\n\r")) {
    read.give(std::string(1, c));
    ASSERT_EQ(read.state, RequestReader::State::more);
  }
  read.give("\n");
  EXPECT_EQ(read.state, RequestReader::State::request);
}

TEST(Reader, BoundsAreAnsweredWithTheirOwnStatus) {
  EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(500, 'x')), 431);
  EXPECT_EQ(failure("GET /" + std::string(200, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n"), 414);
  EXPECT_EQ(failure("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 51\r\n\r\n"), 413);
  EXPECT_EQ(failure("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n33\r\n"), 413);
}

TEST(Reader, WhatTwoServersMayReadDifferentlyIsRefused) {
  const std::string post = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(failure(post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(failure(post + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(failure(post + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"), 400);
  EXPECT_EQ(failure(post + "Content-Length: +3\r\n\r\nabc"), 400);
  EXPECT_EQ(failure(post + "Content-Length : 3\r\n\r\nabc"), 400);
  EXPECT_EQ(failure("GET / HTTP/1.1\nHost: h\n\n\r\n\r\n"), 400);
  EXPECT_EQ(failure("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(failure("GET / HTTP/1.1\r\n\r\n"), 400);
}

TEST(Reader, GarbageIsNoRequest) {
  EXPECT_EQ(failure("\x16\x03\x01\x02\x00\x01\r\n\r\n"), 400);
  EXPECT_EQ(failure("GET\r\n\r\n"), 400);
  EXPECT_EQ(failure("GET / SMTP/1.1\r\nHost: h\r\n\r\n"), 400);
  EXPECT_EQ(failure("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400);
}

TEST(Reader, AProxyNamesTheHostInTheTarget) {
  Read read("GET http://other:80/x?y HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_EQ(read.state, RequestReader::State::request);
  const Request request = read.reader.take();
  EXPECT_EQ(request.host, "other:80");
  EXPECT_EQ(request.target, "/x?y");
}

TEST(Reader, WaitsWithItsBodyOnlyIfItSaysSo) {
  Read read("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(read.state, RequestReader::State::more);
  EXPECT_TRUE(read.reader.in_body());
  EXPECT_TRUE(read.reader.wants_continue());
  EXPECT_FALSE(read.reader.wants_continue()) << "once";
}

TEST(Reader, BrowsersHaveMarks) {
  for (const std::string field : {"User-Agent: Mozilla/5.0", "Origin: null", "Referer: x",
                                  "Cookie: a=b", "Sec-Fetch-Site: none", "Sec-Fetch-Mode: cors"}) {
    Read read("GET / HTTP/1.1\r\nHost: h\r\n" + field + "\r\n\r\n");
    ASSERT_EQ(read.state, RequestReader::State::request);
    EXPECT_TRUE(read.reader.take().from_browser) << field;
  }
  Read read("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n");
  EXPECT_FALSE(read.reader.take().from_browser);
}

}  // namespace
}  // namespace muster::broker::http
