// The input is what an operator configures: a byte that says where, then a file (0), or the value
// of the setting with that number as it stands in the environment or on the command line. It is
// taken, or refused with a sentence that names the place.
#include <broker/config.hpp>

#include "input_file.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace muster::broker;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_named(const ConfigError& error, std::string_view place) {
  require(std::string_view(error.what()).find(place) != std::string_view::npos);
}

void read_file(std::string_view text) {
  const InputFile file(text);
  Config config;
  try {
    apply_file(config, file.path());
  } catch (const ConfigError& error) {
    require_named(error, file.path());
  }
}

void read_value(const Setting& setting, const std::string& value) {
  Config config;
  try {
    apply(config, setting, value, "here");
  } catch (const ConfigError& error) {
    return require_named(error, setting.name);
  }
  apply(config, setting, value, "again");  // what was good once is good
  const NamedValue flag{std::string(setting.name), value};
  try {
    (void)make_config("", [](const char*) -> const char* { return nullptr; }, {&flag, 1});
  } catch (const ConfigError& error) {
    require(!std::string_view(error.what()).empty());  // it contradicts another setting
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 0 || data[0] == '#') {
    read_file(text);
  } else {
    const auto table = settings();
    read_value(table[data[0] % table.size()], text.substr(0, text.find('\0')));
  }
  return 0;
}
