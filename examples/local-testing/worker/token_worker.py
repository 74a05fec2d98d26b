"""The worker: runs the workflows and their activities, and answers /health/ready.

TEMPORAL_HOST, TEMPORAL_PORT, those of Redis and of the brokers, and PORT come from
Benchtop, by the references of the service.
"""

import asyncio
import json
import os
import secrets
import time

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

import store
import topics
from token_workflow import Count, SecurityTokenRenewal, SecurityTokenSetup

TASK_QUEUE = "security-token"
# A token outlives its renewal, so that what is under way can end with it.
LIFETIME_SECONDS = 600
# A look at a topic takes no longer than this, whatever it waits for.
COUNTING_SECONDS = 5


@activity.defn
async def renew_token(serial: int) -> int:
    """Puts a new token into Redis, where the senders read it. Once more with the same
    serial does no harm. The token itself stays out of the workflow's history."""
    token = secrets.token_urlsafe(32)
    await store.ask("SET", "security-token", token, "EX", str(LIFETIME_SECONDS))
    await store.ask("SET", "security-token:serial", str(serial))
    print(f"level=info msg=\"token renewed\" serial={serial}")
    return serial


@activity.defn
async def note_offsets(names: list[str]) -> dict[str, int]:
    """Notes where topics end now, and tells how many messages that are."""
    offsets = await asyncio.to_thread(topics.ends, *names)
    await store.ask("SET", "local-testing:offsets", json.dumps(offsets))
    return {name: sum(offsets[name].values()) for name in names}


@activity.defn
async def count_messages(ask: Count) -> int:
    """How many messages a topic has beyond the first ones: as soon as they are as many as
    is waited for, or after some seconds, so that the workflow sees it go on."""
    until = time.monotonic() + COUNTING_SECONDS
    while True:
        offsets = await asyncio.to_thread(topics.ends, ask.topic)
        count = sum(offsets[ask.topic].values()) - ask.start
        if count >= ask.wanted or time.monotonic() > until:
            return count
        await asyncio.sleep(0.5)


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
        client,
        task_queue=TASK_QUEUE,
        workflows=[SecurityTokenSetup, SecurityTokenRenewal],
        activities=[renew_token, note_offsets, count_messages],
    )
    port = int(os.environ.get("PORT") or os.environ.get("HTTP_PORT") or "5020")
    async with worker:
        # Only now: who asks before finds nobody there.
        server = await asyncio.start_server(answer_health, "localhost", port)
        print(f"level=info msg=\"polling\" queue={TASK_QUEUE} temporal={address} port={port}")
        async with server:
            await server.serve_forever()


asyncio.run(main())
