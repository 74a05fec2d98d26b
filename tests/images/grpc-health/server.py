"""A gRPC server with nothing but grpc.health.v1.

Port 50051. The state of a service is changed while it runs by writing one line
"SERVICE STATE" into the FIFO /tmp/state, e.g. "shop NOT_SERVING"; "-" stands for the
whole server. Without a word it is SERVING.
"""

import os
import signal
import sys
from concurrent import futures

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

STATES = health_pb2.HealthCheckResponse.ServingStatus


def main() -> None:
    servicer = health.HealthServicer()
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if not server.add_insecure_port("[::]:50051"):
        sys.exit("port 50051 cannot be opened")
    for name in ("", *os.environ.get("SERVICES", "").split()):
        servicer.set(name, STATES.Value(os.environ.get("STATE", "SERVING")))
    server.start()
    print("serving grpc.health.v1 on 50051", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.mkfifo("/tmp/state")
    while True:
        with open("/tmp/state", encoding="utf-8") as orders:
            for order in orders:
                obey(servicer, order)


def obey(servicer: health.HealthServicer, order: str) -> None:
    try:
        name, state = order.split()
        servicer.set("" if name == "-" else name, STATES.Value(state))
        print(f"{name} is {state}", flush=True)
    except ValueError as problem:
        print(f"not understood: {order.strip()}: {problem}", flush=True)


main()
