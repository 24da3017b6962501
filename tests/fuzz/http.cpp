// The input is a byte that says where it comes in, then what a stranger sends to the HTTP door: a
// stream of requests, cut in two at every eighth of its length, or a target, a selector, a body, a
// position or a duration. It is taken, or refused with a sentence; and the same requests are read
// however it is cut. (When something is seen to be none may depend on the cuts.)
#include <broker/http/body.hpp>
#include <broker/http/duration.hpp>
#include <broker/http/guard.hpp>
#include <broker/http/position.hpp>
#include <broker/http/reader.hpp>
#include <broker/http/selector.hpp>
#include <broker/http/target.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace muster;
using namespace muster::broker::http;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class Value>
void require_sentence(const std::variant<Value, Error>& out) {
  const auto* const error = std::get_if<Error>(&out);
  require(error == nullptr || (error->code != Errc::ok && !error->message.empty()));
}

struct Told {
  std::vector<std::string> requests;
  int failed = 0;
};

Told read_all(const std::vector<std::string>& pieces) {
  static const ReaderLimits limits{.header = 1'024, .target = 256, .body = 512};
  RequestReader reader(limits);
  Told out;
  std::string rest;
  for (const std::string& piece : pieces) {
    rest += piece;
    std::string_view view = rest;
    while (true) {
      const auto state = reader.read(view);
      if (state == RequestReader::State::failed) {
        out.failed = reader.failure().status;
        require(out.failed >= 400 && !reader.failure().message.empty());
        return out;
      }
      if (state == RequestReader::State::more) break;
      const broker::http::Request request = reader.take();
      require(request.body.size() <= limits.body);
      out.requests.push_back(request.target + "\n" + request.host + "\n" + request.body);
      require_sentence(parse_target(request.target));
      (void)Guard{}.check(request, false, true);
    }
    rest = view;
  }
  return out;
}

void read_requests(const std::string& text) {
  const Told whole = read_all({text});
  for (std::size_t eighth = 1; eighth < 8; ++eighth) {
    const std::size_t cut = text.size() * eighth / 8;
    require(read_all({text.substr(0, cut), text.substr(cut)}).requests == whole.requests);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 7) {
    case 0:
      read_requests(text);
      break;
    case 1:
      require_sentence(parse_target(text));
      break;
    case 2: {
      const auto selector = parse_selector(text);
      require_sentence(selector);
      if (const auto* const good = std::get_if<Selector>(&selector))
        (void)matches(*good, {{"env", "prod"}});
      break;
    }
    case 3:
      require_sentence(parse_register(text));
      break;
    case 4:
      require_sentence(parse_report(text));
      break;
    case 5:
      if (const auto position = parse_position(text, 8))
        require(parse_position(print(*position), 8) == position);
      break;
    default:
      (void)parse_duration(text);
  }
  return 0;
}
