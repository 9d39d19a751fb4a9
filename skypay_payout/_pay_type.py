"""The six statuses of a payout."""

from enum import IntEnum


class PayType(IntEnum):
    """The status that a callback reports (point 2)."""

    UPLOAD = 1
    """The payout was handed to the payment vendor."""
    PAYOUT = 2
    """The payee has the cash."""
    CANCEL = 3
    """The partner's cancellation succeeded: nothing was paid. A failed cancellation sends no callback."""
    FAILURE = 4
    """The payment failed; ``fail_description`` may say why."""
    AMENDED_SUCCESS = 5
    """A change of the payout's details succeeded."""
    AMENDED_FAIL = 6
    """A change of the payout's details failed."""

    @property
    def is_final(self) -> bool:
        """Whether it ends the payout: PAYOUT, CANCEL and FAILURE do (point 10)."""
        return self in (PayType.PAYOUT, PayType.CANCEL, PayType.FAILURE)
