"""Hand each processed event to Celery as JSON, and take it back as a typed callback.

$ python celery_queue.py
$ celery -A celery_queue worker

The first command is the worker of the store, and the relay: an event is enqueued after the transaction that
stored it, never before or in it. The store's tables are the outbox, so while the broker is down, events wait
there. The second one runs ``handle``. Set ``CELERY_BROKER_URL`` for both.

An event can arrive twice: the relay may crash before it notes that the broker has it, and a worker that dies
has not acknowledged it. ``handle`` therefore does its work once for each ``event_id``, in one transaction
with it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from typing import Any

from celery import Celery, Task
from celery.exceptions import Reject
from celery.utils.log import get_task_logger

import payout_worker
from skypay_payout import PayoutCallback, PayoutStatus
from sqlite_store import Processed

log = get_task_logger(__name__)
app = Celery("celery_queue", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(
    task_serializer="json",
    accept_content=["json"],  # never pickle: whoever can write to the broker could run code
    task_ignore_result=True,
    # Acknowledge when the work is done; if a worker dies, another one gets the message.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


def enqueue(processed: Processed) -> None:
    """Enqueue an event; raises if the broker does not take it, and the store hands it over again later."""
    # A text of its own: Celery makes other objects of dictionaries that have a field "__type__".
    event = json.dumps(processed.callback.to_dict())
    handle.apply_async((processed.id, event, processed.previous, processed.status), retry=False)


@app.task(bind=True, autoretry_for=(sqlite3.OperationalError,), retry_backoff=True, max_retries=None)
def handle(task: Task[Any, Any], event_id: str, event: str, previous: str | None, status: str) -> None:
    """Book what became of a payout, once for each ``event_id``: put your code here."""
    try:
        callback, now = PayoutCallback.from_dict(json.loads(event)), PayoutStatus(status)
    except (TypeError, ValueError) as error:
        # A poison message: trying again does not help. It goes to the broker's dead letters if it has any;
        # the event itself stays in the store.
        log.error("rejected message %s: %s", task.request.id, error)
        raise Reject(error, requeue=False) from None
    with closing(sqlite3.connect("bookings.sqlite3", timeout=5, isolation_level=None)) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS bookings (id TEXT PRIMARY KEY, control_number TEXT, status TEXT)"
        )
        if now != previous:
            connection.execute(
                "INSERT INTO bookings VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING",
                (event_id, callback.control_number, now),
            )
    log.info("%s: %s", callback.idempotency_key, now)


if __name__ == "__main__":
    payout_worker.main(enqueue)
