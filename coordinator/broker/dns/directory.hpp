/// What the names of the zone are looked up in: a picture of the broker's services, groups and
/// nodes, as far as DNS can tell of them.
#pragma once

#include <muster/types.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace muster::broker::dns {

/// Whether something exists. Of what the broker cannot judge now it is unsure: then nobody is told
/// that there is nothing.
enum class Known : std::uint8_t { no, unsure, yes };

/// One place where something is reached. Its texts are the directory's, and live as long as the
/// picture.
struct Endpoint {
  std::string_view id;
  std::string_view address;  ///< An IP address or a host name.
  std::uint16_t port = 0;    ///< 0: it has none.
  std::uint32_t weight = 1;
  std::uint8_t rank = 0;         ///< 0: first choice; those of a higher rank come behind.
  const void* source = nullptr;  ///< The directory's own.
};

class Directory {
 public:
  struct Service {
    Known known = Known::no;
    std::uint64_t stamp = 0;  ///< Another one with each change of what it answers; 0: none.
    const void* source = nullptr;
  };
  /// Which of a service's instances; empty: all. Compared without regard to case.
  struct Filter {
    std::string_view tag;
    std::string_view zone;
  };
  struct Node {
    Known known = Known::no;
    std::string_view address;
    std::vector<std::string> texts;
  };
  /// Who owns a partition, and with which token.
  struct Owner {
    Known known = Known::no;  ///< Whether there is such a partition of the group's work.
    bool owned = false;
    std::string address;  ///< Host or address, without the port; empty: it publishes none.
    std::uint16_t port = 0;
    std::vector<std::string> texts;
  };

  virtual ~Directory() = default;

  [[nodiscard]] virtual Service service(std::string_view name) const = 0;
  /// Appends those of its instances that are handed out, in any order.
  virtual void instances(const Service& service, const Filter& filter,
                         std::vector<Endpoint>& out) const = 0;
  /// What else is told about an instance: "key=value".
  [[nodiscard]] virtual std::vector<std::string> texts(const Endpoint& instance) const = 0;

  [[nodiscard]] virtual Node node(std::string_view name) const = 0;

  [[nodiscard]] virtual Known group(std::string_view group) const = 0;
  [[nodiscard]] virtual Known topic(std::string_view group, std::string_view topic) const = 0;
  [[nodiscard]] virtual Owner owner(std::string_view group, std::string_view topic,
                                    PartitionIndex partition) const = 0;

  /// Another number with each change of anything that it tells; 0: it cannot say.
  [[nodiscard]] virtual std::uint64_t picture() const { return 0; }
  /// Rises with what the directory tells: the zone's serial.
  [[nodiscard]] virtual std::uint32_t serial() const = 0;
};

}  // namespace muster::broker::dns
