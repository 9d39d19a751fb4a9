"""The one fixed acknowledgement of a callback: received."""

import json
from datetime import datetime
from typing import ClassVar, Literal

from attrs import field, frozen

from ._times import SKYPAY_ZONE, in_skypay_zone, response_time


@frozen
class Acknowledgement:
    """The acknowledgement that SkyPay waits for, whatever the status: *received*, never *agreed*."""

    response_time: datetime = field(converter=in_skypay_zone)
    """When the partner responded: aware, in UTC+8."""
    response_code: ClassVar[Literal["1000"]] = "1000"
    """Always ``1000``, a string as in the published sample."""
    response_description: ClassVar[Literal["Success"]] = "Success"
    """Always ``Success``."""

    def to_dict(self) -> dict[str, str]:
        """Return its fields by wire name, in the specification's order."""
        return {
            "responseTime": response_time(self.response_time),
            "responseCode": self.response_code,
            "responseDescription": self.response_description,
        }

    def to_json(self) -> bytes:
        """Return it as compact JSON, about 95 bytes of ASCII."""
        return json.dumps(self.to_dict(), separators=(",", ":")).encode()


def acknowledge(at: datetime | None = None) -> Acknowledgement:
    """Build the fixed 1000 acknowledgement (point 6) for ``at``, an aware time (default: now).

    Raises ``TypeError`` or ``ValueError`` unless ``at`` is aware.
    """
    return Acknowledgement(datetime.now(SKYPAY_ZONE) if at is None else at)
