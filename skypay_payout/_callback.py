"""The callback as a partner's code sees it, and the one definition of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any, TypeAlias, final

from attrs import NOTHING, field, fields, frozen
from cattrs import ClassValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override

from . import _fields as wire
from ._control_number import ControlNumber
from ._errors import ErrorCode, FieldError
from ._formatting import digest, redact
from ._json import json_copy
from ._pay_type import PayType
from ._times import in_skypay_zone

IDEMPOTENCY_KEY_MAX_LENGTH = 50
"""ASCII characters of the longest ``idempotency_key``."""

_STATUSES = "The status: " + ", ".join(f"{status:d} {status.name}" for status in PayType) + "."


@final
@frozen(slots=False)  # with slots, making one takes almost twice as long
class PayoutCallback:
    """One ``payoutQueuePayout``: the status of one payout at one time (section 3.2).

    It has neither the secret nor a key: what is not kept cannot leak.
    """

    user_name: str = field(metadata=wire.TEXT.of("userName", "The account that SkyPay issued."))
    """The account that SkyPay issued, ``AppName@skypay``; one of the configured ``Credentials``."""
    control_number: ControlNumber = field(metadata=wire.CONTROL_NUMBER.of("controlNumber", "The payout."))
    """The payout: 13 to 15 characters."""
    pay_type: PayType = field(metadata=wire.PAY_TYPE.of("payType", _STATUSES))
    """Its status."""
    deal_time: datetime = field(metadata=wire.DEAL_TIME.of("dealTime", "Its time; UTC+8 by default."))
    """The time of that status: aware, in UTC+8, to the microsecond. Callbacks can arrive in another order."""
    fail_description: str | None = field(
        default=None,
        kw_only=True,
        metadata=wire.OPTIONAL_TEXT.of("failDescription", "Why it failed."),
    )
    """The reason of a failure, in the vendor's words; None if not given (point 3)."""
    reference_number: str | None = field(
        default=None,
        kw_only=True,
        metadata=wire.OPTIONAL_TEXT.of("referenceNumber", "ML's reference."),
    )
    """The ML channel's reference, sent with UPLOAD and AMENDED_SUCCESS; None if not given (point 3)."""
    extra: Mapping[str, object] = field(factory=dict, kw_only=True, hash=False)  # pyright: ignore[reportUnknownVariableType]
    """Fields that this version does not know, by wire name, as JSON values (point 7)."""

    @property
    def idempotency_key(self) -> str:
        """Control number, status and instant, at most 50 ASCII characters: equal for the same *event*.

        Callbacks that share it can differ in other fields, an anomaly. Raises ``ValueError`` if ``deal_time``
        is naive, in a callback built by hand.
        """
        return f"{self.control_number}/{self.pay_type:d}/{_instant(self.deal_time)}"

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical content, 64 hexadecimal characters: equal for the same *content*.

        As the primary key of stored events it drops redeliveries and nothing else. Raises as ``to_dict``.
        """
        return digest(self.to_dict())

    def to_dict(self) -> dict[str, object]:
        """Return the callback as JSON-ready data in wire names, for queues, tables and logs.

        It has plain built-in types only: ``payType`` is an int, ``dealTime`` ISO 8601 with microseconds and
        +08:00, unknown fields stand beside the others, and optional ones that are not given are absent.

        Raises ``ValueError`` for a callback built by hand with a naive ``deal_time``, or values in ``extra``
        that JSON does not have.
        """
        known: dict[str, object] = {"userName": self.user_name, "action": wire.ACTION}
        for attribute, name in _NAMES.items():
            value = _instant(self.deal_time) if attribute == "deal_time" else getattr(self, attribute)
            if value is not None:
                known[name] = value
        # The known fields first in order, and last in precedence.
        result: dict[str, object] = json_copy(known | dict(self.extra) | known)
        return result

    @classmethod
    def from_dict(cls, data: Mapping[str, object]) -> PayoutCallback:
        """Build the callback that ``to_dict`` was called on. It does not authenticate the sender.

        Raises ``TypeError`` if ``data`` is not a mapping, and ``ValueError`` naming each invalid field.
        ``authentication`` is always invalid here: only a raw callback has it.
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
    """Build the function that structures the fields of an account's callbacks.

    Any prefix is accepted if ``prefixes`` is None; secrets are redacted in free texts and unknown fields.
    """
    readers = {attribute: one.metadata["rule"].read for attribute, one in _WIRE_FIELDS.items()}
    readers["control_number"] = partial(wire.read_control_number, prefixes=prefixes)
    for attribute, one in _WIRE_FIELDS.items():
        if one.metadata["rule"] is wire.OPTIONAL_TEXT:
            readers[attribute] = partial(wire.read_optional_text, secrets=secrets)
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
            wire.read_action(values["action"])
        except (wire.InvalidField, KeyError) as error:
            errors.append(_field_error("action", error, values))
        try:
            callback = build(values, PayoutCallback)
        except ClassValidationError as group:
            for problem in group.exceptions:
                notes = [note for note in getattr(problem, "__notes__", ()) if hasattr(note, "name")]
                errors.append(_field_error(_NAMES[notes[0].name] if notes else "", problem, values))
            return tuple(sorted(errors, key=lambda one: [*NAMES].index(one.field)))
        if errors:
            return tuple(errors)
        if not NAMES.keys() >= values.keys():
            extra: Any = callback.extra
            unknown = {name: value for name, value in values.items() if name not in NAMES}
            extra.update(redact(unknown, secrets))
        return callback

    return structure


structurer = cache(lambda: make_structure(None, ()))
"""Return the function that structures stored fields, of any account and without secrets."""


def _field_error(name: str, error: Exception, values: dict[str, object]) -> FieldError:
    if isinstance(error, wire.InvalidField):
        return FieldError(name, *error.args)
    if isinstance(error, KeyError) and name not in values:
        return FieldError(name, ErrorCode.MISSING, "expected in every callback, got no such field")
    raise error  # not about the callback: no memory, a time limit of the host program, a missing module
