"""What is stored: callbacks as they arrived, people's decisions, and the state derived from both.

Rows name their payout without a foreign key: to store a callback never waits for the row of its payout, which
a worker may have locked.
"""

from django.db import models

from ..._callback import IDEMPOTENCY_KEY_MAX_LENGTH
from ..._history import Anomaly, PayoutStatus
from .._payouts import PayoutState
from ._fields import JsonField, KeyField

STATUSES = [(status.value, status.value) for status in PayoutStatus]


class Payout(models.Model):
    """The state of one payout, which only the worker writes, and what ``act`` was told of it."""

    control_number = KeyField(max_length=15, primary_key=True)
    status = models.CharField(max_length=16, null=True, choices=STATUSES)
    anomalies = JsonField(default=list)
    quarantined = models.PositiveIntegerField(default=0)
    decision = models.CharField(max_length=16, null=True, choices=STATUSES)
    reference_number = JsonField(null=True)
    fail_description = JsonField(null=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    acted_version = models.PositiveIntegerField(default=0)
    acted_state = models.TextField(null=True)
    act_due_at = models.DateTimeField(null=True)
    act_claim = models.CharField(max_length=32, null=True)
    act_attempts = models.PositiveIntegerField(default=0)
    act_failed_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        indexes = (
            models.Index(fields=["act_attempts", "act_due_at", "control_number"], name="skypay_payout_act"),
            models.Index(fields=["status", "decision", "changed_at"], name="skypay_payout_open"),
        )

    def __str__(self) -> str:
        return self.control_number

    @property
    def state(self) -> PayoutState:
        """The state, as hooks get it."""
        return PayoutState(
            status=PayoutStatus(self.status) if self.status else None,
            anomalies=frozenset(map(Anomaly, self.anomalies)),
            quarantined=self.quarantined,
            decision=PayoutStatus(self.decision) if self.decision else None,
        )

    @state.setter
    def state(self, state: PayoutState) -> None:
        self.status, self.decision, self.quarantined = state.status, state.decision, state.quarantined
        self.anomalies = sorted(state.anomalies)


class Event(models.Model):
    """An accepted callback. ``due_at`` is when to process it, ``version`` the payout's that included it."""

    digest = KeyField(max_length=64, primary_key=True)
    idempotency_key = KeyField(max_length=IDEMPOTENCY_KEY_MAX_LENGTH)
    control_number = KeyField(max_length=15, db_index=True)
    event = JsonField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=["due_at", "digest"], name="skypay_event_due"),)

    def __str__(self) -> str:
        return self.idempotency_key


class QuarantinedCallback(models.Model):
    """An authenticated but invalid callback. Resolved rows stay, or a redelivery would reopen the case."""

    class Resolution(models.TextChoices):
        """How a person closed the case."""

        ACCEPTED = "accepted"
        DISMISSED = "dismissed"

    digest = KeyField(max_length=64, primary_key=True)
    control_number = KeyField(max_length=15, null=True, db_index=True)
    payload = JsonField()
    errors = JsonField()
    received_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, db_index=True)
    resolution = models.CharField(max_length=16, null=True, choices=Resolution.choices)
    who = JsonField(null=True)
    why = JsonField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["due_at", "digest"], name="skypay_quarantine_due"),)

    def __str__(self) -> str:
        return f"{self.control_number or 'without a valid control number'} ({self.digest[:8]})"


class Decision(models.Model):
    """A person's decision about a conflicting payout, until it ends: a later event contradicts it."""

    control_number = KeyField(max_length=15, db_index=True)
    status = models.CharField(max_length=16, choices=STATUSES)
    opposing = models.PositiveIntegerField()
    who = JsonField()
    why = JsonField()
    decided_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["due_at", "id"], name="skypay_decision_due"),)

    def __str__(self) -> str:
        return f"{self.control_number}: {self.status}"
