"""The end of the pipeline: takes batches of messages and knows which arrived, how often.

    POST   /api/batches   a JSON array of messages with a `correlation_id` each
    GET    /api/batches   {"status", "metrics"}: received, distinct, duplicated, samples
    DELETE /api/batches   begins anew
    GET    /health/live, /health/ready

Nothing but Python's own library. FLINK_SQL_GATEWAY_URL, REDIS_HOST and the like come
from Benchtop, by the references of the service.
"""

import json
import os
import socket
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# One run moves a million messages; more than four million ids are not kept, but counted.
MOST_IDS = 4_000_000
MOST_BYTES = 16 * 1024 * 1024


class Arrivals:
    """Which correlation ids arrived."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        self.ids: set[str] = set()
        self.received = self.duplicated = self.not_kept = self.batches = 0
        self.first: str | None = None
        self.last: str | None = None

    def take(self, messages: list[dict]) -> None:
        ids = [message["correlation_id"] for message in messages]
        with self.lock:
            self.batches += 1
            for name in ids:
                self.received += 1
                if name in self.ids:
                    self.duplicated += 1
                elif len(self.ids) < MOST_IDS:
                    self.ids.add(name)
                else:
                    self.not_kept += 1
            if ids:
                self.first = self.first or ids[0]
                self.last = ids[-1]

    def metrics(self) -> dict:
        with self.lock:
            return {
                "batches": self.batches,
                "received": self.received,
                "distinct": len(self.ids),
                "duplicated": self.duplicated,
                "not_kept": self.not_kept,
                "first": self.first,
                "last": self.last,
            }


ARRIVALS = Arrivals()


def readiness() -> dict:
    """Health as ASP.NET Core writes it, one entry for each dependency."""
    entries = {
        "flink-sql-gateway": check(ask_gateway),
        "redis": check(ask_redis),
    }
    healthy = all(entry["status"] == "Healthy" for entry in entries.values())
    return {"status": "Healthy" if healthy else "Unhealthy", "entries": entries}


def check(ask) -> dict:
    try:
        return {"status": "Healthy", "description": ask()}
    except (OSError, ValueError, KeyError) as problem:
        return {"status": "Unhealthy", "description": str(problem)}


def ask_gateway() -> str:
    url = os.environ.get("FLINK_SQL_GATEWAY_URL", "http://localhost:8083").rstrip("/")
    with urllib.request.urlopen(f"{url}/v1/info", timeout=2) as answer:
        return "Flink " + json.load(answer)["version"]


def ask_redis() -> str:
    address = os.environ.get("REDIS_HOST", "localhost"), int(os.environ.get("REDIS_PORT", "6379"))
    with socket.create_connection(address, timeout=2) as connection:
        connection.sendall(b"PING\r\n")
        return connection.recv(64).decode().strip()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/health/live":
            self.answer(200, {"status": "Healthy"})
        elif self.path in ("/health", "/health/ready"):
            health = readiness()
            self.answer(200 if health["status"] == "Healthy" else 503, health)
        elif self.path == "/api/batches":
            self.answer(200, {"status": "ok", "metrics": ARRIVALS.metrics()})
        else:
            self.answer(404, {"status": "error", "metrics": {}})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if self.path != "/api/batches" or not 0 < length <= MOST_BYTES:
            self.close_connection = True
            self.answer(404 if self.path != "/api/batches" else 413, {"status": "error", "metrics": {}})
            return
        try:
            ARRIVALS.take(json.loads(self.rfile.read(length)))
        except (ValueError, KeyError, TypeError) as problem:
            self.answer(400, {"status": "error", "metrics": {}, "error": repr(problem)})
            return
        self.answer(202, {"status": "ok", "metrics": ARRIVALS.metrics()})

    def do_DELETE(self) -> None:
        with ARRIVALS.lock:
            ARRIVALS.clear()
        self.answer(200, {"status": "ok", "metrics": {}})

    def answer(self, status: int, body: dict) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, template: str, *values: object) -> None:
        print(f'level=info msg="{template % values}"', flush=True)


class Server(ThreadingHTTPServer):
    # Containers reach it through the bridge, so not only on loopback.
    address_family = socket.AF_INET
    daemon_threads = True


port = int(os.environ.get("PORT") or os.environ.get("HTTP_PORT") or "5000")
print(f'level=info msg="listening" port={port}', flush=True)
Server(("0.0.0.0", port), Handler).serve_forever()
