"""The few commands of Redis that the example needs, without a library."""

import asyncio
import os


def command(*words: str) -> bytes:
    """An array of strings, as Redis reads it."""
    parts = [f"*{len(words)}\r\n"]
    parts += [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
    return "".join(parts).encode()


async def ask(*words: str) -> str | None:
    """What Redis answers to one command: a line, or a string."""
    host, port = os.environ.get("REDIS_HOST", "localhost"), int(os.environ.get("REDIS_PORT", "6379"))
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(command(*words))
        head = (await reader.readline()).decode().strip()
        if head.startswith("$"):
            length = int(head[1:])
            return None if length < 0 else (await reader.readexactly(length + 2))[:length].decode()
        if head.startswith(("+", ":")):
            return head[1:]
        raise RuntimeError(f"Redis refused: {head}")
    finally:
        writer.close()
