"""Hand each change of a payout to Celery, through RabbitMQ.

$ python celery_queue.py
$ celery -A celery_queue worker

The first command is the worker of the store: a change is enqueued after the transaction
that made it, and waits in the store while the broker is down. The second one runs
``handle``.
"""

import logging
import os
from typing import Any

from celery import Celery

from skypay_payout.contrib.sqlalchemy import Change, Store, run_worker

TIMEOUT = 3
app = Celery("celery_queue", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(
    accept_content=["json"],  # never pickle, which could run code
    task_ignore_result=True,
    # If a Celery worker dies, another one gets the message.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    broker_connection_retry_on_startup=True,
    # Without confirms messages get lost; without time-outs a silent broker blocks.
    broker_connection_timeout=TIMEOUT,
    broker_transport_options={
        "confirm_publish": True,
        "read_timeout": TIMEOUT,
        "write_timeout": TIMEOUT,
    },
)


def act(change: Change) -> None:
    """Enqueue a change, or raise: the store hands it over again later."""
    arguments = (change.id, change.after.decision or change.after.status)
    # On a connection that is reused, a late confirm would count for the next message.
    with app.connection_for_write() as connection:
        options: dict[str, Any] = {
            "connection": connection,
            "retry": False,
            "confirm_timeout": TIMEOUT,
        }
        handle.apply_async(arguments, **options)


@app.task
def handle(change_id: str, status: str | None) -> None:
    """Handle one change: put your code here.

    It may run again, or after a later change of the payout, whose ``id`` ends in a
    higher number.
    """
    logging.info("%s: %s", change_id, status)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    run_worker(Store(os.environ["DATABASE_URL"]), act=act)
