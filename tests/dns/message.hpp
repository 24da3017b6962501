/// The other end of the codec, written apart from it: makes questions, reads whole answers, and
/// follows pointers.
#pragma once

#include <broker/dns/answer.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace muster::broker::dns {

struct Rr {
  std::string owner;  // in text
  Type type{};
  std::uint16_t rclass = 0;
  std::uint32_t ttl = 0;
  std::string data;  // as it came
};

struct Message {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::uint16_t questions = 0;
  std::string name;  // of the question, in text, its case kept
  Type type{};
  std::vector<Rr> answers;
  std::vector<Rr> authority;
  std::vector<Rr> additional;  // without the OPT
  std::optional<Rr> opt;
  std::size_t size = 0;

  [[nodiscard]] bool is_answer() const { return (flags & 0x8000) != 0; }
  [[nodiscard]] bool authoritative() const { return (flags & 0x0400) != 0; }
  [[nodiscard]] bool truncated() const { return (flags & 0x0200) != 0; }
  [[nodiscard]] bool recursion_desired() const { return (flags & 0x0100) != 0; }
  [[nodiscard]] Rcode rcode() const;
};

/// Nothing, if it is not whole and well-formed to its last byte.
[[nodiscard]] std::optional<Message> read_message(std::span<const std::uint8_t> bytes);

struct Srv {
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  std::string target;
};
[[nodiscard]] Srv srv_of(const Rr& record);
/// "10.0.0.1", of an A or AAAA record.
[[nodiscard]] std::string address_of(const Rr& record);
/// Sorted.
[[nodiscard]] std::vector<std::string> addresses_of(const std::vector<Rr>& records);
[[nodiscard]] std::vector<std::string> texts_of(const Rr& record);

struct Ask {
  std::string name;  // in text
  Type type = Type::a;
  std::uint16_t id = 4'711;
  bool recursion_desired = true;
  std::optional<std::uint16_t> edns = {};  // its size
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  std::uint16_t qclass = class_in;
};
[[nodiscard]] Bytes question(const Ask& ask);

}  // namespace muster::broker::dns
