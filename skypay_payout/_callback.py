"""The callback as a partner's code sees it, and the one definition of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, final

from attrs import NOTHING, field, fields, frozen
from cattrs import AttributeValidationNote, ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from . import _fields
from ._control_number import ControlNumber
from ._errors import ErrorCode, FieldError
from ._formatting import digest
from ._json import json_copy
from ._pay_type import PayType
from ._redaction import redact
from ._times import in_skypay_zone

IDEMPOTENCY_KEY_MAX_LENGTH = 50
"""ASCII characters of the longest ``idempotency_key``."""

_STATUSES = ", ".join(f"{status:d} {status.name}" for status in PayType)


@final
@frozen(slots=False)  # with slots, making one takes almost twice as long
class PayoutCallback:
    """One ``payoutQueuePayout``: the status of one payout at one time (section 3.2).

    It has neither the secret nor a key: what is not kept cannot leak.
    """

    user_name: str = field(metadata=_fields.TEXT.metadata("userName", "The account that SkyPay issued."))
    """The account that SkyPay issued, ``AppName@skypay``; one of the configured ``Credentials``."""
    control_number: ControlNumber = field(
        metadata=_fields.CONTROL_NUMBER.metadata(
            "controlNumber", "The payout: issued prefix, 8 to 10 digits."
        )
    )
    """The payout: 13 to 15 characters."""
    pay_type: PayType = field(metadata=_fields.PAY_TYPE.metadata("payType", f"The status: {_STATUSES}."))
    """Its status."""
    deal_time: datetime = field(
        metadata=_fields.DEAL_TIME.metadata(
            "dealTime", "The time of that status; UTC+8 unless it has an offset."
        )
    )
    """The time of that status: aware, in UTC+8, to the microsecond. Callbacks can arrive in another order."""
    fail_description: str | None = field(
        default=None,
        kw_only=True,
        metadata=_fields.OPTIONAL_TEXT.metadata("failDescription", "The reason of a failure."),
    )
    """The reason of a failure, in the vendor's words; None if not given (point 3)."""
    reference_number: str | None = field(
        default=None,
        kw_only=True,
        metadata=_fields.OPTIONAL_TEXT.metadata(
            "referenceNumber", "The ML channel's reference, with payType 1 and 5."
        ),
    )
    """The ML channel's reference, sent with UPLOAD and AMENDED_SUCCESS; None if not given (point 3)."""
    extra: Mapping[str, object] = field(factory=dict, kw_only=True, hash=False)  # pyright: ignore[reportUnknownVariableType]
    """Fields that this version does not know, by wire name, as JSON values (point 7)."""

    @property
    def idempotency_key(self) -> str:
        """Control number, status and instant in UTC+8: equal for deliveries of the same *event*.

        At most 50 ASCII characters. Two callbacks that share it can differ in the other fields: an anomaly.

        Raises ``ValueError`` if the callback was built by hand with a naive ``deal_time``.
        """
        return f"{self.control_number}/{self.pay_type:d}/{_instant(self.deal_time)}"

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical content, 64 hexadecimal characters: equal for the same *content*.

        It is the primary key for stored events: no redelivery is stored twice, and nothing that differs is
        dropped.

        Raises ``ValueError`` as ``to_dict`` does.
        """
        return digest(self.to_dict())

    def to_dict(self) -> dict[str, object]:
        """Return the callback as JSON-ready data in wire names, for queues, tables and logs.

        It has plain built-in types only, and shares nothing with the callback: ``action``, ``payType`` as
        int, ``dealTime`` in ISO 8601 with microseconds and +08:00, and the unknown fields beside the others;
        optional fields that are not given are absent. It has no secret.

        Raises ``ValueError`` if the callback was built by hand with a naive ``deal_time``, or with values in
        ``extra`` that JSON does not have.
        """
        known = _unstructurer()(self)
        known = {"userName": known.pop("userName"), "action": _fields.ACTION, **known}
        # The known fields first in order, and last in precedence.
        result: dict[str, object] = json_copy(known | dict(self.extra) | known)
        return result

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> PayoutCallback:
        """Build the callback that ``to_dict`` was called on. It does not authenticate the sender.

        Raises ``TypeError`` if ``data`` is not a mapping, and ``ValueError`` naming each invalid field, or
        the first that JSON does not have. ``authentication`` is always invalid here: only a raw callback has
        it.
        """
        if not isinstance(data, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"expected the mapping that to_dict returned, got {type(data).__name__}")
        if "authentication" in data:
            raise ValueError("authentication: expected no such field, got a raw callback: parse its body")
        result = structurer()(json_copy(dict(data)))
        if isinstance(result, PayoutCallback):
            return result
        raise ValueError("; ".join(f"{error.field}: {error.message}" for error in result))


def _instant(time: datetime) -> str:
    return in_skypay_zone(time).isoformat(timespec="microseconds")


_WIRE_FIELDS = {one.name: one for one in fields(PayoutCallback) if one.metadata}
_NAMES: dict[str, str] = {attribute: one.metadata["name"] for attribute, one in _WIRE_FIELDS.items()}

NAMES = dict.fromkeys(["userName", "action", *_NAMES.values()])
"""The wire names of all fields but authentication, which is checked first and then dropped, in order."""

OPTIONAL_NAMES = frozenset(_NAMES[one.name] for one in _WIRE_FIELDS.values() if one.default is not NOTHING)

SCHEMAS: dict[str, object] = {
    one.metadata["name"]: {"description": one.metadata["description"], **one.metadata["rule"].schema}
    for one in _WIRE_FIELDS.values()
}
"""The JSON Schema of each field by wire name, in the specification's order; action has no attribute."""

