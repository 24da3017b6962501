#!/usr/bin/env bash
# check-includes passes a right tree and names each wrong arrow.
set -euo pipefail
check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
cd "$tree"
mkdir -p wire/include/muster coordinator/{core/include/muster/core,store,broker/native} member/examples
touch wire/include/muster/types.hpp wire/codec.hpp coordinator/core/include/muster/core/shard.hpp \
  coordinator/store/store.hpp coordinator/broker/host.hpp coordinator/broker/native/session.hpp member/session.hpp

right() { printf '#include "%s"\n' "${@:2}" >"$1"; }
right coordinator/core/shard.cpp muster/core/shard.hpp muster/types.hpp
right coordinator/store/memory_store.cpp store.hpp muster/core/shard.hpp codec.hpp
right coordinator/broker/native/session.cpp session.hpp host.hpp store.hpp codec.hpp
right member/session.cpp session.hpp codec.hpp vector
right member/examples/embed.cpp muster/core/shard.hpp
"$check" . || { echo "a right tree was refused"; exit 1; }

wrong() { # FILE INCLUDE
  printf '#include <%s>\n' "$2" >"$1"
  if "$check" . >out; then echo "$1 including $2 was not noticed"; exit 1; fi
  grep -q "^$1:1: " out || { echo "$1 was not named: $(cat out)"; exit 1; }
  rm "$1"
}
wrong wire/bad.cpp muster/core/shard.hpp
wrong coordinator/core/bad.cpp codec.hpp
wrong coordinator/core/bad.hpp store.hpp
wrong coordinator/store/bad.cpp host.hpp
wrong coordinator/broker/bad.cpp member/session.hpp
wrong member/bad.cpp muster/core/shard.hpp
wrong coordinator/broker/native/bad.cpp ../../../member/session.hpp
wrong member/examples/bad.cpp host.hpp
