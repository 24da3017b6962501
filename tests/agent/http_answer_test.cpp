#include <agent/http_answer.hpp>

#include <gtest/gtest.h>

namespace muster::agent {
namespace {

using Finding = Outcome::Finding;

CheckSpec check() {
  CheckSpec out;
  out.kind = CheckSpec::Kind::http;
  out.host = "127.0.0.1";
  out.port = 80;
  out.path = "/health";
  out.slow = Millis{100};
  return out;
}

Outcome judged(const std::string& bytes, std::int64_t took) {
  HttpAnswer answer;
  answer.take(bytes);
  answer.close();
  return answer.judge(check(), Millis{took});
}

TEST(HttpAnswer, MeansWhatTheBookSays) {
  struct Row {
    const char* bytes;
    std::int64_t took;
    Finding finding;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\n\r\nfine", 5, Finding::passed},
      {"HTTP/1.0 204 No Content\r\n\r\n", 5, Finding::passed},
      {"HTTP/1.1 200 OK\r\n\r\nfine", 100, Finding::passed},
      {"HTTP/1.1 200 OK\r\n\r\nfine", 101, Finding::overloaded},
      {"HTTP/1.1 200 OK\r\n\r\ndegraded", 5, Finding::overloaded},
      {"HTTP/1.1 200 OK\r\n\r\n{\"status\":\"DEGRADED\"}", 5, Finding::overloaded},
      {"HTTP/1.1 200 OK\r\n\r\n{\"degraded\": false}", 5, Finding::passed},
      {"HTTP/1.1 200 OK\r\nX-State: degraded\r\n\r\nfine", 5, Finding::passed},
      {"HTTP/1.1 429 Too Many Requests\r\n\r\n", 5, Finding::overloaded},
      {"HTTP/1.1 500 Oops\r\n\r\n", 5, Finding::missed},
      {"HTTP/1.1 503 degraded\r\n\r\ndegraded", 5, Finding::missed},
      {"HTTP/1.1 302 Found\r\n\r\n", 5, Finding::missed},
      {"HTTP/1.1 404 Not Found\r\n\r\n", 5, Finding::missed},
      {"SSH-2.0-OpenSSH_9.2\r\n", 5, Finding::missed},
      {"HTTP/1.1 2x0 OK\r\n\r\n", 5, Finding::missed},
      {"HTTP/1.1", 5, Finding::missed},
      {"", 5, Finding::missed},
  };
  for (const Row& row : rows)
    EXPECT_EQ(judged(row.bytes, row.took).finding, row.finding) << row.bytes;
}

TEST(HttpAnswer, SaysWhatItSaw) {
  EXPECT_EQ(judged("HTTP/1.1 503 no\r\n\r\n", 4).words,
            "GET http://127.0.0.1:80/health: 503 after 4 ms");
}

TEST(HttpAnswer, ReadsNoMoreThanItNeeds) {
  struct Row {
    const char* what;
    std::string bytes;
    bool whole;
  };
  const Row rows[] = {
      {"half a head", "HTTP/1.1 200 OK\r\nContent-Le", false},
      {"head without length", "HTTP/1.1 200 OK\r\n\r\nsome", false},
      {"length not reached", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour", false},
      {"length reached", "HTTP/1.1 200 OK\r\ncontent-length:4\r\n\r\nfour", true},
      {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", false},
      {"last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
       true},
      {"who is in trouble has said enough", "HTTP/1.1 500 Oops\r\n\r\n", true},
      {"more than anybody says", "HTTP/1.1 200 OK\r\n\r\n" + std::string(20'000, 'x'), true},
  };
  for (const Row& row : rows) {
    HttpAnswer answer;
    answer.take(row.bytes);
    EXPECT_EQ(answer.whole(), row.whole) << row.what;
  }
}

TEST(HttpAnswer, ByteByByteIsTheSame) {
  const std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\ndegraded";
  HttpAnswer answer;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(answer.whole()) << i;
    answer.take(bytes.substr(i, 1));
  }
  EXPECT_TRUE(answer.whole());
  EXPECT_EQ(answer.judge(check(), Millis{1}).finding, Finding::overloaded);
}

TEST(HttpAnswer, DegradedIsAWordAndNotDenied) {
  for (const char* const yes : {"degraded", "Degraded.", "{\"degraded\":true}", "state=degraded",
                                "{\"degraded\":[\"db\"]}", "\"degraded\"", "not-x degraded"})
    EXPECT_TRUE(says_degraded(yes)) << yes;
  for (const char* const no : {"", "ok", "undegraded", "degradedness", "{\"degraded\": false}",
                               "{\"degraded\":null}", "degraded: 0", "{\"degraded\":[]}"})
    EXPECT_FALSE(says_degraded(no)) << no;
}

}  // namespace
}  // namespace muster::agent
