"""The renewal of a security token as a durable workflow.

The producer signals how many messages it has sent. After every so many the workflow
has the token renewed; when the token service does not answer, Temporal tries again,
and when the worker dies, another goes on where it stopped. No message is counted
twice, and no renewal is forgotten.
"""

from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy


@dataclass
class Settings:
    """What the workflow is started with; the counts only when it continues."""

    every: int = 10_000
    messages: int = 0
    renewals: int = 0


@dataclass
class Status:
    """What a query answers."""

    every: int
    messages: int
    renewals: int


@workflow.defn
class SecurityTokenRenewal:
    """Counts messages, renews the token, ends at the signal `finish`."""

    def __init__(self) -> None:
        self.state = Settings()
        self.finished = False

    @workflow.run
    async def run(self, settings: Settings) -> Status:
        # A signal may come before the first task of the workflow: add, do not replace.
        settings.messages += self.state.messages
        self.state = settings
        while True:
            await workflow.wait_condition(lambda: self.is_due() or self.finished)
            if self.is_due():
                await self.renew()
            elif self.finished:
                return self.status()
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(self.state)

    def is_due(self) -> bool:
        """Whether more messages were sent than renewals account for."""
        return self.state.messages // self.state.every > self.state.renewals

    async def renew(self) -> None:
        await workflow.execute_activity(
            "renew_token",
            self.state.renewals + 1,
            start_to_close_timeout=timedelta(seconds=10),
            retry_policy=RetryPolicy(
                initial_interval=timedelta(milliseconds=200),
                maximum_interval=timedelta(seconds=5),
            ),
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
