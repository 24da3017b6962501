#!/usr/bin/env bash
# What checks cost the broker: 10,000 http probes a second of 1,000 instances, each every 100 ms, answered
# by nginx; the broker's CPU alone.
#
#   benchmarks/probes.sh [BUILD_FOLDER] [SECONDS]        default: build/release, 10 s
#
# Exits 1 if fewer than 9,500 a second were answered well, or if they cost more than a core.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
seconds=${2:-10}
instances=1000 least=9500 most=1.0

. "$here/broker.sh"
need_programs "$build" musterd
nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || { echo "$0: nginx is missing" >&2; exit 2; }
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir "$scratch/nginx"
cat >"$scratch/nginx.conf" <<END
daemon off; worker_processes 1; pid $scratch/nginx/pid; error_log $scratch/nginx/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_timeout 1h; keepalive_requests 1000000000;
  client_body_temp_path $scratch/nginx; proxy_temp_path $scratch/nginx; fastcgi_temp_path $scratch/nginx;
  uwsgi_temp_path $scratch/nginx; scgi_temp_path $scratch/nginx;
  server { listen 127.0.0.1:$port; location / { return 200 "ok"; } }
}
END
ulimit -n "$(ulimit -Hn)"
"$nginx" -p "$scratch" -c "$scratch/nginx.conf" &
server_pid=$!
trap 'kill "$server_pid" 2>/dev/null || true; stop_broker; rm -rf "$scratch"' EXIT

start_broker "$build" --threads 1
python3 - "$http" "$port" "$instances" <<'END'
import http.client, json, sys
door, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
connection = http.client.HTTPConnection(door)
for i in range(count):
    body = {"service": f"web-{i % 20}", "id": f"web-{i}", "address": "127.0.0.1", "port": port, "ttl": "30m",
            "status": "healthy", "checks": [{"kind": "http", "path": "/health", "interval": "100ms"}]}
    connection.request("POST", "/v1/register", json.dumps(body))
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        sys.exit(text.decode())
END

metric() { curl -sf "http://$http/metrics" | awk -v name="$1" '$1 == name { print $2 }'; }
cpu() { awk '{ print $14 + $15 }' "/proc/$broker/stat"; }
until (($(metric 'muster_probes_total{result="passed"}') > instances)); do sleep 0.1; done
passed=$(metric 'muster_probes_total{result="passed"}') before=$(cpu) begun=$(date +%s%N)
sleep "$seconds"
after=$(cpu) ended=$(date +%s%N) now=$(metric 'muster_probes_total{result="passed"}')
awk -v n=$((now - passed)) -v ticks=$((after - before)) -v ns=$((ended - begun)) -v hz="$(getconf CLK_TCK)" \
  -v late="$(metric muster_probes_delayed_total)" -v least=$least -v most=$most 'BEGIN {
  rate = n / (ns / 1e9); cores = ticks / hz / (ns / 1e9)
  printf "%d probes a second passed, %.2f cores of the broker, %.1f CPU seconds per million; %d waited for others\n",
    rate, cores, cores / rate * 1e6, late
  exit (rate < least || cores > most) }'
