"""The callback as a partner's code sees it, and the one definition of its fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias, final

from attrs import NOTHING, field, fields, frozen
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from . import _fields as wire
from ._control_number import ControlNumber
from ._errors import ErrorCode, FieldError
from ._formatting import digest
from ._json import json_copy
from ._pay_type import PayType
from ._times import in_skypay_zone

IDEMPOTENCY_KEY_MAX_LENGTH = 50
"""ASCII characters of the longest ``idempotency_key``."""

_STATUSES = "The status: " + ", ".join(f"{status:d} {status.name}" for status in PayType) + "."


@final
@frozen(slots=False)  # with slots, making one takes almost twice as long
class PayoutCallback:
    """One ``payoutQueuePayout``, without the secret: the status of a payout at one time (section 3.2)."""

    user_name: str = field(metadata=wire.TEXT.of("userName", "The account that SkyPay issued."))
    """The account, ``AppName@skypay``."""
    control_number: ControlNumber = field(metadata=wire.CONTROL_NUMBER.of("controlNumber", "The payout."))
    """The payout: 13 to 15 characters."""
    pay_type: PayType = field(metadata=wire.PAY_TYPE.of("payType", _STATUSES))
    """Its status."""
    deal_time: datetime = field(metadata=wire.DEAL_TIME.of("dealTime", "Its time; UTC+8 by default."))
    """The time of that status: aware, in UTC+8, to the microsecond."""
    fail_description: str | None = field(
        default=None,
        kw_only=True,
        metadata=wire.OPTIONAL_TEXT.of("failDescription", "Why it failed."),
    )
    """The reason of a failure, in the vendor's words (point 3)."""
    reference_number: str | None = field(
        default=None,
        kw_only=True,
        metadata=wire.OPTIONAL_TEXT.of("referenceNumber", "ML's reference."),
    )
    """The ML channel's reference, sent with UPLOAD and AMENDED_SUCCESS (point 3)."""
    extra: Mapping[str, object] = field(factory=dict, kw_only=True, hash=False)  # pyright: ignore[reportUnknownVariableType]
    """Fields that this version does not know, by wire name, as JSON values (point 7)."""

    @property
    def idempotency_key(self) -> str:
        """Control number, status and instant, at most 50 ASCII characters: equal for the same *event*.

        Raises ``ValueError`` if ``deal_time`` was set by hand and is naive.
        """
        return f"{self.control_number}/{self.pay_type:d}/{_instant(self.deal_time)}"

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical content, 64 hexadecimal characters: equal for the same *content*."""
        return digest(self.to_dict())

    def to_dict(self) -> dict[str, object]:
        """Return the callback as JSON-ready data in wire names, for queues, tables and logs.

        ``payType`` is an int, ``dealTime`` ISO 8601 with microseconds and +08:00. It has the unknown fields,
        and no optional one that is None.

        Raises ``ValueError`` if ``deal_time`` was set by hand and is naive, or ``extra`` is not JSON.
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

        Raises ``TypeError`` for anything but a mapping, and ``ValueError`` naming each invalid field, such as
        ``authentication``.
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

NAMES = ("userName", "action", *[name for name in _NAMES.values() if name != "userName"])
"""The wire names of all fields but authentication, which is checked first and then dropped, in order."""
_KNOWN = frozenset(NAMES)

OPTIONAL_NAMES = frozenset(_NAMES[one.name] for one in _WIRE_FIELDS.values() if one.default is not NOTHING)

SCHEMAS: dict[str, object] = {
    one.metadata["name"]: {"description": one.metadata["description"], **one.metadata["rule"].schema}
    for one in _WIRE_FIELDS.values()
}
"""The JSON Schema of each field by wire name, in the specification's order; action has no attribute."""

Structure: TypeAlias = Callable[[dict[str, object]], PayoutCallback | tuple[FieldError, ...]]
"""Return the callback that these fields hold, or all that is wrong with them (points 2 to 9)."""


@cache
def structurer(prefixes: frozenset[str] | None = None) -> Structure:
    """Build the function that structures an account's fields; any prefix is accepted if there are none."""
    readers = {one.metadata["name"]: one.metadata["rule"].read for one in _WIRE_FIELDS.values()}
    readers["controlNumber"] = wire.control_number_reader(prefixes)
    build = make_dict_structure_fn(
        PayoutCallback,
        Converter(detailed_validation=False),
        extra=override(omit=True),
        **{  # type: ignore[arg-type]  # the overrides are told from the options by name
            attribute: override(rename=name, struct_hook=readers[name]) for attribute, name in _NAMES.items()
        },
    )
    readers["action"] = wire.read_action

    def structure(values: dict[str, object]) -> PayoutCallback | tuple[FieldError, ...]:
        try:
            if values["action"] != wire.ACTION:
                raise wire.InvalidField
            callback = build(values, PayoutCallback)
        except (wire.InvalidField, KeyError):
            if errors := tuple(_errors(values, readers)):
                return errors
            raise
        if not _KNOWN.issuperset(values):
            extra: Any = callback.extra
            extra.update({name: value for name, value in values.items() if name not in _KNOWN})
        return callback

    return structure


def _errors(values: dict[str, object], readers: Mapping[str, wire.Reader]) -> Iterator[FieldError]:
    """Read every field again. What readers do not raise themselves, such as MemoryError, passes through."""
    for name in NAMES:
        try:
            if name in values:
                readers[name](values[name], None)
            elif name not in OPTIONAL_NAMES:
                yield FieldError(name, ErrorCode.MISSING, "expected in every callback, got no such field")
        except wire.InvalidField as error:
            yield FieldError(name, *error.args)
