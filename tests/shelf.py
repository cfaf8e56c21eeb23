"""A web server on this machine that lends files, in the mood a test asks for."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Shelf(ThreadingHTTPServer):
    """Files by path, and moods: what it does to the next requests.

    Attributes:
        moods: "cut" hangs up half way, "no length" does so without saying what is missing,
            "held" stops half way until ``gate`` is set, "away" sends to another host,
            503 is an answer; without a mood, or with "good", the file is sent.
        ranges: whether it continues a file that was begun.
        gets: how often each path was asked for.
        began: at which byte each answer began.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files: dict[str, bytes] = {}
        self.moods = []
        self.ranges = False
        self.gate = threading.Event()
        self.gets = Counter()
        self.began = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.gets[self.path] += 1
        content = self.server.files.get(self.path)
        mood = self.server.moods.pop(0) if content and self.server.moods else "good"
        if content is None or mood == 503:
            self.send_error(404 if content is None else mood)
        elif mood == "away":
            self.send_response(302)
            self.send_header("Location", "http://example.org/net.onnx")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            self._send(content, mood)

    def _send(self, content, mood):
        begin = self._begin()
        if begin >= len(content):
            self.send_error(416)
            return
        self.server.began.append(begin)
        self.send_response(206 if begin else 200)
        if mood != "no length":
            self.send_header("Content-Length", str(len(content) - begin))
        self.end_headers()
        half = max(begin, len(content) // 2)
        self.wfile.write(content[begin:half])
        while mood == "held" and half < len(content) and not self.server.gate.wait(5):
            self.wfile.write(content[half : half + 1])  # silence would end the download
            half += 1
        if mood in ("cut", "no length"):
            self.close_connection = True
            self.connection.close()
        else:
            self.wfile.write(content[half:])

    def _begin(self):
        asked = self.headers.get("Range") if self.server.ranges else None
        return int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0

    def handle(self):
        with contextlib.suppress(OSError):  # the visitor hung up
            super().handle()


@contextlib.contextmanager
def serving() -> Iterator[Shelf]:
    server = Shelf()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.gate.set()
        server.shutdown()
        server.server_close()
        thread.join()
