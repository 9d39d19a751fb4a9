"""With msgspec: a struct for the wire, decoded and checked in C, and one for the callback made of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.json import Decoder

from .rules import CONTROL_NUMBER, DEAL_TIME, PAY_TYPES, PayType, authenticate, check_size, deal_time, given

_Text50 = Annotated[str, Meta(min_length=1, max_length=50)]


class _Wire(Struct, rename="camel"):
    user_name: _Text50
    action: Literal["payoutQueuePayout"]
    authentication: _Text50
    control_number: Annotated[str, Meta(pattern=rf"{CONTROL_NUMBER}\Z")]
    pay_type: Literal[1, 2, 3, 4, 5, 6, "1", "2", "3", "4", "5", "6"]
    # As a text: msgspec's own datetime costs more, since the zone has to be set afterwards.
    deal_time: Annotated[str, Meta(pattern=rf"{DEAL_TIME}\Z")]
    fail_description: str | None = None
    reference_number: str | None = None


class Callback(Struct, frozen=True):
    """One callback."""

    user_name: str
    control_number: str
    pay_type: PayType
    deal_time: datetime
    fail_description: str | None
    reference_number: str | None


_decode = Decoder(_Wire).decode


def parse(body: bytes) -> Callback:
    """The callback. Raises ``ValueError``, of which msgspec's ``DecodeError`` is a kind."""
    check_size(body)
    wire = _decode(body)
    authenticate(wire.user_name, wire.authentication)
    return Callback(
        wire.user_name,
        wire.control_number,
        PAY_TYPES[wire.pay_type],
        deal_time(wire.deal_time),
        given(wire.fail_description),
        given(wire.reference_number),
    )
