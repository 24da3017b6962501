# For tests that need ports of their own choice, 53 say, or the ports that a page shows; to be sourced
# first, with the script's arguments. The script goes on in a network, with mounts and processes of its own;
# what it started ends with it. Where that is not possible, it is skipped.
if [[ -z ${MUSTER_OWN_WORLD:-} ]]; then
  for user in "" --map-root-user; do
    own="unshare $user --net --mount --mount-proc --pid --fork --kill-child"
    $own true 2>/dev/null && MUSTER_OWN_WORLD=yes exec $own -- "$0" "$@"
  done
  echo "SKIPPED: no network namespace of its own here: neither root, nor user namespaces"
  exit 77
fi
python3 - <<'PY'
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s: # SIOCSIFFLAGS: up
    fcntl.ioctl(s, 0x8914, struct.pack("16sh14x", b"lo", 1))
PY
