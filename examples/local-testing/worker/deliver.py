"""Hands the messages of complex-output to an HTTP endpoint, in batches.

    deliver.py URL COUNT [BATCH]

Begins where the topic ended when the token service was set up (SecurityTokenSetup),
reads only what was committed, and ends after COUNT messages, or when nothing has come
for some seconds. What it says is for Benchtop: a line of JSON with its progress, and one
with what it measured.
"""

import asyncio
import json
import sys
import time
import urllib.request

from kafka import KafkaConsumer, TopicPartition

import store
import topics

TOPIC = "complex-output"
SILENCE_SECONDS = 15


def post(url: str, messages: list[dict]) -> None:
    request = urllib.request.Request(
        url, json.dumps(messages).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()


def consumer() -> KafkaConsumer:
    noted = json.loads(asyncio.run(store.ask("GET", "local-testing:offsets")) or "{}")
    begin = {int(n): offset for n, offset in noted.get(TOPIC, {}).items()}
    opened = KafkaConsumer(
        bootstrap_servers=topics.brokers(),
        isolation_level="read_committed",
        enable_auto_commit=False,
    )
    partitions = [TopicPartition(TOPIC, n) for n in sorted(opened.partitions_for_topic(TOPIC) or ())]
    opened.assign(partitions)
    for partition in partitions:
        opened.seek(partition, begin.get(partition.partition, 0))
    return opened


def main(url: str, count: int, size: int) -> int:
    source = consumer()
    began = last = time.monotonic()
    sent, batches, waiting = 0, 0, []
    while sent + len(waiting) < count and time.monotonic() - last < SILENCE_SECONDS:
        for records in source.poll(timeout_ms=500, max_records=size).values():
            waiting += [json.loads(record.value) for record in records]
            last = time.monotonic()
        while len(waiting) >= size:
            post(url, waiting[:size])
            del waiting[:size]
            sent, batches = sent + size, batches + 1
            rate = sent / (time.monotonic() - began)
            progress = {"done": sent, "total": count, "rate": rate, "what": "messages"}
            print(json.dumps({"progress": progress}), flush=True)
    if waiting:
        post(url, waiting)
        sent, batches = sent + len(waiting), batches + 1
    source.close()
    rate = sent / (time.monotonic() - began)
    metrics = {"delivered": sent, "batches": batches, "throughput": round(rate, 1)}
    print(json.dumps({"status": "passed" if sent >= count else "failed", "metrics": metrics}))
    return 0 if sent >= count else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 500))
