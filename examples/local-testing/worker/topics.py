"""How far the topics of the pipeline have come."""

import os

from kafka import KafkaConsumer, TopicPartition


def brokers() -> list[str]:
    """The brokers that Benchtop has told of; any of them knows the others."""
    told = [
        f"{os.environ[f'KAFKA_{n}_HOST']}:{os.environ[f'KAFKA_{n}_PORT']}"
        for n in (1, 2, 3)
        if f"KAFKA_{n}_HOST" in os.environ
    ]
    return told or ["localhost:9092"]


def ends(*topics: str) -> dict[str, dict[int, int]]:
    """The next offset of every partition. A topic that is not there has none."""
    consumer = KafkaConsumer(bootstrap_servers=brokers())
    try:
        known = {topic: consumer.partitions_for_topic(topic) or set() for topic in topics}
        wanted = [TopicPartition(topic, n) for topic in topics for n in known[topic]]
        offsets = consumer.end_offsets(wanted) if wanted else {}
        return {
            topic: {at.partition: offset for at, offset in offsets.items() if at.topic == topic}
            for topic in topics
        }
    finally:
        consumer.close()
