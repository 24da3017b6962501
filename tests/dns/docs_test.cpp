/// docs/dns.md shows questions and their answers: this asks them, and compares.
#include "harness.hpp"
#include "native_client.hpp"
#include "process.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>

namespace muster::broker::dns {
namespace {

struct Shown {
  std::string command;
  std::vector<std::string> lines;
};

std::vector<Shown> shown_in(const std::string& path) {
  std::vector<Shown> out;
  std::ifstream in(path);
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = line == "```console";
    } else if (inside && line.starts_with("$ ")) {
      out.push_back({line.substr(2), {}});
    } else if (inside && !out.empty()) {
      out.back().lines.push_back(line);
    }
  }
  return out;
}

std::string printed_by(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen((command + " 2>&1").c_str(), "r"),
                                                   &::pclose);
  std::string out;
  std::array<char, 4'096> part{};
  while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe.get()))
    out.append(part.data(), size);
  return out;
}

/// Sorted, because answers are shuffled; one blank between words; tokens are large numbers.
std::vector<std::string> normal(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (const std::string& line : lines) {
    std::string one = std::regex_replace(line, std::regex("[ \t]+"), " ");
    one = std::regex_replace(one, std::regex(R"(token=\d+)"), "token=N");
    if (!one.empty()) out.push_back(one);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

void register_web(NativeClient& client) {
  for (const char n : {'1', '2', '3'}) {
    Register request;
    request.service = ServiceName{"web"};
    request.instance = InstanceId{std::string{"web-"} + n};
    request.info.address = std::string{"10.0.0."} + n;
    request.info.port = 8'080;
    request.info.meta = {{"version", n == '3' ? "2" : "1"}};
    if (n == '3') {
      request.info.weight = 3;
      request.info.tags = {"canary"};
    }
    request.session_timeout = Millis{1'800'000};
    request.status = Status::healthy;
    client.send_request(request, 1);
    (void)client.expect<RegisterOk>();
  }
}

void join_billing(NativeClient& client) {
  client.send_request(CreateTopic{TopicName{"orders"}, 2}, 1);
  Join join;
  join.catalogue_version = client.expect<TopicChanged>().catalogue_version;
  join.group = GroupId{"billing"};
  join.member = MemberId{"worker-1"};
  join.client.address = "10.0.0.9:7001";
  join.topics = {TopicName{"orders"}};
  join.session_timeout = Millis{1'800'000};
  client.send_request(join, 2);
  (void)client.expect<JoinOk>();
  EXPECT_TRUE(eventually([&client] {
    client.send_query(DescribeGroup{GroupId{"billing"}}, 3);
    const auto group = client.expect<GroupDescription>();
    return group.members.size() == 1 && !group.members[0].assigned.empty();
  }));
}

TEST(ProcessDnsDocs, WhatDnsMdShowsIsTrue) {
  if (printed_by("command -v dig").empty()) GTEST_SKIP() << "dig is not installed (bind9-dnsutils)";
  const ScratchFolder folder;
  const Musterd broker(folder, {});
  ASSERT_TRUE(broker.ready()) << broker.output();
  NativeClient client(broker.port());
  (void)client.greet();
  register_web(client);
  join_billing(client);
  const auto all = shown_in(DNS_MD);
  ASSERT_GE(all.size(), 6U);
  for (const Shown& shown : all) {
    const std::string command = std::regex_replace(shown.command, std::regex("-p 7402"),
                                                   "-p " + std::to_string(broker.dns_port()));
    EXPECT_EQ(normal(split(printed_by(command))), normal(shown.lines)) << shown.command;
  }
}

}  // namespace
}  // namespace muster::broker::dns
