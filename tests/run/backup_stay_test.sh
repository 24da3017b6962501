#!/usr/bin/env bash
# archive_run on tiny and empty folders, --stay, and what it says to wrong arguments.
#
#   backup_stay_test.sh PROGRAMS
set -euo pipefail
programs=$1
. "$(dirname "${BASH_SOURCE[0]}")/small_tree.sh"
scratch=$(mktemp -d)
end() {
  local pid
  for pid in $(cat "$scratch/run/pids" 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
  rm -rf "$scratch"
}
trap end EXIT
fail() { cat "$scratch/output"; echo "$1"; exit 1; }

mkdir "$scratch/nothing at all"
"$programs/archive_run" --level 1 --out "$scratch/run" "$scratch/nothing at all" >"$scratch/output" ||
  fail "an empty folder failed"
grep -q '^0 of 0 entries' "$scratch/output" || fail "an empty folder has entries"

# A folder that holds the run itself, and what is no file: named, and left out.
small_tree "$scratch/tiny" 20
mkfifo "$scratch/tiny/pipe"
"$programs/archive_run" --level 1 --out "$scratch/tiny/run" "$scratch/tiny" >"$scratch/output" ||
  fail "a tiny folder failed"
grep -q 'skipped  pipe: neither file, directory nor symlink' "$scratch/output" || fail "pipe was not named"
grep -q "skipped  run: the run's own folder" "$scratch/output" || fail "the run's folder was not named"
rm -rf "$scratch/tiny/run" "$scratch/tiny/pipe"

"$programs/archive_run" --stay --level 1 --out "$scratch/run" "$scratch/tiny" >"$scratch/output" ||
  fail "--stay failed"
server=$(sed -n 's/^.*--server \([^ ]*\) groups describe archive$/\1/p' "$scratch/output")
"$programs/muster" --server "$server" groups members archive >"$scratch/group" || fail "the broker is gone"
grep -q w5 "$scratch/group" || fail "the workers are gone"
if "$programs/archive_run" --out "$scratch/run" "$scratch/tiny" >"$scratch/output" 2>&1; then
  fail "a second run took the folder of one that is up"
fi
grep -q 'an earlier run is still up; end it with: kill' "$scratch/output" || fail "no word of the earlier run"

status=0
"$programs/archive_run" --level 77 >"$scratch/output" 2>&1 || status=$?
[[ $status == 64 ]] || fail "level 77 was taken"
status=0
"$programs/archive_run" --out "$scratch/other" /nowhere/at/all >"$scratch/output" 2>&1 || status=$?
[[ $status == 1 ]] && grep -q '/nowhere/at/all' "$scratch/output" || fail "a missing folder was not named"
