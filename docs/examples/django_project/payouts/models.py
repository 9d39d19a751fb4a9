"""Payouts, what SkyPay reported about them, and the callbacks that a person must look at."""

from django.db import models

from skypay_payout import IDEMPOTENCY_KEY_MAX_LENGTH, PayoutStatus


class Payout(models.Model):
    """One payout, a row for the worker to lock. The status is empty until an event is processed."""

    control_number = models.CharField(max_length=15, primary_key=True)
    status = models.CharField(
        max_length=16, blank=True, choices=[(one.value, one.value) for one in PayoutStatus]
    )
    reference_number = models.TextField(null=True)
    fail_description = models.TextField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)


class Event(models.Model):
    """An accepted callback. ``content`` is JSON in ASCII, which every database can store."""

    digest = models.CharField(max_length=64, primary_key=True)
    idempotency_key = models.CharField(max_length=IDEMPOTENCY_KEY_MAX_LENGTH)
    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="events")
    content = models.TextField()
    received_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True, db_index=True)


class QuarantinedCallback(models.Model):
    """An authenticated, invalid callback. Resolved rows stay, or a redelivery would reopen them."""

    idempotency_key = models.CharField(max_length=IDEMPOTENCY_KEY_MAX_LENGTH, primary_key=True)
    control_number = models.CharField(max_length=15, null=True)
    errors = models.TextField()
    payload = models.TextField()
    corrected_payload = models.TextField(blank=True, help_text="The whole payload as it should be, as JSON.")
    received_at = models.DateTimeField(auto_now_add=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
