"""Your own tables."""

from django.db import models


class Loan(models.Model):
    """A loan that is paid out through SkyPay."""

    class State(models.TextChoices):
        """How far it is."""

        APPROVED = "approved"
        DISBURSED = "disbursed"
        MANUAL_REVIEW = "manual review"
        CANCELLED = "cancelled"

    control_number = models.CharField(max_length=15, unique=True)
    email = models.EmailField()
    state = models.CharField(
        max_length=16,
        choices=State.choices,
        default=State.APPROVED,
    )

    def __str__(self) -> str:
        return f"{self.control_number}: {self.state}"
