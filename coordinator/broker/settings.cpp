/// The table itself. A new setting is one row here and one field in Config.
#include "config.hpp"

#include "dns/name.hpp"

#include <algorithm>
#include <array>

namespace muster::broker {
namespace {

using Kind = Setting::Kind;

constexpr std::uint64_t mib = 1ULL << 20;
constexpr std::uint64_t tib = 1ULL << 40;
constexpr std::uint64_t second = 1'000;
constexpr std::uint64_t hour = 3'600'000;

Setting text(std::string_view name, std::string_view fallback, std::string_view help,
             void (*set)(Config&, const std::string&)) {
  return {name, Kind::text, fallback, 0, 0, help, set, nullptr};
}
Setting truth(std::string_view name, std::string_view help, void (*set)(Config&, std::uint64_t)) {
  return {name, Kind::truth, "false", 0, 1, help, nullptr, set};
}
Setting list(std::string_view name, std::string_view help,
             void (*add)(Config&, const std::string&)) {
  return {name, Kind::list, "", 0, 0, help, add, nullptr};
}
struct Bounds {
  std::uint64_t low;
  std::uint64_t high;
};
Setting number(std::string_view name, std::string_view fallback, Bounds bounds,
               std::string_view help, void (*set)(Config&, std::uint64_t)) {
  return {name, Kind::number, fallback, bounds.low, bounds.high, help, nullptr, set};
}
Setting bytes(std::string_view name, std::string_view fallback, Bounds bounds,
              std::string_view help, void (*set)(Config&, std::uint64_t)) {
  return {name, Kind::bytes, fallback, bounds.low, bounds.high, help, nullptr, set};
}
Setting duration(std::string_view name, std::string_view fallback, Bounds bounds,
                 std::string_view help, void (*set)(Config&, std::uint64_t)) {
  return {name, Kind::duration, fallback, bounds.low, bounds.high, help, nullptr, set};
}

std::uint32_t u32(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}
Millis ms(std::uint64_t value) {
  return Millis{static_cast<std::int64_t>(value)};
}

struct HostAndPort {
  std::string host;
  std::uint16_t port = 0;
};

HostAndPort parse_listen(const std::string& value) {
  const std::size_t colon = value.rfind(':');
  std::string host = value.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  const std::string port = colon == std::string::npos ? "" : value.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos;
  if (host.empty() || !digits || std::stoul(port) > 65'535) {
    throw ConfigError("'" + value + "' is no HOST:PORT with a port of 0 - 65535");
  }
  return {host == "localhost" ? "127.0.0.1" : host, static_cast<std::uint16_t>(std::stoul(port))};
}

void set_listen(Config& config, const std::string& value) {
  HostAndPort at = parse_listen(value);
  config.listen_host = std::move(at.host);
  config.listen_port = at.port;
}

void set_http_listen(Config& config, const std::string& value) {
  HostAndPort at = value == "off" ? HostAndPort{} : parse_listen(value);
  config.http_host = std::move(at.host);
  config.http_port = at.port;
}

void add_http_name(Config& config, const std::string& value) {
  std::string name;
  for (const char c : value) {
    const char small = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    const bool known = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9') ||
                       small == '-' || small == '.' || small == '_';
    if (!known) throw ConfigError("http-host: '" + value + "' is no host name (without a port)");
    name += small;
  }
  config.http_names.push_back(std::move(name));
}

void set_dns_listen(Config& config, const std::string& value) {
  HostAndPort at = value == "off" ? HostAndPort{} : parse_listen(value);
  config.dns_host = std::move(at.host);
  config.dns_port = at.port;
}

void set_dns_domain(Config& config, const std::string& value) {
  config.dns_domains.clear();
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    const std::string domain = value.substr(begin, end - begin);
    const auto name = dns::Name::parse(domain);
    if (!name || name->labels().empty()) {
      throw ConfigError("'" + domain + "' is no domain name");
    }
    config.dns_domains.push_back(domain);
    begin = end + 1;
  }
}

void add_probe_network(Config& config, const std::string& value) {
  if (!config.probe_allow.add(value))
    throw ConfigError("probe-allow: '" + value +
                      "' is no IP address, and no network as 10.0.0.0/8");
}

void set_log_level(Config& config, const std::string& value) {
  constexpr std::array<std::string_view, 4> names{"debug", "info", "warning", "error"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (value != names[i]) continue;
    config.log_level = static_cast<log::Level>(i);
    return;
  }
  throw ConfigError("'" + value + "' is none of debug, info, warning, error");
}

void set_log_format(Config& config, const std::string& value) {
  if (value != "text" && value != "json") {
    throw ConfigError("'" + value + "' is none of text, json");
  }
  config.log_format = value == "json" ? log::Format::json : log::Format::text;
}

void set_events_start(Config& config, const std::string& value) {
  if (value != "kept" && value != "now") throw ConfigError("'" + value + "' is none of kept, now");
  config.events_from_now = value == "now";
}

std::vector<Setting> make_settings() {
  using C = Config&;
  using N = std::uint64_t;
  using T = const std::string&;
  return {
      text("data", "",
           "Folder of the store, made if it is missing. Without it everything is kept in memory "
           "and gone at the end.",
           [](C c, T v) { c.data = v; }),
      text("listen", "127.0.0.1:7400", "HOST:PORT of the native door; port 0 takes a free one.",
           set_listen),
      text("http-listen", "127.0.0.1:7401",
           "HOST:PORT of the HTTP door; port 0 takes a free one; off: there is none.",
           set_http_listen),
      list("http-host",
           "A host name under which the HTTP door is asked, beside localhost and addresses; others "
           "are refused, so that no web page reaches it. May be repeated.",
           add_http_name),
      text("token-file", "",
           "File of tokens, one a line; whoever uses the HTTP door must send one of them. Only its "
           "owner may read it; SIGHUP reads it again.",
           [](C c, T v) { c.token_file = v; }),
      truth("insecure-listen",
            "Allows an address other than loopback, although there is no authentication yet.",
            [](C c, N v) { c.insecure_listen = v != 0; }),
      text("dns-listen", "127.0.0.1:7402",
           "HOST:PORT of the DNS door, UDP and TCP; port 0 takes a free one, off is no such door.",
           set_dns_listen),
      text("dns-domain", "muster",
           "Domain of the names that the DNS door answers; several with commas between them.",
           set_dns_domain),
      duration("dns-ttl", "0", {0, 24 * hour},
               "How long others may keep a DNS answer, in whole seconds.",
               [](C c, N v) { c.dns_ttl = u32(v / second); }),
      duration("dns-negative-ttl", "1s", {0, hour},
               "How long others may keep the DNS answer that there is nothing, in whole seconds.",
               [](C c, N v) { c.dns_negative_ttl = u32(v / second); }),
      number(
          "dns-udp-size", "1232", {512, 16'384},
          "Bytes of a DNS answer over UDP, at most; a longer one is cut, and says so. Clients on "
          "loopback may take 16384.",
          [](C c, N v) { c.dns_udp_size = static_cast<std::uint16_t>(v); }),
      number("dns-max-rate", "10000", {0, 100'000'000},
             "DNS questions a second over UDP that one address may ask, if it is not loopback; 0: "
             "no bound.",
             [](C c, N v) { c.dns_max_rate = u32(v); }),
      number("dns-max-connections", "1000", {1, 1'000'000},
             "Connections to the DNS door; more are closed at once.",
             [](C c, N v) { c.dns_max_connections = u32(v); }),
      duration("dns-idle-timeout", "30s", {second, hour},
               "Time without a whole question, or to take an answer; then a connection to the DNS "
               "door is closed.",
               [](C c, N v) { c.dns_idle_timeout_ms = u32(v); }),
      text("ready-file", "",
           "Written once the doors are open, with one line for each: native=HOST:PORT, then "
           "http=HOST:PORT and dns=HOST:PORT.",
           [](C c, T v) { c.ready_file = v; }),
      text("backup-dir", "",
           "SIGUSR1 writes a dated copy of the store below this folder while the broker runs.",
           [](C c, T v) { c.backup_dir = v; }),
      number("shards", "0", {0, 4'096},
             "Into how many shards the groups are divided; fixed when the folder is made. 0: what "
             "the folder has, 8 for a new one.",
             [](C c, N v) { c.shards = u32(v); }),
      number("threads", "0", {0, 256},
             "Loops that drive the shards and the connections. 0: one a core.",
             [](C c, N v) { c.threads = u32(v); }),
      bytes("min-free", "256MiB", {0, tib},
            "Free disk space below which requests that add state are refused.",
            [](C c, N v) { c.min_free = v; }),
      bytes("max-unsynced", "256MiB", {mib, tib},
            "Changes, in bytes, that may wait for the disk before more are refused.",
            [](C c, N v) { c.max_unsynced = v; }),
      number("max-queue", "1000000", {1, 100'000'000},
             "Requests that may wait for one shard; heartbeats are refused at twice the bound.",
             [](C c, N v) { c.max_queue = u32(v); }),
      number("max-connections", "20000", {1, 10'000'000}, "Connections in all.",
             [](C c, N v) { c.max_connections = u32(v); }),
      number("max-connections-per-address", "1000", {1, 10'000'000},
             "Connections from one address, loopback excepted.",
             [](C c, N v) { c.max_connections_per_address = u32(v); }),
      number("http-max-connections", "60000", {1, 10'000'000}, "Connections of the HTTP door.",
             [](C c, N v) { c.http_max_connections = u32(v); }),
      number("http-metrics-groups", "1000", {0, 1'000'000},
             "Groups that have series of their own in /metrics: the first ones by name.",
             [](C c, N v) { c.http_metrics_groups = u32(v); }),
      number("http-metrics-services", "1000", {0, 1'000'000},
             "Services that have series of their own in /metrics: the first ones by name.",
             [](C c, N v) { c.http_metrics_services = u32(v); }),
      bytes("max-output", "64MiB", {mib, tib},
            "Output that may wait for one peer before it is cut off. From 1 MiB on it is not read "
            "from.",
            [](C c, N v) { c.max_output = v; }),
      duration("handshake-timeout", "5s", {10, hour}, "Time for a connection to say Hello.",
               [](C c, N v) { c.handshake_timeout_ms = u32(v); }),
      duration("frame-timeout", "30s", {10, hour}, "Time to finish a frame that was begun.",
               [](C c, N v) { c.frame_timeout_ms = u32(v); }),
      duration("read-timeout", "60s", {10, hour},
               "Time for a peer to take any of the output that waits for it.",
               [](C c, N v) { c.read_timeout_ms = u32(v); }),
      text("log-level", "info",
           "debug, info, warning or error. SIGHUP reads it again from the file; without a file it "
           "switches debug on and off.",
           set_log_level),
      text("log-format", "text", "text, or json with one object a line.", set_log_format),
      duration("min-session-timeout", "1s", {100, 24 * hour},
               "Shortest session timeout that a member may ask for.",
               [](C c, N v) { c.limits.min_session_timeout = ms(v); }),
      duration("max-session-timeout", "30m", {second, 24 * hour},
               "Longest session timeout that a member may ask for.",
               [](C c, N v) { c.limits.max_session_timeout = ms(v); }),
      duration("max-rebalance-timeout", "1h", {second, 24 * hour},
               "Longest time that a member may ask for to release partitions.",
               [](C c, N v) { c.limits.max_rebalance_timeout = ms(v); }),
      number("max-groups", "1000000", {1, 100'000'000}, "Groups in one shard.",
             [](C c, N v) { c.limits.max_groups = u32(v); }),
      number("max-members", "10000000", {1, 200'000'000}, "Members in one shard.",
             [](C c, N v) { c.limits.max_members = u32(v); }),
      number("max-group-size", "1000000", {1, 10'000'000}, "Members of one group.",
             [](C c, N v) { c.limits.max_group_size = u32(v); }),
      number("max-topics", "100000", {1, 10'000'000}, "Topics.",
             [](C c, N v) { c.limits.max_topics = u32(v); }),
      number("max-partitions", "1000000", {1, 1'000'000}, "Partitions of one topic.",
             [](C c, N v) { c.limits.max_partitions = static_cast<std::int32_t>(v); }),
      number("max-subscribed-partitions", "1000000", {1, 1'000'000},
             "Partitions of all topics that one member subscribes to.",
             [](C c, N v) { c.limits.max_subscribed_partitions = v; }),
      number("max-history", "100", {1, 10'000},
             "Epochs that are kept in the history of each group.",
             [](C c, N v) { c.limits.max_history = u32(v); }),
      text(
          "record", "",
          "File of the flight recorder, which keeps the last inputs for `musterd replay`; what lay "
          "there is kept as FILE.1.",
          [](C c, T v) { c.record = v; }),
      bytes("record-size", "256MiB", {mib, tib}, "Size of that file.",
            [](C c, N v) { c.record_size = v; }),
      list("probe-allow",
           "A network such as 10.0.0.0/8 whose addresses anybody may have checked. Without it an "
           "instance is checked at the address that registered it, and nowhere else. May be "
           "repeated.",
           add_probe_network),
      number("probes-under-way", "512", {1, 10'000},
             "Probes of checks that may wait for their answers; more wait for their turn.",
             [](C c, N v) { c.probes_under_way = u32(v); }),
      number("probe-connections", "4096", {0, 100'000},
             "Connections that are kept between one probe of a check and the next.",
             [](C c, N v) { c.probe_connections = u32(v); }),
      bytes("event-ring", "64MiB", {mib, tib}, "Events that are kept, in bytes, over all shards.",
            [](C c, N v) { c.event_ring = v; }),
      text("events", "",
           "Mirrors all events into a Kafka topic: kafka://HOST:PORT[,HOST:PORT...]/TOPIC.",
           [](C c, T v) { c.events = v; }),
      text("events-start", "kept",
           "Where a new mirror starts: kept (all events that are kept), or now.", set_events_start),
      bytes("events-outbox", "1GiB", {mib, tib},
            "Events, in bytes, that may wait for Kafka; beyond it the oldest are lost and a gap "
            "marker names them.",
            [](C c, N v) { c.events_outbox = v; }),
      number("events-partitions", "0", {0, 100'000},
             "Makes the topic with so many partitions if it does not exist. 0: leaves it to Kafka.",
             [](C c, N v) { c.events_partitions = static_cast<std::int32_t>(v); }),
      number("events-replication", "0", {0, 100},
             "Replicas of a topic that is made here. 0: the cluster's default.",
             [](C c, N v) { c.events_replication = v == 0 ? -1 : static_cast<std::int32_t>(v); }),
      duration("events-retention", "0", {0, 100 * 365 * 24 * hour},
               "How long Kafka keeps the events of a topic that is made here. 0: the cluster's "
               "default.",
               [](C c, N v) { c.events_retention_ms = v; }),
      list("kafka-property",
           "A librdkafka setting as NAME=VALUE, for everything that talks to Kafka. May be "
           "repeated. Secrets are refused here.",
           [](C c, T v) { c.kafka_properties.push_back(v); }),
      text("kafka-config", "",
           "File of librdkafka settings, NAME=VALUE a line; the place for passwords, so only its "
           "owner may read it.",
           [](C c, T v) { c.kafka_config = v; }),
  };
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> table = make_settings();
  return table;
}

}  // namespace muster::broker
