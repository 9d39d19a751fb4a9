"""Process stored callbacks, and act on each change of status.

$ python payout_worker.py

Run one, or several: no event is processed twice. It stops after the current event when it gets SIGTERM.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from threading import Event

from sqlite_store import Processed, Store

log = logging.getLogger(__name__)


def act(processed: Processed) -> None:
    """Handle one event: put your code here.

    It can run again for an event after a crash, so do it under the idempotency key ``processed.id``, and in
    less than ``RETRY`` seconds. Do not move money on a status alone: ask SkyPay's query interface first.
    """
    if processed.status is processed.previous:
        log.info("%s: still %s", processed.callback.idempotency_key, processed.status)
    else:
        log.info("%s: now %s", processed.callback.idempotency_key, processed.status)


def main(act: Callable[[Processed], None] = act) -> None:
    """Work until SIGTERM, and through failures of the database."""
    logging.basicConfig(level=logging.INFO)
    stop = Event()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: stop.set())
    store: Store | None = None
    while not stop.wait(1):
        try:
            store = store or Store()
            store.process()
            store.dispatch(act)
        except Exception:
            log.exception("the store is not available: trying again")


if __name__ == "__main__":
    main()
