#include "dial.hpp"

#include "../grant.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <stdexcept>

namespace muster::agent {

std::uint64_t random_seed() {
  std::uint64_t out = 0;
  if (::getentropy(&out, sizeof out) != 0) out = static_cast<std::uint64_t>(member::boot_now().ms);
  return out;
}

member::LinkOptions link_options(const std::vector<std::string>& servers,
                                 const std::string& client_name) {
  member::LinkOptions out;
  for (const std::string& server : servers) {
    const auto address = member::parse_server(server);
    if (!address) throw std::invalid_argument("server \"" + server + "\" is not HOST:PORT");
    out.servers.push_back(*address);
  }
  out.hello.client_name = client_name;
  out.seed = random_seed();
  return out;
}

}  // namespace muster::agent
