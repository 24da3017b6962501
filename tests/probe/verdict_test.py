#!/usr/bin/env python3
"""Both ways of the heartbeat with real processes: stopped, slowed, killed, cut off one way.

verdict_test.py MUSTERD MUSTER [--namespaces]

With --namespaces the service lives in a network namespace of its own, and nftables cuts one way of the wire;
where that is not allowed it ends with 77 and says why.
"""
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

PATIENCE = 60  # seconds; no healthy run comes near
SERVICE = r"""
import http.server, os, pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        answer = folder.joinpath("answer").read_text().split(" ", 2)  # STATUS SECONDS BODY
        time.sleep(float(answer[1]))
        body = answer[2].encode()
        self.send_response(int(answer[0]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
server = http.server.ThreadingHTTPServer((sys.argv[2], 0), Handler)
folder.joinpath("port.new").write_text(str(server.server_port))
folder.joinpath("port.new").rename(folder / "port")
server.serve_forever()
"""


def eventually(what, condition):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    sys.exit(f"FAILED: {what} does not come about within {PATIENCE} s")


class World:
    """A broker, and what to ask it. `inside` is the command that enters the service's namespace."""

    def __init__(self, musterd, muster, folder, host="127.0.0.1", inside=(), more=()):
        self.folder, self.host, self.inside, self.muster = folder, host, list(inside), muster
        self.processes = []
        ready = folder / "ready"
        self.run([musterd, "--listen", f"{host}:0", "--http-listen", f"{host}:0", "--dns-listen", "off",
                  "--log-level", "warning", "--ready-file", str(ready), *more])
        eventually("the broker is ready", lambda: ready.exists() and "http=" in ready.read_text())
        doors = dict(line.split("=", 1) for line in ready.read_text().split())
        self.door, self.native = doors["http"], doors["native"]

    def run(self, command):
        process = subprocess.Popen(command)
        self.processes.append(process)
        return process

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.door, timeout=10)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def call(self, method, path, body=None):
        """The same, but from where the service is."""
        command = [*self.inside, "curl", "-s", "-m", "2", "-X", method, f"http://{self.door}{path}"]
        if body is not None:
            command += ["-d", json.dumps(body)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 and done.stdout else {}

    def instance(self):
        status, result = self.ask("GET", "/v1/services/web?departed")
        if status != 200:
            return None
        return next((i for i in result["instances"] if i["instance"] == "web-1"), None)

    def status(self):
        instance = self.instance()
        return instance and instance["status"]

    def becomes(self, status, reason):
        found = eventually(f"{status} ({reason})", lambda: (i := self.instance()) and
                           i["status"] == status and i["reason"] == reason and i)
        print(f"ok   {status:11} {reason:22} {found['detail']}", flush=True)
        return found

    def edges(self):
        out = subprocess.run([self.muster, "--server", self.native, "--json", "services", "explain", "web", "web-1"],
                             capture_output=True, text=True, check=True).stdout
        return [(e["from"], e["to"]) for e in json.loads(out)["edges"] if e["kind"] == "instance_status_changed"]

    def end(self):
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()


class Service:
    """A python program that answers as its file says, and beats by a thread of this test."""

    def __init__(self, world, address="127.0.0.1", timeout="300ms"):
        self.world, self.folder = world, world.folder / "service"
        self.folder.mkdir(exist_ok=True)
        self.folder.joinpath("port").unlink(missing_ok=True)
        self.answers(200)
        self.process = world.run([*world.inside, sys.executable, "-c", SERVICE, str(self.folder), address])
        port = eventually("the service is there",
                          lambda: (p := self.folder / "port").exists() and int(p.read_text()))
        registered = world.call("POST", "/v1/register", {
            "service": "web", "id": "web-1", "address": address, "port": port, "ttl": "3s",
            "checks": [{"path": "/health", "interval": "500ms", "timeout": timeout, "slow": "200ms"}]})
        if "instance" not in registered:
            sys.exit(f"FAILED: it cannot register: {registered}")
        self.beating = True
        self.over = threading.Event()
        self.beats = threading.Thread(target=self.beat)
        self.beats.start()

    def beat(self):
        while not self.over.wait(0.5):
            if self.beating:
                self.world.call("PUT", "/v1/heartbeat/web-1?service=web")

    def answers(self, status, body="well", after=0.0):
        self.folder.joinpath("answer.new").write_text(f"{status} {after} {body}")
        self.folder.joinpath("answer.new").rename(self.folder / "answer")

    def end(self):
        self.over.set()
        self.beats.join()


def play_alone(musterd, muster, folder):
    world = World(musterd, muster, folder)
    service = None
    try:
        service = Service(world)
        world.becomes("healthy", "heartbeat_resumed")

        service.answers(503)
        found = world.becomes("critical", "probe_bad")
        assert not found["handed_out"] and found["evidence"]["heartbeats"]["status"] == "healthy", found
        service.answers(429)
        world.becomes("overloaded", "probe_bad")
        service.answers(200)
        eventually("healthy", lambda: world.status() == "healthy")
        service.answers(200, after=0.25)
        world.becomes("overloaded", "probe_bad")
        service.answers(200)
        eventually("healthy", lambda: world.status() == "healthy")
        service.answers(200, '{"state":"degraded"}')
        eventually("degraded", lambda: "degraded" in world.instance()["detail"])
        service.answers(200)
        eventually("healthy", lambda: world.status() == "healthy")

        service.process.send_signal(signal.SIGSTOP)
        world.becomes("unreachable", "probes_missed")
        assert world.edges()[-3:] == [("healthy", "overloaded"), ("overloaded", "critical"),
                                      ("critical", "unreachable")], world.edges()
        service.process.send_signal(signal.SIGCONT)
        eventually("healthy", lambda: world.status() == "healthy")

        service.beating = False
        found = world.becomes("zombie", "answers_without_beats")
        assert not found["handed_out"] and found["evidence"]["checks"]["status"] == "healthy", found
        service.beating = True
        eventually("healthy", lambda: world.status() == "healthy")
        service.beating = False
        world.becomes("zombie", "answers_without_beats")
        service.process.kill()
        eventually("gone", lambda: world.instance() is None)
        departed = world.ask("GET", "/v1/services/web?departed")[1]["departed"][0]
        assert departed["last"] == "dead" and departed["reason"] == "session_expired", departed
        print(f"ok   dead        {departed['reason']:22} {departed['detail']}", flush=True)
    finally:
        if service:
            service.end()
        world.end()


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def play_in_namespaces(musterd, muster, folder):
    for program in ("ip", "nft", "curl"):
        if not shutil.which(program):
            skip(f"there is no {program}")
    name = f"muster-verdict-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        skip(f"network namespaces are not allowed here: {made.stderr.strip()}")
    inside = ["ip", "netns", "exec", name]
    third = 64 + os.getpid() % 128
    here, there = f"10.93.{third}.1", f"10.93.{third}.2"
    service = world = None
    try:
        link = f"mv{os.getpid()}"
        for command in (["ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name],
                        ["ip", "address", "add", f"{here}/24", "dev", link], ["ip", "link", "set", link, "up"],
                        [*inside, "ip", "address", "add", f"{there}/24", "dev", "eth0"],
                        [*inside, "ip", "link", "set", "eth0", "up"], [*inside, "ip", "link", "set", "lo", "up"]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                skip(f"{' '.join(command)}: {done.stderr.strip()}")
        nft = [*inside, "nft"]
        rules = subprocess.run([*nft, "-f", "-"], capture_output=True, text=True, check=False, input="""
            table inet cut {
              chain in { type filter hook input priority 0; }
              chain out { type filter hook output priority 0; }
            }""")
        if rules.returncode != 0:
            skip(f"nftables: {rules.stderr.strip()}")
        world = World(musterd, muster, folder, here, inside, ["--insecure-listen"])
        service = Service(world, there)
        world.becomes("healthy", "heartbeat_resumed")
        port = (folder / "service" / "port").read_text()

        subprocess.run([*nft, "add", "rule", "inet", "cut", "in", "tcp", "dport", port, "drop"], check=True)
        found = world.becomes("unreachable", "probes_missed")
        assert found["evidence"]["heartbeats"]["status"] == "healthy", found
        subprocess.run([*nft, "flush", "chain", "inet", "cut", "in"], check=True)
        eventually("healthy", lambda: world.status() == "healthy")

        door = world.door.rsplit(":", 1)[1]
        subprocess.run([*nft, "add", "rule", "inet", "cut", "out", "tcp", "dport", door, "drop"], check=True)
        world.becomes("zombie", "answers_without_beats")
        subprocess.run([*nft, "flush", "chain", "inet", "cut", "out"], check=True)
        eventually("healthy", lambda: world.status() == "healthy")

        stranger = world.ask("POST", "/v1/register", {
            "service": "web", "id": "stranger", "address": there, "port": 1, "checks": [{"kind": "tcp"}]})
        assert stranger[0] == 403 and there in stranger[1]["error"]["message"], stranger
        print(f"ok   {stranger[1]['error']['message']}", flush=True)
    finally:
        if service:
            service.end()
        if world:
            world.end()
        subprocess.run(["ip", "netns", "delete", name], check=False)


def main():
    musterd, muster = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        play = play_in_namespaces if "--namespaces" in sys.argv else play_alone
        play(musterd, muster, pathlib.Path(folder))


main()
