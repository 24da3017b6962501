/// Every setting of musterd, in one table: it reads flags, environment and file, and prints its own
/// help and reference.
#pragma once

#include "log.hpp"
#include "probe/allow_list.hpp"

#include <muster/core/limits.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker {

/// One sentence for a person, naming the setting, the value and the bound.
class ConfigError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Config {
  std::string data;  ///< Empty: everything in memory.
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 7400;
  std::string http_host = "127.0.0.1";  ///< Empty: no HTTP door.
  std::uint16_t http_port = 7401;
  std::vector<std::string> http_names;  ///< Lower case.
  std::string token_file;               ///< Empty: HTTP asks for no token.
  std::uint32_t http_max_connections = 60'000;
  std::uint32_t http_metrics_groups = 1'000;
  std::uint32_t http_metrics_services = 1'000;
  bool insecure_listen = false;
  std::string dns_host = "127.0.0.1";  ///< Empty: no DNS door.
  std::uint16_t dns_port = 7402;
  std::vector<std::string> dns_domains{"muster"};
  std::uint32_t dns_ttl = 0;           ///< Seconds.
  std::uint32_t dns_negative_ttl = 1;  ///< Seconds.
  std::uint16_t dns_udp_size = 1'232;
  std::uint32_t dns_max_rate = 10'000;
  std::uint32_t dns_max_connections = 1'000;
  std::uint32_t dns_idle_timeout_ms = 30'000;
  std::string ready_file;
  std::string backup_dir;
  std::uint32_t shards = 0;   ///< 0: what the folder has, 8 for a new one.
  std::uint32_t threads = 0;  ///< 0: one a core.
  std::uint64_t min_free = 256ULL << 20;
  std::uint32_t max_queue = 1'000'000;
  std::uint64_t max_unsynced = 256ULL << 20;
  std::uint32_t max_connections = 20'000;
  std::uint32_t max_connections_per_address = 1'000;
  std::uint64_t max_output = 64ULL << 20;
  std::uint32_t handshake_timeout_ms = 5'000;
  std::uint32_t frame_timeout_ms = 30'000;
  std::uint32_t read_timeout_ms = 60'000;
  log::Level log_level = log::Level::info;
  log::Format log_format = log::Format::text;
  std::uint64_t event_ring = 64ULL << 20;  ///< Over all shards.
  std::string record;                      ///< Empty: no flight recorder.
  std::uint64_t record_size = 256ULL << 20;
  probe::AllowList probe_allow;
  std::uint32_t probes_under_way = 512;
  std::uint32_t probe_connections = 4'096;
  std::string events;  ///< kafka://…; empty: no mirror.
  bool events_from_now = false;
  std::uint64_t events_outbox = 1ULL << 30;
  std::int32_t events_partitions = 0;         ///< 0: the topic is not made here.
  std::int32_t events_replication = -1;       ///< -1: the cluster's default.
  std::uint64_t events_retention_ms = 0;      ///< 0: the same.
  std::vector<std::string> kafka_properties;  ///< NAME=VALUE
  std::string kafka_config;                   ///< A file of them.
  core::Limits limits;
};

/// A row of the table. A `list` may be given several times as a flag; in the environment and in a
/// text of the file its parts are lines, in the file also an array. The flag is `--name`, the
/// environment variable MUSTER_NAME and the key in the file `name`, with `_` for `-` in both.
struct Setting {
  enum class Kind { text, list, truth, number, bytes, duration };

  std::string_view name;
  Kind kind;
  std::string_view fallback;  ///< As one would write it.
  std::uint64_t low = 0;      ///< Bounds of numbers, in the unit.
  std::uint64_t high = 0;
  std::string_view help;
  void (*set_text)(Config&, const std::string&) = nullptr;
  void (*set_number)(Config&, std::uint64_t) = nullptr;
};

[[nodiscard]] std::span<const Setting> settings();
[[nodiscard]] std::string environment_name(const Setting& setting);
[[nodiscard]] std::string file_key(const Setting& setting);
/// "1 - 4096", "1s - 30m"; empty for texts.
[[nodiscard]] std::string range_text(const Setting& setting);

/// Sets one value; `source` says where it came from, for the message. Throws ConfigError.
void apply(Config& config, const Setting& setting, const std::string& value,
           std::string_view source);
/// What the environment says. `lookup` gives a variable's value or null.
void apply_environment(Config& config, const char* (*lookup)(const char*));
/// What a TOML file says; unknown keys are refused. Throws ConfigError.
void apply_file(Config& config, const std::string& path);

struct NamedValue {
  std::string name;
  std::string value;
};
/// Default, file, environment, flags: the later wins. Checks what concerns several settings.
[[nodiscard]] Config make_config(const std::string& file, const char* (*lookup)(const char*),
                                 std::span<const NamedValue> flags);

/// docs/configuration.md.
[[nodiscard]] std::string configuration_reference();

}  // namespace muster::broker
