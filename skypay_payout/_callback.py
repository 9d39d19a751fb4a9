"""The callback as a partner's code sees it, and the one definition of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

from attrs import NOTHING, field, fields, frozen
from cattrs import AttributeValidationNote, ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from . import _fields
from ._control_number import ControlNumber
from ._errors import ErrorCode, FieldError
from ._formatting import quoted
from ._pay_type import PayType
from ._times import in_skypay_zone

IDEMPOTENCY_KEY_MAX_LENGTH = len("invalid/") + 64
"""ASCII characters of the longest ``idempotency_key``: a callback's has up to 50, a quarantined one's 72."""

_STATUSES = ", ".join(f"{status:d} {status.name}" for status in PayType)


@frozen(slots=False)  # with slots, making one takes almost twice as long
class PayoutCallback:
    """Hold one ``payoutQueuePayout``: what happened to one payout, and when (section 3.2).

    It has neither the secret nor a key: what is not kept cannot leak.
    """

    user_name: str = field(metadata=_fields.TEXT.metadata("userName", "The account that SkyPay issued."))
    """The account that SkyPay issued, ``AppName@skypay``; one of the configured ``Credentials``."""
    control_number: ControlNumber = field(
        metadata=_fields.CONTROL_NUMBER.metadata(
            "controlNumber", "Which payout: issued prefix, 8 to 10 digits."
        )
    )
    """Which payout."""
    pay_type: PayType = field(metadata=_fields.PAY_TYPE.metadata("payType", f"What happened: {_STATUSES}."))
    """What happened to it."""
    deal_time: datetime = field(
        metadata=_fields.DEAL_TIME.metadata("dealTime", "When that happened; UTC+8 unless it has an offset.")
    )
    """When that happened: aware, in UTC+8, to the microsecond. Callbacks can arrive in another order."""
    fail_description: str | None = field(
        default=None, metadata=_fields.OPTIONAL_TEXT.metadata("failDescription", "Why the payment failed.")
    )
    """Why the payment failed, in the vendor's words; None if not given (point 3)."""
    reference_number: str | None = field(
        default=None,
        metadata=_fields.OPTIONAL_TEXT.metadata(
            "referenceNumber", "The ML channel's reference, with payType 1 and 5."
        ),
    )
    """The ML channel's reference, sent with UPLOAD and AMENDED_SUCCESS; None if not given (point 3)."""
    extra: Mapping[str, object] = field(factory=dict, hash=False)  # pyright: ignore[reportUnknownVariableType]
    """Fields that this version does not know, by wire name, as JSON values (point 7)."""

    @property
    def idempotency_key(self) -> str:
        """Return control number, status and instant in UTC+8: equal for two deliveries of one event.

        At most 50 ASCII characters. Recognise redeliveries by it: callbacks are redelivered, arrive out of
        order, and carry no event id. Two different events with the same payout, status and ``dealTime`` share
        it too, so a store that meets a known key with other content keeps that content as well.

        Raises ``ValueError`` if the callback was built by hand with a naive ``deal_time``.
        """
        return f"{self.control_number}/{self.pay_type:d}/{_instant(self.deal_time)}"

    def to_dict(self) -> dict[str, object]:
        """Return the callback as JSON-ready data in wire names, for queues, tables and logs.

        It has ``action``, ``payType`` as int, ``dealTime`` in ISO 8601 with microseconds and +08:00, and the
        unknown fields beside the others; optional fields that are not given are absent. It has no secret.

        Raises ``ValueError`` if the callback was built by hand with a naive ``deal_time``.
        """
        known = _unstructurer()(self)
        known = {"userName": known.pop("userName"), "action": _fields.ACTION, **known}
        # The known fields first in order, and last in precedence.
        return known | deepcopy(dict(self.extra)) | known

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> PayoutCallback:
        """Build the callback that ``to_dict`` was called on. It does not authenticate the sender.

        Raises ``ValueError`` that names every invalid field, also for ``authentication``, which only a raw
        callback has, and ``TypeError`` if ``data`` is not a mapping.
        """
        if not isinstance(data, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected the mapping that to_dict returned, got {type(data).__name__}")
        if "authentication" in data:
            raise ValueError("authentication: expected no such field, got a raw callback: parse its body")
        problems: list[str] = []
        if data.get("action") != _fields.ACTION:
            problems.append(f"action: expected {_fields.ACTION!r}, got {quoted(data.get('action'))}")
        result = structurer()(dict(data))
        if not isinstance(result, PayoutCallback):
            problems += [f"{error.field}: {error.message}" for error in result]
        elif not problems:
            return result
        raise ValueError("; ".join(problems))


def _instant(time: datetime) -> str:
    return in_skypay_zone(time).isoformat(timespec="microseconds")


_WIRE_FIELDS = {one.name: one for one in fields(PayoutCallback) if one.metadata}
_NAMES: dict[str, str] = {attribute: one.metadata["name"] for attribute, one in _WIRE_FIELDS.items()}

NAMES = frozenset(["action", *_NAMES.values()])
"""The wire names of all fields but authentication, which is checked first and then dropped."""

OPTIONAL_NAMES = frozenset(_NAMES[one.name] for one in _WIRE_FIELDS.values() if one.default is not NOTHING)

SCHEMAS: dict[str, object] = {
    one.metadata["name"]: {"description": one.metadata["description"], **one.metadata["rule"].schema}
    for one in _WIRE_FIELDS.values()
}
"""The JSON Schema of each field by wire name, in the specification's order; action has no attribute."""

Structure: TypeAlias = "Callable[[dict[str, object]], PayoutCallback | tuple[FieldError, ...]]"
"""Return the callback that authenticated fields hold, or all that is wrong with them (points 2 to 9)."""


@cache
def structurer(user_name: str | None = None, prefixes: frozenset[str] | None = None) -> Structure:
    """Build the function that structures the fields of an account's callbacks.

    ``user_name`` is the authenticated account; None reads it from the fields. ``prefixes`` are its own; None
    accepts any.
    """
    names = dict(_NAMES)
    readers = {attribute: one.metadata["rule"].read for attribute, one in _WIRE_FIELDS.items()}
    if user_name is not None:
        names["user_name"], readers["user_name"] = "action", _fields.action_reader(user_name)
    if prefixes is not None:
        readers["control_number"] = _fields.own_control_number_reader(prefixes)
    build = make_dict_structure_fn(
        PayoutCallback,
        Converter(detailed_validation=True),
        extra=override(omit=True),
        **{  # type: ignore[arg-type]  # the overrides are told from the options by name
            attribute: override(rename=name, struct_hook=readers[attribute])
            for attribute, name in names.items()
        },
    )

    def structure(values: dict[str, object]) -> PayoutCallback | tuple[FieldError, ...]:
        try:
            callback = build(values, PayoutCallback)
        except ClassValidationError as group:
            return tuple(_field_error(error, names) for error in group.exceptions)
        if not NAMES.issuperset(values):
            extra: Any = callback.extra
            extra.update(values)
            for name in NAMES:
                extra.pop(name, None)
        return callback

    return structure


def _field_error(error: Exception, names: Mapping[str, str]) -> FieldError:
    (attribute,) = [note.name for note in error.__notes__ if isinstance(note, AttributeValidationNote)]
    # The readers raise nothing else, so any other is the KeyError of a field that is absent.
    missing = ErrorCode.MISSING, "expected in every callback, got no such field"
    code, message = error.args if isinstance(error, _fields.InvalidField) else missing
    return FieldError(names[attribute], code, message)


@cache
def _unstructurer() -> Callable[[PayoutCallback], dict[str, object]]:
    overrides = {
        attribute: override(
            rename=name,
            omit_if_default=name in OPTIONAL_NAMES,
            unstruct_hook=_instant if attribute == "deal_time" else None,
        )
        for attribute, name in _NAMES.items()
    }
    return make_dict_unstructure_fn(PayoutCallback, Converter(), extra=override(omit=True), **overrides)  # type: ignore[arg-type]
