#include "config.hpp"

namespace muster::broker {
namespace {

std::string code(std::string_view text) {
  return text.empty() ? std::string{} : "`" + std::string{text} + "`";
}

}  // namespace

std::string configuration_reference() {
  std::string out =
      "# Configuration of musterd\n\n"
      "Printed by `musterd config-reference`; do not edit.\n\n"
      "Each setting can be given as a flag, as an environment variable, or in a TOML file named "
      "by\n"
      "`--config FILE` (or `MUSTER_CONFIG`). Flags win over the environment, the environment over "
      "the\n"
      "file, the file over the default. Bytes take `KiB`, `MiB`, `GiB`, `TiB`; durations take "
      "`ms`, `s`,\n"
      "`m`, `h` and are milliseconds without a unit. A value that is out of range ends the start "
      "with\n"
      "one sentence and exit code 1, an unknown flag with 64.\n\n"
      "| flag | environment | file | default | range | meaning |\n"
      "|---|---|---|---|---|---|\n";
  for (const Setting& setting : settings()) {
    out += "| " + code("--" + std::string{setting.name}) + " | " + code(environment_name(setting)) +
           " | " + code(file_key(setting)) + " | " + code(setting.fallback) + " | " +
           range_text(setting) + " | " + std::string{setting.help} + " |\n";
  }
  out +=
      "\nAn example file:\n\n"
      "```toml\n"
      "data = \"/var/lib/muster\"\n"
      "listen = \"127.0.0.1:7400\"\n"
      "log_level = \"info\"\n"
      "min_free = \"1GiB\"\n"
      "```\n";
  return out;
}

}  // namespace muster::broker
