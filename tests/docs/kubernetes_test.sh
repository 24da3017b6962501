#!/usr/bin/env bash
# docs/kubernetes.md: its commands, and its manifest: musterd is started with the manifest's words, its
# probes are asked as a kubelet would ask them, and what has to fit together does.
#
#   kubernetes_test.sh MUSTERD MUSTER DOCS
set -euo pipefail
musterd=$1 muster=$2 docs=$3
root=$docs/..
for program in curl python3 unshare; do
  command -v "$program" >/dev/null || { echo "SKIPPED: there is no $program"; exit 77; }
done
# Debian's package is for Debian's python, whichever else comes first.
for python in /usr/bin/python3 python3; do "$python" -c 'import yaml' 2>/dev/null && break; python=; done
[[ -n $python ]] || { echo "SKIPPED: python3-yaml is missing, which reads the manifest"; exit 77; }
. "$(dirname "$0")/own_world.sh"
. "$(dirname "$0")/play.sh"

"$python" - "$docs/kubernetes/muster.yaml" "$work" <<'PY'
import sys, yaml
service, broker, web = list(yaml.safe_load_all(open(sys.argv[1])))
assert [d["kind"] for d in (service, broker, web)] == ["Service", "StatefulSet", "Deployment"]
pod = broker["spec"]["template"]
(container,) = pod["spec"]["containers"]
assert broker["spec"]["replicas"] == 1
assert broker["spec"]["selector"]["matchLabels"] == service["spec"]["selector"] == pod["metadata"]["labels"]
assert broker["spec"]["serviceName"] == service["metadata"]["name"]
(claim,) = broker["spec"]["volumeClaimTemplates"]
(mount,) = container["volumeMounts"]
assert mount["name"] == claim["metadata"]["name"]
assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
assert container["securityContext"]["readOnlyRootFilesystem"] and pod["spec"]["securityContext"]["runAsNonRoot"]
assert "cpu" not in container["resources"]["limits"]
ports = {p["name"]: p["containerPort"] for p in container["ports"]}
assert {p["name"]: p["port"] for p in service["spec"]["ports"]} == ports
probes = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
assert probes["livenessProbe"]["path"] == "/livez" and probes["readinessProbe"]["path"] == "/readyz"
(app,) = web["spec"]["template"]["spec"]["containers"]
assert web["spec"]["selector"]["matchLabels"] == web["spec"]["template"]["metadata"]["labels"]
env = {e["name"]: e.get("value") for e in app["env"]}
host, port = env["MUSTER_SERVER"].split(":")
assert host == service["metadata"]["name"] and int(port) == ports["native"]
store = container["args"][0].removeprefix("--data=")
assert store.startswith(mount["mountPath"] + "/")
words = container["command"] + [a.replace(mount["mountPath"], sys.argv[2]) for a in container["args"]]
with open(sys.argv[2] + "/words", "w") as out:
    out.write("\n".join(words[1:]) + "\n")
with open(sys.argv[2] + "/probes", "w") as out:
    for probe in probes.values():
        out.write(f"{ports[probe['port']]}{probe['path']}\n")
for name, command in (("ready", app["readinessProbe"]["exec"]["command"]), ("stop", app["lifecycle"]["preStop"]["exec"]["command"])):
    with open(sys.argv[2] + "/" + name, "w") as out:
        out.write("\0".join(word.replace("$(POD)", "web-0") for word in command))
PY
mapfile -t words <"$work/words"
start broker "$musterd" "${words[@]}" --ready-file "$work/broker.ready"
await_musterd broker
port=([native]=7400 [http]=7401 [dns]=7402)
# A kubelet asks the pod's address; others ask by the service's names; no other name will do.
while read -r probe; do curl -sf -o /dev/null "127.0.0.1:$probe" || die "probe $probe"; done <"$work/probes"
status() { curl -s -o /dev/null -w '%{http_code}' -H "Host: $1" localhost:7401/v1/services; }
for name in muster:7401 muster.default.svc.cluster.local:7401 127.0.0.1:7401; do [[ $(status $name) == 200 ]] || die "$name: $(status $name)"; done
[[ $(status rebound.example:7401) == 421 ]] || die "another name is answered"
play "$docs/kubernetes.md"

# The application's own probe, and how its pod ends.
export MUSTER_SERVER=127.0.0.1:7400 PATH=$(dirname "$muster"):$PATH POD=web-0
run() { xargs -0 sh -c '"$@"' run <"$work/$1"; }
! run ready >/dev/null 2>&1 || die "it is ready though nobody registered"
curl -sf -o /dev/null -d '{"service":"web","id":"web-0","port":8080,"status":"healthy","ttl":"5m"}' localhost:7401/v1/register
run ready >/dev/null || die "it is registered and not ready"
run stop >/dev/null || die "preStop"
! run ready >/dev/null 2>&1 || die "it is ready though it has ended"

# Told to end, it ends well within the grace period.
kill -TERM "${pids[broker]}"
wait "${pids[broker]}" || die "musterd ended with $?"
