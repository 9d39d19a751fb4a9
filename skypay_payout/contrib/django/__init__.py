"""The Django app: ``INSTALLED_APPS += ["skypay_payout.contrib.django"]`` and one line in ``urls.py``.

It stores callbacks (``views.payout_callback``), derives the state of each payout (``manage.py
skypay_worker``), and tells your project about every change: the settings ``SKYPAY_ON_CHANGE`` and
``SKYPAY_ACT`` name your hooks.
"""

from .._payouts import Change, PayoutState

__all__ = ["Change", "PayoutState"]
