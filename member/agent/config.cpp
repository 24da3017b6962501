#include "config.hpp"

#include "section.hpp"

#include <algorithm>
#include <charconv>

namespace muster::agent {
namespace {

constexpr Millis second{1'000};
constexpr Millis minute = 60 * second;
constexpr Millis hour = 60 * minute;
constexpr std::size_t longest_path = 4'095;
constexpr std::size_t most_services = 1'000;

/// The bounds of a session timeout, as the broker has them unless it is told otherwise.
constexpr Millis shortest_session = second;
constexpr Millis longest_session = 30 * minute;

RestartPolicy policy_of(Section& section) {
  const std::string text = section.text("restart", "always", 32);
  for (const RestartPolicy policy :
       {RestartPolicy::always, RestartPolicy::on_failure, RestartPolicy::never})
    if (text == to_string(policy)) return policy;
  section.refuse("restart", "expected always, on-failure or never");
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (bad != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

CheckSpec check_of(const toml::table& table, const std::string& file, const InstanceInfo& own) {
  Section section(table, file);
  const int kinds =
      int{section.has("tcp")} + int{section.has("http")} + int{section.has("command")};
  if (kinds != 1) section.refuse("tcp, http or command", "a check has exactly one of them");
  CheckSpec out;
  if (section.has("tcp")) {
    if (!parse_tcp_target(section.text("tcp", "", 300), own, out))
      section.refuse("tcp", "expected HOST:PORT, :PORT, or \"\" if the service has a port");
  } else if (section.has("http")) {
    if (!parse_http_target(section.text("http", "", 2'000), own, out))
      section.refuse("http",
                     "expected a path as in /health, if the service has a port, or "
                     "http://HOST:PORT/PATH");
  } else {
    out.kind = CheckSpec::Kind::command;
    out.command = section.list("command", 1'000);
    if (out.command.empty() || out.command.front().empty())
      section.refuse("command", "expected a program and its arguments, each a text");
  }
  out.interval = section.duration("interval", out.interval, Millis{100}, hour);
  out.timeout =
      section.duration("timeout", std::min(out.timeout, out.interval), Millis{10}, out.interval);
  out.slow = section.duration("slow", std::min(out.slow, out.timeout), Millis{1}, out.timeout);
  out.overloaded_after =
      static_cast<std::uint32_t>(section.number("overloaded_after", out.overloaded_after, 1, 100));
  out.critical_after =
      static_cast<std::uint32_t>(section.number("critical_after", out.critical_after, 1, 100));
  out.dead_after = static_cast<std::uint32_t>(
      section.number("dead_after", std::max(out.dead_after, out.critical_after), 1, 1'000));
  if (out.dead_after < out.critical_after)
    section.refuse("dead_after",
                   "expected at least critical_after, " + std::to_string(out.critical_after));
  out.rising = static_cast<std::uint32_t>(section.number("rising", out.rising, 1, 100));
  section.no_others();
  return out;
}

InstanceInfo info_of(Section& section, const AgentSpec& agent) {
  InstanceInfo out;
  out.address = section.text("address", agent.address, 253);
  out.port = static_cast<std::uint16_t>(section.number("port", 0, 0, 65'535));
  out.tags = section.list("tags", 64);
  for (const std::string& tag : out.tags)
    if (tag.empty() || tag.size() > 255)
      section.refuse("tags",
                     "expected tags of 1 to 255 bytes, not one of " + std::to_string(tag.size()));
  std::sort(out.tags.begin(), out.tags.end());
  out.tags.erase(std::unique(out.tags.begin(), out.tags.end()), out.tags.end());
  for (auto& [key, value] : section.texts("meta", 64)) {
    if (key.empty() || key.size() > 128 || value.size() > 1'024)
      section.refuse("meta", "expected keys of 1 to 128 bytes and values of at most 1024");
    out.meta.push_back({key, value});
  }
  std::sort(out.meta.begin(), out.meta.end(),
            [](const MetaEntry& a, const MetaEntry& b) { return a.key < b.key; });
  out.weight = static_cast<std::uint32_t>(section.number("weight", 1, 0, 65'535));
  out.zone = section.text("zone", agent.zone, 255);
  if (agent.beats_for_node) out.node = agent.node;
  return out;
}

RestartSpec restart_of(Section& section) {
  RestartSpec out;
  out.policy = policy_of(section);
  out.backoff = section.duration("restart_backoff", out.backoff, Millis{0}, hour);
  out.backoff_max = section.duration("restart_backoff_max", std::max(out.backoff_max, out.backoff),
                                     out.backoff, hour);
  out.budget = static_cast<std::uint32_t>(section.number("restart_budget", out.budget, 0, 1'000));
  out.window = section.duration("restart_window", out.window, second, 24 * hour);
  return out;
}

ServiceSpec service_of(const toml::table& table, const std::string& file, const AgentSpec& agent,
                       Millis drain) {
  Section section(table, file);
  ServiceSpec out;
  out.service = ServiceName(section.text("name", "", 63));
  if (const auto wrong = wrong_label(out.service.value)) section.refuse("name", *wrong);
  out.instance =
      InstanceId(section.text("instance", out.service.value + "-" + agent.node.value, 249));
  if (const auto wrong = wrong_id(out.instance.value)) section.refuse("instance", *wrong);
  out.command = section.list("command", 1'000);
  if (out.command.empty() || out.command.front().empty())
    section.refuse("command", "expected a program and its arguments, each a text");
  out.environment = section.texts("environment", 1'000);
  for (const auto& [name, value] : out.environment)
    if (name.empty() || name.find('=') != std::string::npos || name.starts_with("MUSTER_"))
      section.refuse("environment",
                     "the name \"" + name + "\" is empty, has a = or begins with MUSTER_");
  out.directory = section.text("directory", "", longest_path);
  out.user = section.text("user", "", 64);
  out.info = info_of(section, agent);
  out.session_timeout =
      section.duration("session_timeout", agent.session_timeout, shortest_session, longest_session);
  out.restart = restart_of(section);
  out.start_timeout = section.duration("start_timeout", out.start_timeout, Millis{100}, 24 * hour);
  out.stop_grace = section.duration("stop_grace", out.stop_grace, Millis{0}, hour);
  out.drain = section.duration("drain", drain, Millis{0}, hour);
  for (const toml::table* const check : section.tables("check", 32))
    out.checks.push_back(check_of(*check, file, out.info));
  section.no_others();
  return out;
}

AgentSpec spec_of(const toml::table& table, const std::string& file, const std::string& host) {
  Section section(table, file);
  AgentSpec out;
  out.node = NodeName(section.text("node", host, 249));
  if (const auto wrong = wrong_id(out.node.value)) section.refuse("node", *wrong);
  out.address = section.text("address", "127.0.0.1", 253);
  out.zone = section.text("zone", "", 255);
  out.session_timeout =
      section.duration("session_timeout", out.session_timeout, shortest_session, longest_session);
  out.most_checks =
      static_cast<std::uint32_t>(section.number("most_checks", out.most_checks, 1, 1'000));
  const Millis drain = section.duration("drain", ServiceSpec{}.drain, Millis{0}, hour);
  for (const toml::table* const one : section.tables("service", most_services)) {
    out.services.push_back(service_of(*one, file, out, drain));
    const InstanceId& instance = out.services.back().instance;
    const auto same = std::count_if(out.services.begin(), out.services.end(),
                                    [&](const auto& s) { return s.instance == instance; });
    if (same > 1)
      Section(*one, file)
          .refuse(one->contains("instance") ? "instance" : "name",
                  "the instance \"" + instance.value +
                      "\" stands above already; give each an instance of its own");
  }
  section.no_others();
  return out;
}

[[noreturn]] void refuse(const toml::parse_error& error, const std::string& file) {
  const auto line = error.source().begin.line;
  throw ConfigError(file + (line > 0 ? ":" + std::to_string(line) : std::string{}) + ": " +
                    std::string(error.description()));
}

}  // namespace

std::optional<std::string> wrong_label(std::string_view name) {
  const bool well = !name.empty() && name.size() <= 63 && name.front() != '-' &&
                    name.back() != '-' && std::all_of(name.begin(), name.end(), [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                    });
  if (well) return std::nullopt;
  return "expected 1 to 63 of a-z, 0-9 and -, with no - at an end";
}

std::optional<std::string> wrong_id(std::string_view name) {
  const bool well =
      !name.empty() && name.size() <= 249 && std::none_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
      });
  if (well) return std::nullopt;
  return "expected 1 to 249 bytes without control characters";
}

bool parse_tcp_target(std::string_view text, const InstanceInfo& own, CheckSpec& out) {
  out.kind = CheckSpec::Kind::tcp;
  out.host = own.address;
  out.port = own.port;
  if (text.empty()) return own.port != 0;
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  const auto port = parse_port(text.substr(colon + 1));
  if (!host.empty()) out.host = host;
  out.port = port.value_or(0);
  return port.has_value();
}

bool parse_http_target(std::string_view text, const InstanceInfo& own, CheckSpec& out) {
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!printable) return false;  // a line feed would be a second request
  constexpr std::string_view scheme = "http://";
  if (text.starts_with(scheme)) {
    text.remove_prefix(scheme.size());
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string_view authority = text.substr(0, slash);
    out.path = slash == text.size() ? "/" : std::string(text.substr(slash));
    const bool has_port =
        authority.rfind(':') != std::string_view::npos && !authority.ends_with(']');
    if (authority.empty() || authority.front() == ':') return false;
    const bool well =
        parse_tcp_target(has_port ? authority : std::string(authority) + ":80", own, out);
    out.kind = CheckSpec::Kind::http;
    return well;
  }
  out.kind = CheckSpec::Kind::http;
  out.host = own.address;
  out.port = own.port;
  out.path = text;
  return text.starts_with('/') && own.port != 0;
}

AgentSpec read_config(const std::string& file, const std::string& host) {
  try {
    const toml::table table = toml::parse_file(file);
    return spec_of(table, file, host);
  } catch (const toml::parse_error& error) {
    refuse(error, file);
  }
}

AgentSpec parse_config(const std::string& text, const std::string& file, const std::string& host) {
  try {
    const toml::table table = toml::parse(text, file);
    return spec_of(table, file, host);
  } catch (const toml::parse_error& error) {
    refuse(error, file);
  }
}

}  // namespace muster::agent
