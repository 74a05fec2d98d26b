"""The worker: runs the workflow and its one activity, and answers /health/ready.

TEMPORAL_HOST, TEMPORAL_PORT, REDIS_HOST, REDIS_PORT and PORT come from Benchtop, by
the references of the service.
"""

import asyncio
import os
import secrets

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from token_workflow import SecurityTokenRenewal

TASK_QUEUE = "security-token"
# A token outlives its renewal, so that what is under way can end with it.
LIFETIME_SECONDS = 600


@activity.defn
async def renew_token(serial: int) -> int:
    """Puts a new token into Redis, where the senders read it. Once more with the same
    serial does no harm. The token itself stays out of the workflow's history."""
    host, port = os.environ.get("REDIS_HOST", "localhost"), int(os.environ.get("REDIS_PORT", "6379"))
    reader, writer = await asyncio.open_connection(host, port)
    try:
        for words in (
            ("SET", "security-token", secrets.token_urlsafe(32), "EX", str(LIFETIME_SECONDS)),
            ("SET", "security-token:serial", str(serial)),
        ):
            writer.write(command(*words))
            answer = await reader.readline()
            if not answer.startswith(b"+OK"):
                raise RuntimeError(f"Redis refused: {answer.decode().strip()}")
    finally:
        writer.close()
    print(f"level=info msg=\"token renewed\" serial={serial}")
    return serial


def command(*words: str) -> bytes:
    """An array of strings, as Redis reads it."""
    parts = [f"*{len(words)}\r\n"]
    parts += [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    return "".join(parts).encode()


async def answer_health(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    body = b'{"status":"Healthy"}'
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()


async def main() -> None:
    address = f"{os.environ.get('TEMPORAL_HOST', 'localhost')}:{os.environ.get('TEMPORAL_PORT', '7233')}"
    client = await Client.connect(address)
    worker = Worker(
        client, task_queue=TASK_QUEUE, workflows=[SecurityTokenRenewal], activities=[renew_token]
    )
    port = int(os.environ.get("PORT") or os.environ.get("HTTP_PORT") or "5020")
    async with worker:
        # Only now: who asks before finds nobody there.
        server = await asyncio.start_server(answer_health, "localhost", port)
        print(f"level=info msg=\"polling\" queue={TASK_QUEUE} temporal={address} port={port}")
        async with server:
            await server.serve_forever()


asyncio.run(main())
