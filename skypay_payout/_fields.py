"""The members of the callback on the wire: the one definition of them, and how they become a callback."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TypeAlias

from attrs import evolve, frozen
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn, override

from . import _credentials as credentials
from ._callback import PayoutCallback
from ._control_number import CONTROL_NUMBER_PATTERN, ControlNumber
from ._errors import ErrorCode, FieldError, WrongValue, no_string, quoted
from ._pay_type import PayType
from ._times import DEAL_TIME_PATTERN, read_deal_time

ACTION = "payoutQueuePayout"

PAY_TYPES = {key: status for status in PayType for key in (status.value, str(status.value))}
"""Every status by what stands for it in JSON (point 2)."""

Reader: TypeAlias = "Callable[[object, object], object]"
"""Makes a callback's value of a wire value, or raises ``WrongValue``. The second argument is cattrs' own."""


def _action(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise no_string(value)
    if value == ACTION:
        return value
    if not value:
        code = ErrorCode.EMPTY
    elif len(value) > credentials.MAX_LENGTH:
        code = ErrorCode.TOO_LONG
    else:
        code = ErrorCode.WRONG_VALUE
    raise WrongValue(
        code, f"{quoted(value)} arrived; expected {ACTION!r}: is it another of SkyPay's callbacks?"
    )


def _control_number(value: object, _: object) -> ControlNumber:
    if not isinstance(value, str):
        raise no_string(value)
    return ControlNumber(value)


def _pay_type(value: object, _: object) -> PayType:
    # Not isinstance: True is an int, and True == 1.
    if type(value) is not str and type(value) is not int:
        raise WrongValue(
            ErrorCode.WRONG_TYPE, f"{quoted(value)} arrived; expected a number or a string from 1 to 6"
        )
    status = PAY_TYPES.get(value)
    if status is None:
        raise WrongValue(
            ErrorCode.EMPTY if value == "" else ErrorCode.UNKNOWN_STATUS,
            f"{quoted(value)} is no known status; expected 1 to 6: is there a newer specification?",
        )
    return status


def _optional_text(value: object, _: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise no_string(value)
    try:
        value.encode()
    except UnicodeEncodeError:
        pass
    else:
        return value
    raise WrongValue(
        ErrorCode.NOT_TEXT, f"{quoted(value)} holds half of a surrogate pair; expected whole characters"
    )


@frozen
class Member:
    """One member of the callback, as the specification's table gives it."""

    name: str
    read: Reader | None
    """None where authentication has proved the value already."""
    attribute: str | None
    """Where ``PayoutCallback`` keeps it."""
    schema: Mapping[str, object]
    """What ``read`` accepts, as JSON Schema."""
    required: bool = True


def text_schema(description: str, max_length: int) -> dict[str, object]:
    """A required text, as JSON Schema (point 9)."""
    return {"description": description, "type": "string", "minLength": 1, "maxLength": max_length}


def _pattern_schema(description: str, pattern: str, example: str) -> dict[str, object]:
    return {
        "description": description,
        "type": "string",
        "pattern": f"^{pattern}$",
        "examples": [example],
    }


def _optional_schema(description: str) -> dict[str, object]:
    return {
        "description": f"{description} null and the empty string mean: not given.",
        "type": ["string", "null"],
    }


MEMBERS = (
    Member(
        "userName",
        None,
        "user_name",
        text_schema("The account that SkyPay issued, AppName@skypay.", credentials.MAX_LENGTH),
    ),
    Member("action", _action, None, {"description": "Which of SkyPay's callbacks this is.", "const": ACTION}),
    Member(
        "controlNumber",
        _control_number,
        "control_number",
        _pattern_schema(
            "Which payout: five characters issued to the partner, then 8 to 10 digits.",
            CONTROL_NUMBER_PATTERN,
            "SK99123456789",
        ),
    ),
    Member(
        "payType",
        _pay_type,
        "pay_type",
        {
            "description": "What happened: "
            + ", ".join(f"{status:d} {status.name}" for status in PayType)
            + ".",
            "enum": list(PAY_TYPES),
        },
    ),
    Member(
        "dealTime",
        read_deal_time,
        "deal_time",
        _pattern_schema(
            "When it happened: yyyy-MM-dd HH:mm:ss, in UTC+8 unless it has an offset of its own.",
            DEAL_TIME_PATTERN,
            "2018-08-07 11:58:33",
        ),
    ),
    Member(
        "failDescription",
        _optional_text,
        "fail_description",
        _optional_schema("Why the payment failed."),
        required=False,
    ),
    Member(
        "referenceNumber",
        _optional_text,
        "reference_number",
        _optional_schema("The ML channel's reference, sent with payType 1 and 5."),
        required=False,
    ),
)
"""In the specification's order; without authentication, which is verified before and then dropped."""

_NOT_TOLD = "what arrived repeats a secret and is not shown; expected what the specification says"

NAMES = frozenset(member.name for member in MEMBERS)

_structure = make_dict_structure_fn(
    PayoutCallback,
    Converter(detailed_validation=False),
    extra=override(omit=True),
    key_index=override(omit=True),
    **{  # type: ignore[arg-type]  # the overrides are told from the options by name
        member.attribute: override(rename=member.name, struct_hook=member.read)
        for member in MEMBERS
        if member.attribute
    },
)


def structure(
    payload: Mapping[str, object], prefixes: Collection[str] | None, secrets: Collection[str]
) -> PayoutCallback | tuple[FieldError, ...]:
    """The callback that an authenticated payload holds, or all that is wrong with it (points 2 to 9).

    Where the sender repeated a secret in a free text, it is concealed.
    """
    try:
        callback = _structure(payload, PayoutCallback)
    except (WrongValue, KeyError):
        callback = None
    if (
        callback is None
        or payload.get("action") != ACTION
        or (prefixes is not None and callback.control_number.prefix not in prefixes)
    ):
        return _wrong_members(payload, prefixes, secrets)
    if NAMES.issuperset(payload) and not credentials.repeats(
        secrets, callback.fail_description, callback.reference_number
    ):
        return callback
    extra = {name: value for name, value in payload.items() if name not in NAMES}
    return evolve(
        callback,
        fail_description=credentials.conceal(callback.fail_description, secrets),
        reference_number=credentials.conceal(callback.reference_number, secrets),
        extra=credentials.conceal(extra, secrets),
    )


def _wrong_members(
    payload: Mapping[str, object], prefixes: Collection[str] | None, secrets: Collection[str]
) -> tuple[FieldError, ...]:
    errors: list[FieldError] = []
    for member in MEMBERS:
        if member.read is None:
            continue
        if member.name in payload:
            try:
                value = member.read(payload[member.name], None)
                if isinstance(value, ControlNumber):
                    _check_owner(value, prefixes)
            except WrongValue as wrong:
                # The message too: escaping what arrived can put a secret together.
                told = [payload[member.name], wrong.message]
                message = wrong.message if credentials.conceal(told, secrets) == told else _NOT_TOLD
                errors.append(FieldError(member.name, wrong.code, message))
        elif member.required:
            errors.append(
                FieldError(member.name, ErrorCode.MISSING, "is missing; expected in every callback")
            )
    return tuple(errors)


def _check_owner(number: ControlNumber, prefixes: Collection[str] | None) -> None:
    if prefixes is not None and number.prefix not in prefixes:
        raise WrongValue(
            ErrorCode.FOREIGN_PREFIX,
            f"{quoted(number)} has the prefix {quoted(number.prefix)}, which is not one of this partner's; "
            f"expected one of the {len(prefixes)} configured prefixes: is this callback another partner's?",
        )
