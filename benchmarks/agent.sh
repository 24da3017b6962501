#!/usr/bin/env bash
# SIGKILL of a service that an agent watches: the time until who follows the service at the broker sees it
# critical, and until its next start is seen healthy.
#
#   benchmarks/agent.sh [BUILD_FOLDER] [ROUNDS]        default: build/release, 30
#
# Exits 1 if the worst verdict takes more than 100 ms, or the worst restart more than 1 s.
set -euo pipefail
here=$(dirname "${BASH_SOURCE[0]}")
build=${1:-$here/../build/release}
rounds=${2:-30}

. "$here/broker.sh"
need_programs "$build" musterd muster

start_broker "$build" --data "$scratch/data"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# A service that is up as soon as it runs: what is measured is the agent, not a program's start.
cat >"$scratch/serve.py" <<'END'
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as s:
    while True:
        s.accept()[0].close()
END
cat >"$scratch/agent.toml" <<END
[[service]]
name = "watched"
command = ["python3", "-S", "-E", "$scratch/serve.py", "$port"]
port = $port
restart_budget = 1000
restart_window = "1s"
[[service.check]]
tcp = ""
END
export MUSTER_AGENT_DIR=$scratch/run
"$build/muster" --server "$server" agent --config "$scratch/agent.toml" 2>"$scratch/agent.log" &
agent=$!
trap 'kill "$agent" 2>/dev/null && wait "$agent" 2>/dev/null || true; stop_broker; rm -rf "$scratch"' EXIT

python3 - "$build/muster" "$server" "$rounds" <<'END'
import json, os, signal, subprocess, sys, time

muster, server, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
watch = subprocess.Popen([muster, "--server", server, "services", "watch", "watched", "--json"],
                         stdout=subprocess.PIPE, text=True)

def seen(wanted):
    """The moment at which a result comes for which this holds; results that were sent before count."""
    for line in watch.stdout:
        at = time.monotonic()
        if wanted(json.loads(line)["instances"]):
            return at
    sys.exit("the watch ended")

def of_agent():
    out = subprocess.run([muster, "agent", "status", "--json"], capture_output=True, text=True, check=True)
    return json.loads(out.stdout)["services"][0]

healthy = lambda least: lambda all: any(i["status"] == "healthy" and int(i["incarnation"]) > least for i in all)
failed = lambda all: not all or all[0]["status"] in ("critical", "dead")
last = 0
seen(healthy(last))
verdicts, restarts = [], []
for _ in range(rounds):
    time.sleep(1.1)  # longer than the window: each restart is a first one
    service = of_agent()
    last = int(service["incarnation"])
    killed = time.monotonic()
    os.kill(service["pid"], signal.SIGKILL)
    verdicts.append((seen(failed) - killed) * 1000)
    restarts.append((seen(healthy(last)) - killed) * 1000)
watch.kill()
for name, list_ in (("verdict", verdicts), ("healthy again", restarts)):
    list_.sort()
    print(f"{name}: p50 {list_[len(list_) // 2]:.0f} ms, worst {list_[-1]:.0f} ms, of {rounds}")
sys.exit(verdicts[-1] > 100 or restarts[-1] > 1000)
END
