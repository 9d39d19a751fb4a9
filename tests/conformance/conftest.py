"""What all tests of the check share."""

from __future__ import annotations

import pytest

from skypay_payout.conformance import _ledger
from skypay_payout.conformance.rules import clock


@pytest.fixture(autouse=True)
def _waits_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the check wait as long as these endpoints need, which are quick."""
    monkeypatch.setattr(clock, "_APART", 0.25)
    monkeypatch.setattr(_ledger, "LATER", 0.0)
