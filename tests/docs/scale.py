"""A service that is scaled under traffic: scale.py PORTS_FROM MOST FRONT

Reads the wanted number of instances, a line each; once exactly so many answer through the front at
127.0.0.1:FRONT, says how many requests were asked and failed until then.
"""
import collections
import http.client
import http.server
import sys
import threading
import time

from keep_registered import Registration

first, most, front = map(int, sys.argv[1:])


class Instance:
    """A web server that says its name; registered as long as it should be asked."""

    def __init__(self, port):
        self.asked = time.monotonic()
        instance = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                instance.asked = time.monotonic()
                self.send_response(200)
                self.send_header("Content-Length", str(len(str(port))))
                self.end_headers()
                self.wfile.write(str(port).encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.registration = Registration("web", port, f"web-{port}")
        self.registration.__enter__()

    def drain(self):
        self.registration.__exit__()
        while time.monotonic() < self.asked + 2:  # as long as somebody still asks
            time.sleep(0.2)
        self.server.shutdown()
        self.server.server_close()


class Traffic(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.asked, self.failed = 0, []
        self.last = collections.deque(maxlen=5 * most)
        self.start()

    def run(self):
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", front, timeout=20)
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                body = answer.read().decode()
                self.last.append(body)
                if answer.status != 200:
                    self.failed.append((answer.status, body[:60]))
            except OSError as error:
                self.failed.append(repr(error))
            finally:
                connection.close()
            self.asked += 1


instances, traffic = [], None
for line in sys.stdin:
    wanted = int(line)
    while len(instances) < wanted:
        instances.append(Instance(first + len(instances)))
    leaving = [threading.Thread(target=one.drain) for one in instances[wanted:]]
    del instances[wanted:]
    for one in leaving:
        one.start()
    for one in leaving:
        one.join()
    if traffic is None:  # the front knows the first instance before anybody asks for it
        while True:
            try:
                probe = http.client.HTTPConnection("127.0.0.1", front, timeout=5)
                probe.request("GET", "/")
                if probe.getresponse().status == 200:
                    break
            except OSError:
                pass
            time.sleep(0.1)
        traffic = Traffic()
    seen = {str(first + i) for i in range(wanted)}
    traffic.last.clear()
    patience = time.monotonic() + 120
    while set(traffic.last) != seen or len(traffic.last) < min(5 * most, 3 * wanted):
        if time.monotonic() > patience:
            print(f"not in time: {len(set(traffic.last))} answer instead of {wanted}", flush=True)
            sys.exit(1)
        if set(traffic.last) - seen:
            traffic.last.clear()
        time.sleep(0.05)
    print(f"{wanted} answer; {traffic.asked} requests, {len(traffic.failed)} failed {traffic.failed[:3]}", flush=True)
