#!/usr/bin/env bash
# Programs that people use have no planted bugs: wire/include/muster/mutant.hpp leaves its mark in
# every program that was built with them.
set -euo pipefail
(($#)) || { echo "no_mutants.sh PROGRAM…" >&2; exit 2; }
for program; do
  [[ -x $program ]] || { echo "$program is no program" >&2; exit 1; }
  if grep -q 'muster: mutants are planted' "$program"; then
    echo "$program has mutants in it" >&2
    exit 1
  fi
done
