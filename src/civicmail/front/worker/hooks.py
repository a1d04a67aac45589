"""Webhooks (oversight.webhook): a job for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from civicmail.core.config.log import get_logger
from civicmail.core.config.settings import Webhook
from civicmail.front.checkup.hooks import HookStatus, status_of
from civicmail.front.worker.job_loop import Work
from civicmail.front.worker.processes import JobContext

log = get_logger()

WRITE_EVERY = 10_000
"""ms between two writes of an unchanged state."""

Try = Callable[[Webhook, str, bytes, int], str]
"""(hook, id, body, now) -> why it was not taken."""


def hook(context: JobContext) -> Iterator[Work]:
    """Deliver audit entries to a webhook; one job for each."""
    (webhook,) = (hook for hook in context.settings.oversight.webhook if hook.name == context.instance)
    delivery = WebhookDelivery(webhook, context.data, post)
    yield lambda: delivery.step(context.clock())


def post(hook: Webhook, id_: str, body: bytes, now: int) -> str:
    """Say it to the other side, signed. Raises ConfigError for a secret that cannot be used."""
    from civicmail.city.notices.webhook import Hook, send

    return send(Hook.of(hook.url, hook.secret_file), body, id_=id_, now=now).problem


class WebhookDelivery:
    """Delivery to one webhook. try_: sends one entry."""

    def __init__(self, hook: Webhook, data: Path, try_: Try) -> None:
        from civicmail.city.identity.actions import hooks

        self._hook, self._data, self._try = hook, data, try_
        self._verbs = hooks
        self._row = hooks.hook_of(hook.name)
        self._left: HookStatus | None = None
        self.most = hooks.BATCH_SIZE

    def step(self, now: int) -> int:
        """Run one round. Returns how many entries were delivered. now: epoch ms."""
        from civicmail.city.notices.webhook import retry_delay

        failed = self._row.tries
        delivered = self._verbs.step(
            self._row, self._hook.acts, lambda id_, body: self._try(self._hook, id_, body, now), retry_delay, now=now
        )
        if self._row.tries > failed:
            log.warning("a webhook did not take an entry", hook=self._hook.name, tries=self._row.tries, problem=self._row.problem)
        self._leave(now)
        return delivered

    def _leave(self, now: int) -> None:
        """Write the state for doctor, which does not use the database."""
        before, row = self._left, self._row
        changed = before is None or (before.problem, before.told) != (row.problem, row.told)
        if changed or before is None or not 0 <= now - before.at < WRITE_EVERY:
            self._left = HookStatus(self._hook.name, now, self._verbs.lag_ms(row, now), row.told, row.problem)
            status_of(self._hook.name).write(self._data, self._left)
