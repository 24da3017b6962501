"""Keeps an instance registered: the standard library is all it takes.

    with Registration("web", 8080):
        serve()
"""
import json
import threading
import time
import urllib.error
import urllib.request


class Registration:
    def __init__(self, service, port, instance=None, broker="http://127.0.0.1:7401", ttl=15, **more):
        """`more` are other fields of a registration: tags, meta, zone, weight, address."""
        self.service, self.broker, self.interval = service, broker, ttl / 3
        self.instance = instance or f"{service}-{port}-{time.time_ns()}"
        # Higher with each start of the process: so it replaces one that came before.
        self.body = {"service": service, "id": self.instance, "port": port, "ttl": f"{ttl}s",
                     "incarnation": str(time.time_ns() // 1_000_000), "status": "healthy", **more}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self):
        self._ask("POST", "/v1/register", self.body)
        self.thread.start()
        return self

    def __exit__(self, *_):
        """From now on nobody is sent here; go on serving for a moment."""
        self.ended.set()
        self.thread.join()
        self._ask("PUT", f"/v1/deregister/{self.instance}?service={self.service}")

    def _beat(self):
        while not self.ended.wait(self.interval):
            try:
                if self._ask("PUT", f"/v1/heartbeat/{self.instance}?service={self.service}") == 404:
                    self._ask("POST", "/v1/register", self.body)
            except OSError:
                pass  # the broker is away: those who know this instance keep it

    def _ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.broker + path, method=method, data=json.dumps(body).encode() if body else None,
            headers={"Content-Type": "application/json"} if body else {})
        try:
            with urllib.request.urlopen(request, timeout=3) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