Structure: TypeAlias = Callable[[dict[str, object]], PayoutCallback | tuple[FieldError, ...]]
"""Return the callback that these fields hold, or all that is wrong with them (points 2 to 9)."""


def make_structure(prefixes: frozenset[str] | None, secrets: tuple[str, ...]) -> Structure:
    """Build the function that structures the fields of a callback.

    ``prefixes`` are the account's own; None accepts any. ``secrets`` are redacted in free texts and in
    unknown fields, longest first.
    """
    readers = {attribute: one.metadata["rule"].read for attribute, one in _WIRE_FIELDS.items()}
    for attribute, one in _WIRE_FIELDS.items():
        if one.metadata["rule"] is _fields.OPTIONAL_TEXT:
            readers[attribute] = _fields.redacting_reader(secrets)
    if prefixes is not None:
        readers["control_number"] = _fields.own_control_number_reader(prefixes)
    build = make_dict_structure_fn(
        PayoutCallback,
        Converter(detailed_validation=True),
        extra=override(omit=True),
        **{  # type: ignore[arg-type]  # the overrides are told from the options by name
            attribute: override(rename=name, struct_hook=readers[attribute])
            for attribute, name in _NAMES.items()
        },
    )

    def structure(values: dict[str, object]) -> PayoutCallback | tuple[FieldError, ...]:
        errors: list[FieldError] = []
        try:
            _fields.read_action(values["action"])
        except _fields.InvalidField as error:
            errors.append(FieldError("action", *error.args))
        except KeyError:
            errors.append(_missing("action"))
        try:
            callback = build(values, PayoutCallback)
        except ClassValidationError as group:
            problems = group.exceptions
        else:
            if errors:
                return tuple(errors)
            if not NAMES.keys() >= values.keys():
                extra: Any = callback.extra
                unknown = {name: value for name, value in values.items() if name not in NAMES}
                extra.update(redact(unknown, secrets) if secrets else unknown)
            return callback
        for problem in problems:
            errors.append(_field_error(problem, values))
        return tuple(sorted(errors, key=lambda error: [*NAMES].index(error.field)))

    return structure


structurer = cache(lambda: make_structure(None, ()))
"""Return the function that structures stored fields, of any account and without secrets."""


def _missing(name: str) -> FieldError:
    return FieldError(name, ErrorCode.MISSING, "expected in every callback, got no such field")


def _field_error(error: Exception, values: dict[str, object]) -> FieldError:
    """Return what a reader said; raise any other exception, which is not about the callback."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            name = _NAMES[note.name]
            if isinstance(error, _fields.InvalidField):
                return FieldError(name, *error.args)
            if isinstance(error, KeyError) and name not in values:
                return _missing(name)
    raise error


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
