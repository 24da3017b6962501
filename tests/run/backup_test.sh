#!/usr/bin/env bash
# The main job on a small folder, with all its faults; README shows lines like those that it ends with.
#
#   backup_test.sh PROGRAMS README
set -euo pipefail
programs=$1 readme=$2
. "$(dirname "${BASH_SOURCE[0]}")/small_tree.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
small_tree "$scratch/my files" 1200

"$programs/archive_run" --level 3 --out "$scratch/run" "$scratch/my files" >"$scratch/output" || {
  cat "$scratch/output" "$scratch"/run/*.log
  exit 1
}

# What it did must stand in the lines, each fault with its good end.
for line in 'FAULT  SIGKILL of w' 'FAULT  SIGSTOP of w' 'FAULT  SIGCONT of w' 'FAULT  w6 joins' \
  'FAULT  SIGKILL of the broker' 'noticed by itself, and its late commit was refused' \
  'the broker refuses the token that it had: stale_token' 'the broker is back on its data' \
  '4 of 4 faults hit unfinished work'; do
  grep -qF "$line" "$scratch/output" || { cat "$scratch/output"; echo "missing: $line"; exit 1; }
done

# The three closing lines, numbers and folders aside, are those that README shows.
shape() { sed -E 's#^ +##; s#[^ ]*/backup#backup#; s/[0-9]+(\.[0-9]+)?/N/g'; }
closing=$(tail -n 3 "$scratch/output" | shape)
shown=$(sed -n '/none lost, none twice/,+2p' "$readme" | shape)
[[ $closing == "$shown" ]] || { printf 'ends with\n%s\nREADME shows\n%s\n' "$closing" "$shown"; exit 1; }

# The archive is an ordinary one.
[[ $(tar -tf "$scratch/run/backup.tar.zst" | wc -l) -gt 1200 ]]
