"""What people see and do: payouts with their callbacks, the quarantine, decisions, retries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from ..._history import PayoutStatus
from ..._json import decode
from .._payouts import FINAL
from . import store
from .apps import parser
from .models import Decision, Event, Payout, QuarantinedCallback

SHOWN = 500
"""Events of one payout on its page; the newest."""


def pretty(value: object) -> str:
    """Write a JSON value for people; what cannot be encoded stays escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text.encode(errors="backslashreplace").decode()


def _preformatted(value: object) -> SafeString:
    return format_html("<pre>{}</pre>", pretty(value))


def _table(rows: Iterable[tuple[object, ...]]) -> SafeString | str:
    cells = (format_html_join("", "<td>{}</td>", ((cell,) for cell in row)) for row in rows)
    lines = format_html_join("", "<tr>{}</tr>", ((line,) for line in cells))
    return format_html("<table>{}</table>", lines) if lines else "-"


def _link(row: Model) -> SafeString:
    url = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    return format_html('<a href="{}">{}</a>', url, row)


class ReadOnly(admin.ModelAdmin):
    """Rows that people cannot write; a form lets them act instead."""

    action_fields: tuple[str, ...] = ()
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may change such rows may act on those that are open."""
        return super().has_change_permission(request) and (obj is None or self.is_open(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def is_open(self, row: Any) -> bool:
        """Return whether people can act on it."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (
            *self.readonly_fields,
            *(self.action_fields if self.has_change_permission(request, obj) else ()),
        )

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        form.who = request.user.get_username()
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write nothing: the form has acted."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return "; ".join(
            str(form.cleaned_data[name]) for name in self.action_fields if form.cleaned_data[name]
        )


class ActionForm(forms.ModelForm):
    """A form that acts when it is valid, whose errors are those of the form, so no input is lost.

    The transaction of the admin's view undoes it if something fails later.
    """

    who: str
    act: Callable[[], None]
    """Acts; raises ``ValueError`` if that is rejected."""

    def clean(self) -> None:
        super().clean()
        if not self.errors:
            try:
                self.act()
            except ValueError as error:
                raise forms.ValidationError(str(error)) from error


class DecisionForm(ActionForm):
    """A decision about a conflicting payout."""

    decide = forms.ChoiceField(choices=[("", "---"), *((status, status) for status in FINAL)])
    reason = forms.CharField(widget=forms.Textarea, help_text="Who at SkyPay confirmed it, and how.")

    def act(self) -> None:
        data = self.cleaned_data
        store.decide(self.instance.pk, PayoutStatus(data["decide"]), who=self.who, why=data["reason"])


@admin.register(Payout)
class PayoutAdmin(ReadOnly):
    """Payouts, with all that is known of each."""

    form = DecisionForm
    action_fields = ("decide", "reason")
    list_display = (
        "control_number",
        "status",
        "decision",
        "quarantined",
        "anomalies",
        "changed_at",
        "act_failed_at",
    )
    list_filter = ("status", "decision", ("act_failed_at", admin.EmptyFieldListFilter))
    search_fields = ("control_number__exact",)
    ordering = ("-changed_at",)
    readonly_fields = (
        *(
            "control_number",
            "status",
            "decision",
            "quarantined",
            "anomalies",
            "reference_number",
            "fail_description",
        ),
        *("created_at", "changed_at", "version", "failures", "acted_version", "act_due_at", "act_attempts"),
        *("act_failed_at", "events", "quarantined_callbacks", "decisions"),
    )
    actions = ("retry",)

    def is_open(self, row: Payout) -> bool:
        """Return whether the payout is conflicting; who decided can correct that."""
        return row.status == PayoutStatus.CONFLICTING

    def events(self, row: Payout) -> str:
        events = Event.objects.filter(control_number=row.pk).defer("event").order_by("-received_at")[:SHOWN]
        return _table((event.received_at, _link(event)) for event in events)

    def quarantined_callbacks(self, row: Payout) -> str:
        cases = QuarantinedCallback.objects.filter(control_number=row.pk).defer("payload", "errors")
        cases = cases.order_by("-received_at")[:SHOWN]
        return _table((case.received_at, _link(case), case.resolution or "open") for case in cases)

    def decisions(self, row: Payout) -> str:
        decisions = Decision.objects.filter(control_number=row.pk).order_by("-pk")
        return _table(
            (
                one.decided_at,
                one.status,
                one.who,
                one.why,
                f"ended {one.ended_at}" if one.ended_at else "holds",
            )
            for one in decisions
        )

    @admin.action(permissions=["change"], description="Try failed actions again")
    def retry(self, request: HttpRequest, queryset: QuerySet[Payout]) -> None:
        for payout in queryset:
            try:
                store.retry(payout.pk)
            except ValueError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.log_change(request, payout, "Retried the failed action")


@admin.register(Event)
class EventAdmin(ReadOnly):
    """Accepted callbacks."""

    list_display = ("idempotency_key", "received_at", "due_at")
    search_fields = ("control_number__exact", "digest__exact")
    readonly_fields = ("idempotency_key", "content", "received_at", "due_at", "version", "digest")

    def content(self, row: Event) -> str:
        return _preformatted(row.event)


class QuarantineForm(ActionForm):
    """What to do with a quarantined callback."""

    resolve = forms.ChoiceField(
        choices=[("", "---"), ("accept", "Accept the correction"), ("dismiss", "Dismiss")]
    )
    correction = forms.CharField(
        widget=forms.Textarea, required=False, help_text="The whole payload as it should be, as JSON."
    )
    reason = forms.CharField(required=False, help_text="Why it is dismissed.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["correction"].initial = pretty(self.instance.payload)

    def act(self) -> None:
        data = self.cleaned_data
        if data["resolve"] == "accept":
            callback = parser().revalidate(decode(data["correction"].encode()))
            store.accept(self.instance.pk, callback, who=self.who)
        elif not data["reason"]:
            raise ValueError("reason: expected why it is dismissed, got nothing")
        else:
            store.dismiss(self.instance.pk, who=self.who, why=data["reason"])


@admin.register(QuarantinedCallback)
class QuarantinedCallbackAdmin(ReadOnly):
    """The quarantine."""

    form = QuarantineForm
    action_fields = ("resolve", "correction", "reason")
    list_display = ("__str__", "problems", "received_at", "resolution", "who")
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "resolution")
    search_fields = ("control_number__exact", "digest__exact")
    ordering = ("-received_at",)
    readonly_fields = (
        *("control_number", "problems", "content", "received_at"),
        *("resolved_at", "resolution", "who", "why", "digest"),
    )
    actions = ("accept_valid",)

    def is_open(self, row: QuarantinedCallback) -> bool:
        return row.resolved_at is None

    def problems(self, row: QuarantinedCallback) -> str:
        return _table((field, message) for field, _, message in row.errors)

    def content(self, row: QuarantinedCallback) -> str:
        return _preformatted(row.payload)

    @admin.action(permissions=["change"], description="Accept those that are valid now as they are")
    def accept_valid(self, request: HttpRequest, queryset: QuerySet[QuarantinedCallback]) -> None:
        for row in queryset:
            try:
                store.accept(row.pk, parser().revalidate(row.payload), who=request.user.get_username())
            except ValueError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                self.log_change(request, row, "Accepted as it is")
