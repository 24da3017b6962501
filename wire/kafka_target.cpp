#include "kafka_target.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace muster::wire {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_topic(std::string_view name) {
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." &&
         name.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
             std::string_view::npos;
}

/// Each is HOST:PORT; an IPv6 address stands in brackets.
bool are_servers(std::string_view list) {
  while (true) {
    const std::string_view one = list.substr(0, list.find(','));
    const std::size_t colon = one.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return false;
    const std::string_view port = one.substr(colon + 1);
    if (port.empty() || port.size() > 5 ||
        port.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    if (one.size() == list.size()) return true;
    list.remove_prefix(one.size() + 1);
  }
}

KafkaProperty split(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = trimmed(text.substr(0, equals));
  if (equals == std::string_view::npos || name.empty())
    throw std::runtime_error("'" + std::string{text.substr(0, 60)} + "' is no NAME=VALUE");
  return {std::string{name}, std::string{trimmed(text.substr(equals + 1))}};
}

}  // namespace

KafkaTarget parse_kafka_target(std::string_view url) {
  constexpr std::string_view scheme = "kafka://";
  const auto wrong = [&]() {
    return std::runtime_error("'" + std::string{url} +
                              "' is no kafka://HOST:PORT[,HOST:PORT...]/TOPIC");
  };
  if (!url.starts_with(scheme)) throw wrong();
  const std::string_view rest = url.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) throw wrong();
  const std::string_view servers = rest.substr(0, slash);
  const std::string_view topic = rest.substr(slash + 1);
  if (!are_servers(servers) || !is_topic(topic)) throw wrong();
  return {std::string{servers}, std::string{topic}};
}

KafkaProperty parse_kafka_property(std::string_view text) {
  KafkaProperty property = split(text);
  if (is_kafka_secret(property.first))
    throw std::runtime_error(property.first +
                             " is a secret, which others could read here: put it into the file "
                             "that kafka-config names");
  return property;
}

std::vector<KafkaProperty> read_kafka_properties(const std::string& file) {
  std::ifstream in(file);
  struct stat about{};
  if (!in || ::stat(file.c_str(), &about) != 0)
    throw std::runtime_error("cannot read " + file + ": " + std::strerror(errno));
  if ((about.st_mode & 077) != 0)
    throw std::runtime_error(file + " may be read by others than its owner: chmod 600 " + file);
  std::vector<KafkaProperty> out;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    const std::string_view text = trimmed(line);
    if (text.empty() || text.front() == '#') continue;
    try {
      out.push_back(split(text));
    } catch (const std::runtime_error&) {
      // The line may hold a secret: it is not repeated.
      throw std::runtime_error(file + ":" + std::to_string(number) + " is no NAME=VALUE");
    }
  }
  return out;
}

std::vector<KafkaProperty> kafka_properties(const std::string& file,
                                            const std::vector<std::string>& texts) {
  std::vector<KafkaProperty> out;
  if (!file.empty()) out = read_kafka_properties(file);
  for (const std::string& text : texts) out.push_back(parse_kafka_property(text));
  return out;
}

bool is_kafka_secret(std::string_view name) {
  return name.ends_with("password") || name.ends_with("secret") || name.ends_with(".pem") ||
         name == "sasl.jaas.config" || name == "sasl.oauthbearer.config";
}

}  // namespace muster::wire
