"""The renewal of a security token as a durable workflow.

The workflow counts the messages of a topic, or is told of them by signals of whoever
sends them. After every so many it has the token renewed; when the token service does not
answer, Temporal tries again, and when the worker dies, another goes on where it stopped.
No message is counted twice, and no renewal is forgotten.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError


@dataclass
class Settings:
    """What the workflow is started with; the counts only when it continues."""

    every: int = 10_000
    messages: int = 0
    renewals: int = 0
    # It ends after so many messages; without, at the signal `finish`.
    total: int = 0
    # The topic that is counted, from so many messages on; without, signals count.
    topic: str = ""
    start: int = 0


@dataclass
class Count:
    """What is asked of a topic."""

    topic: str
    start: int
    wanted: int


@dataclass
class Status:
    """What a query answers."""

    every: int
    messages: int
    renewals: int


@dataclass
class Setup:
    """What the service is set up with."""

    every: int = 10_000
    topics: list[str] = field(default_factory=list)


RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5)
)


@workflow.defn
class SecurityTokenSetup:
    """Issues the first token, and notes where the topics stand before anything is sent.
    The result has `every`, and `start`: the messages in the first of the topics."""

    @workflow.run
    async def run(self, setup: Setup) -> dict[str, int]:
        limit = timedelta(seconds=30)
        if setup.every < 1:
            raise ApplicationError(f"a token cannot be renewed every {setup.every} messages")
        await workflow.execute_activity(
            "renew_token", 0, start_to_close_timeout=limit, retry_policy=RETRIES
        )
        noted = await workflow.execute_activity(
            "note_offsets", setup.topics, start_to_close_timeout=limit, retry_policy=RETRIES
        )
        start = noted[setup.topics[0]] if setup.topics else 0
        return {"every": setup.every, "start": start}


@workflow.defn
class SecurityTokenRenewal:
    """Counts messages, renews the token, ends after `total` of them or at the signal
    `finish`."""

    def __init__(self) -> None:
        self.state = Settings()
        self.finished = False

    @workflow.run
    async def run(self, settings: Settings) -> Status:
        # A signal may come before the first task of the workflow: add, do not replace.
        settings.messages += self.state.messages
        self.state = settings
        while True:
            if not self.is_due() and not self.is_over():
                await self.wait()
            if self.is_due():
                await self.renew()
            elif self.is_over():
                return self.status()
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self.state)

    def is_due(self) -> bool:
        """Whether more messages were sent than renewals account for."""
        return self.state.messages // self.state.every > self.state.renewals

    def is_over(self) -> bool:
        """Whether no more messages are expected."""
        total = self.state.total
        return self.finished or 0 < total <= self.state.messages

    async def wait(self) -> None:
        """Until there are more messages to account for, or for a while."""
        if not self.state.topic:
            await workflow.wait_condition(lambda: self.is_due() or self.is_over())
            return
        due = (self.state.renewals + 1) * self.state.every
        wanted = min(due, self.state.total or due)
        self.state.messages = await workflow.execute_activity(
            "count_messages",
            Count(self.state.topic, self.state.start, wanted),
            start_to_close_timeout=timedelta(seconds=30),
            retry_policy=RETRIES,
        )

    async def renew(self) -> None:
        await workflow.execute_activity(
            "renew_token",
            self.state.renewals + 1,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RETRIES,
        )
        self.state.renewals += 1

    @workflow.signal
    def messages(self, count: int) -> None:
        """So many more messages were sent."""
        self.state.messages += count

    @workflow.signal
    def finish(self) -> None:
        """No more will be sent; what is due is renewed first."""
        self.finished = True

    @workflow.query
    def status(self) -> Status:
        return Status(self.state.every, self.state.messages, self.state.renewals)
