#!/usr/bin/env bash
# Installs into a scratch prefix, and builds two consumers that know nothing but that prefix.
#
#   package_test.sh BUILD_DIR CXX CC
set -euo pipefail
build=$1 cxx=$2 cc=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$build" --prefix "$scratch/prefix" >/dev/null

cmake -S "$here/cpp" -B "$scratch/cpp" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_PREFIX_PATH="$scratch/prefix" --log-level=WARNING
cmake --build "$scratch/cpp" >/dev/null
"$scratch/cpp/consumer"

PKG_CONFIG_PATH=$(dirname "$(find "$scratch/prefix" -name muster.pc)")
export PKG_CONFIG_PATH
read -ra flags <<<"$(pkg-config --cflags --libs muster)"
"$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror "$here/c/main.c" "${flags[@]}" -o "$scratch/consumer"
"$scratch/consumer"

# What README shows has to compile just so.
snippet() { sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$here/../../README.md" | sed '1d;$d'; }
mkdir "$scratch/readme"
cp "$here/cpp/CMakeLists.txt" "$scratch/readme"
snippet cpp >"$scratch/readme/main.cpp"
snippet c >"$scratch/readme.c"
cmake -S "$scratch/readme" -B "$scratch/readme/build" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" \
  -DCMAKE_PREFIX_PATH="$scratch/prefix" --log-level=WARNING
cmake --build "$scratch/readme/build" >/dev/null
"$cc" -std=c99 -Wall -Wextra -Wpedantic -Werror "$scratch/readme.c" "${flags[@]}" -o "$scratch/readme.out"

for program in musterd muster; do
  "$scratch/prefix/bin/$program" --version
done
