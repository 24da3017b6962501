// Questions of the DNS door: any bytes have a whole answer within the bounds, or none, and a kept
// answer says the same as a fresh one.
#include <broker/dns/responder.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace muster::broker::dns {
namespace {

/// Two instances of every service, and an owner of every partition.
struct Everything final : Directory {
  Service service(std::string_view name) const override {
    return {name.size() % 5 == 4 ? Known::no : Known::yes, name.size(), this};
  }
  void instances(const Service&, const Filter&, std::vector<Endpoint>& out) const override {
    out.push_back({"a", "10.0.0.1", 80, 1, 0, nullptr});
    out.push_back({"b", "fd00::1", 81, 5, 0, nullptr});
    out.push_back({"c", "box.example.com", 82, 0, 1, nullptr});
  }
  std::vector<std::string> texts(const Endpoint&) const override { return {"key=value"}; }
  Node node(std::string_view) const override { return {Known::yes, "10.0.0.1", {"zone=eu"}}; }
  Known group(std::string_view) const override { return Known::yes; }
  Known topic(std::string_view, std::string_view) const override { return Known::yes; }
  Owner owner(std::string_view, std::string_view, PartitionIndex partition) const override {
    return {partition % 2 == 0 ? Known::yes : Known::unsure, true, "10.0.0.2", 90, {"token=1"}};
  }
  std::uint32_t serial() const override { return 1; }
};

ZoneOptions options() {
  ZoneOptions out;
  out.domains = {*Name::parse("muster"), *Name::parse("a")};
  return out;
}

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace
}  // namespace muster::broker::dns

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace muster::broker::dns;
  static const Zone zone(options());
  static Responder responder(zone, {}, 1);
  const Everything directory;
  const std::span<const std::uint8_t> message(data, size);
  const Parsed parsed = parse_query(message);
  for (const Via via : {Via::udp, Via::loopback_udp, Via::tcp}) {
    for (int i = 0; i < 10; ++i) {  // the later ones are kept answers
      Bytes out;
      responder.answer(message, via, directory, out);
      check(out.empty() == (parsed.outcome == Parsed::Outcome::ignore));
      if (out.empty()) break;
      check(out.size() >= header_size && out.size() <= 0xffff);
      if (via == Via::udp) check(out.size() <= 1'232);
      check(out[0] == data[0] && out[1] == data[1]);        // the id
      check((out[2] & 0x81) == (0x80 | (data[2] & 0x01)));  // an answer; RD as asked
      check((out[3] & 0xf0) == 0);                          // RA, Z, AD, CD
      if (via == Via::tcp) check((out[2] & 0x02) == 0);     // TC
      if (parsed.query.has_question) {
        const auto name = parsed.query.name.wire();
        check(out.size() >= header_size + name.size() + 4);
        check(std::equal(name.begin(), name.end(), out.begin() + header_size));
      }
    }
  }
  if (parsed.query.has_question) {
    const auto again = Name::parse(parsed.query.name.text());
    check(again.has_value() && *again == parsed.query.name);
  }
  const auto text = Name::parse({reinterpret_cast<const char*>(data), size});
  if (text) check(Name::parse(text->text()) == text);
  return 0;
}
