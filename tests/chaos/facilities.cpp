#include "facilities.hpp"

#include "child.hpp"
#include "disk.hpp"
#include "hosts.hpp"
#include "steered.hpp"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>

namespace muster::chaos {
namespace {

/// Runs `act` in a child, which says through a pipe what it threw.
Facility tried(const char* name, const std::function<void()>& act) {
  int words[2];
  if (::pipe(words) != 0) throw std::runtime_error("no pipe");
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(words[0]);
    try {
      act();
      ::_exit(0);
    } catch (const std::exception& error) {
      const std::string why = error.what();
      (void)!::write(words[1], why.data(), why.size());
    }
    ::_exit(1);
  }
  ::close(words[1]);
  Facility facility{name, false, {}};
  char buffer[512];
  for (ssize_t n = 0; (n = ::read(words[0], buffer, sizeof buffer)) > 0;)
    facility.reason.append(buffer, static_cast<std::size_t>(n));
  ::close(words[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  facility.there = status == 0;
  for (char& c : facility.reason)
    if (c == '\n') c = ' ';
  return facility;
}

void try_trouble(Trouble trouble) {
  const Hosts hosts(1);
  hosts.trouble(0, trouble);
  hosts.heal(0);
}

}  // namespace

std::vector<Facility> try_facilities(const std::string& folder) {
  return {
      tried("namespaces", [] { const Hosts hosts(2); }),
      tried("packet filter", [] { try_trouble(Trouble::cut); }),
      tried("packet filter: reset", [] { try_trouble(Trouble::reset); }),
      tried("packet filter: random loss", [] { try_trouble(Trouble::loss); }),
      tried("traffic shaping", [] { try_trouble(Trouble::narrow); }),
      tried("tmpfs",
            [&] {
              const Hosts hosts(1);
              const Disk disk(folder + "/tried", 1 << 20);
            }),
      tried("preloaded shim",
            [] {
              const auto shim =
                  std::filesystem::path(own_program()).parent_path() / "chaos_shim.so";
              if (!std::filesystem::exists(shim))
                throw std::runtime_error("there is no " + shim.string());
            }),
  };
}

const Facility& find(const std::vector<Facility>& all, const std::string& name) {
  for (const Facility& facility : all)
    if (facility.name == name) return facility;
  throw std::runtime_error("nobody has tried " + name);
}

}  // namespace muster::chaos
