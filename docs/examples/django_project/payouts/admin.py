"""What people see: payouts and their events, read-only, and the quarantine."""

import json

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from .models import Event, Payout, QuarantinedCallback
from .services import store_event


class ReadOnly(admin.ModelAdmin):
    has_add_permission = has_change_permission = has_delete_permission = lambda *_: False


@admin.register(Payout)
class PayoutAdmin(ReadOnly):
    list_display = ("control_number", "status", "reference_number", "created_at")
    list_filter = ("status",)
    search_fields = ("control_number",)


admin.site.register(Event, ReadOnly, list_display=("idempotency_key", "received_at", "processed_at"))


@admin.register(QuarantinedCallback)
class QuarantinedCallbackAdmin(ReadOnly):
    has_change_permission = admin.ModelAdmin.has_change_permission
    list_display = ("control_number", "errors", "received_at", "resolved_at")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter),)
    readonly_fields = ("idempotency_key", "control_number", "errors", "payload", "received_at")
    actions = ("revalidate",)

    @admin.action(permissions=["change"])
    def revalidate(self, request: HttpRequest, queryset: QuerySet[QuarantinedCallback]) -> None:
        """Store as accepted what is valid now, and show what is still wrong with the rest."""
        for row in queryset.filter(resolved_at=None):
            try:
                callback = settings.SKYPAY_PARSER.revalidate(json.loads(row.corrected_payload or row.payload))
            except (TypeError, ValueError) as error:
                self.message_user(request, f"{row.control_number}: {error}", messages.ERROR)
                continue
            store_event(callback)
            queryset.filter(pk=row.pk).update(resolved_at=timezone.now())
            self.log_change(request, row, f"Revalidated and accepted: {callback.idempotency_key}")
            self.message_user(request, f"Accepted: {callback.idempotency_key}")
