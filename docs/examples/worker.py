"""Derive the status of each payout from its callbacks, and act on each change.

$ python worker.py

Run one, or several. SIGTERM ends it after the current action.
"""

import logging
import os

from skypay_payout.contrib.sqlalchemy import Change, Store, run_worker


def act(change: Change) -> None:
    """Handle one change: put your code here."""
    # It may run again for the same change.id.
    logging.info("%s: %s", change.id, change.after.decision or change.after.status)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    run_worker(Store(os.environ["DATABASE_URL"]), act=act)
