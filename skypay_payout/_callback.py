"""The callback as a partner's code sees it, and the one definition of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, cast

from attrs import NOTHING, field, fields, frozen
from cattrs import AttributeValidationNote, ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from ._control_number import CONTROL_NUMBER_PATTERN, ControlNumber
from ._errors import ErrorCode, FieldError
from ._fields import (
    ACTION,
    PAY_TYPES,
    WIRE,
    InvalidField,
    WireField,
    action_reader,
    optional_schema,
    own_control_number_reader,
    pattern_schema,
    read_control_number,
    read_deal_time,
    read_optional_text,
    read_pay_type,
    read_user_name,
    text_schema,
    wire,
)
from ._formatting import quoted
from ._pay_type import PayType
from ._times import DEAL_TIME_PATTERN, in_skypay_zone

IDEMPOTENCY_KEY_MAX_LENGTH = len("invalid/") + 64
"""ASCII characters of the longest ``idempotency_key``: a callback's has up to 50, a quarantined one's 72."""


_empty = cast("Callable[[], dict[str, object]]", dict)  # dict[str, object]() takes several times as long


@frozen(slots=False)  # with slots, making one takes almost twice as long
class PayoutCallback:
    """Hold one ``payoutQueuePayout``: what happened to one payout, and when (section 3.2).

    It has neither the secret nor a key: what is not kept cannot leak.
    """

    user_name: str = field(
        metadata=wire(
            "userName", read_user_name, text_schema("The account that SkyPay issued, AppName@skypay.")
        )
    )
    """The account that SkyPay issued, ``AppName@skypay``; one of the configured ``Credentials``."""
    control_number: ControlNumber = field(
        metadata=wire(
            "controlNumber",
            read_control_number,
            pattern_schema(
                "Which payout: five characters issued to the partner, then 8 to 10 digits.",
                CONTROL_NUMBER_PATTERN,
                "SK99123456789",
            ),
        )
    )
    """Which payout."""
    pay_type: PayType = field(
        metadata=wire(
            "payType",
            read_pay_type,
            {
                "description": f"What happened: {', '.join(f'{one:d} {one.name}' for one in PayType)}.",
                "enum": list(PAY_TYPES),
            },
        )
    )
    """What happened to it."""
    deal_time: datetime = field(
        metadata=wire(
            "dealTime",
            read_deal_time,
            pattern_schema(
                "When it happened: yyyy-MM-dd HH:mm:ss, in UTC+8 unless it has an offset of its own.",
                DEAL_TIME_PATTERN,
                "2018-08-07 11:58:33",
            ),
        )
    )
    """When that happened: aware, in UTC+8, to the microsecond. Callbacks can arrive in another order."""
    fail_description: str | None = field(
        default=None,
        metadata=wire("failDescription", read_optional_text, optional_schema("Why the payment failed.")),
    )
    """Why the payment failed, in the vendor's words; None if not given (point 3)."""
    reference_number: str | None = field(
        default=None,
        metadata=wire(
            "referenceNumber",
            read_optional_text,
            optional_schema("The ML channel's reference, sent with payType 1 and 5."),
        ),
    )
    """The ML channel's reference, sent with UPLOAD and AMENDED_SUCCESS; None if not given (point 3)."""
    extra: Mapping[str, object] = field(factory=_empty, hash=False)
    """Fields that this version does not know, by wire name, as JSON values (point 7)."""

    @property
    def idempotency_key(self) -> str:
        """Return control number, status and instant in UTC+8: equal for two deliveries of one event.

        At most 50 ASCII characters. Store each event once under it: callbacks are redelivered, arrive out of
        order, and carry no event id. Two different events of one payout with one status in one second would
        share it too, so a store that meets a known key with other content keeps that content as well.

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
        known = {"userName": known.pop("userName"), "action": ACTION, **known}
        # The known fields first in order, and last in precedence.
        return known | deepcopy(dict(self.extra)) | known

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> PayoutCallback:
        """Build the callback that ``to_dict`` was called on. It authenticates nobody.

        Raises ``ValueError`` that names every invalid field, also for ``authentication``, which only a raw
        callback has, and ``TypeError`` if ``data`` is not a mapping.
        """
        if not isinstance(data, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected the mapping that to_dict returned, got {type(data).__name__}")
        if "authentication" in data:
            raise ValueError(
                "authentication: expected no such field, got a raw callback: parse the received body"
            )
        problems: list[str] = []
        if data.get("action") != ACTION:
            problems.append(f"action: expected {ACTION!r}, got {quoted(data.get('action'))}")
        result = structurer()(dict(data))
        if not isinstance(result, PayoutCallback):
            problems += [f"{error.field}: {error.message}" for error in result]
        elif not problems:
            return result
        raise ValueError("; ".join(problems))


def _instant(time: datetime) -> str:
    return in_skypay_zone(time).isoformat(timespec="microseconds")


_ATTRIBUTES = tuple(one for one in fields(PayoutCallback) if WIRE in one.metadata)
_WIRE_FIELDS: dict[str, WireField] = {one.name: one.metadata[WIRE] for one in _ATTRIBUTES}

NAMES = frozenset(["action", *(one.name for one in _WIRE_FIELDS.values())])
"""The wire names of all fields but authentication, which is checked first and then dropped."""

SCHEMAS = {one.name: one.schema for one in _WIRE_FIELDS.values()}
"""The JSON Schema of each field by wire name, in the specification's order; action has no attribute."""

OPTIONAL_NAMES = frozenset(_WIRE_FIELDS[one.name].name for one in _ATTRIBUTES if one.default is not NOTHING)

Structure: TypeAlias = "Callable[[dict[str, object]], PayoutCallback | tuple[FieldError, ...]]"
"""Return the callback that authenticated fields hold, or all that is wrong with them (points 2 to 9)."""


@cache
def structurer(user_name: str | None = None, prefixes: frozenset[str] | None = None) -> Structure:
    """Build the function that structures the fields of an account's callbacks.

    ``user_name`` is the authenticated account; None reads it from the fields. ``prefixes`` are its own; None
    accepts any.
    """
    names = {attribute: one.name for attribute, one in _WIRE_FIELDS.items()}
    readers = {attribute: one.read for attribute, one in _WIRE_FIELDS.items()}
    if user_name is not None:
        names["user_name"], readers["user_name"] = "action", action_reader(user_name)
    if prefixes is not None:
        readers["control_number"] = own_control_number_reader(prefixes)
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
    if isinstance(error, InvalidField):
        return FieldError(names[attribute], error.code, error.message)
    # The readers raise nothing else, so this is the KeyError of a field that is absent.
    return FieldError(names[attribute], ErrorCode.MISSING, "expected in every callback, got no such field")


@cache
def _unstructurer() -> Callable[[PayoutCallback], dict[str, object]]:
    overrides = {
        one.name: override(
            rename=one.metadata[WIRE].name,
            omit_if_default=one.default is not NOTHING,
            unstruct_hook=_instant if one.name == "deal_time" else None,
        )
        for one in _ATTRIBUTES
    }
    return make_dict_unstructure_fn(PayoutCallback, Converter(), extra=override(omit=True), **overrides)  # type: ignore[arg-type]
