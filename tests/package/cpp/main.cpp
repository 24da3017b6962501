// A program of somebody else's: it has nothing but the installed package.
#include <muster/core/shard.hpp>
#include <muster/member.hpp>

#include <iostream>

int main() {
  muster::core::Shard shard;
  muster::core::Effects effects;
  muster::core::Moment now;
  shard.step({{}, {}, {}, muster::core::Loaded{}}, now, effects);
  if (shard.revision() == 0) return 1;  // the first start raises the term

  const auto member = muster::Member::join({.servers = {"no port"}, .group = "g", .topics = {"t"}});
  if (member || member.error().code != muster::Errc::invalid_request) return 2;
  std::cout << "libmuster " << muster::library_version() << ": " << member.error().message << '\n';
}
