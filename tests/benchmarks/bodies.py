"""Valid bodies, of every form that a sender may give them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count, islice

from skypay_payout.testing import payload


def compact(fields: Mapping[str, object]) -> bytes:
    """The fields as most senders write them, without white space."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()


def grown(size: int, **fields: object) -> bytes:
    """A valid body of that many bytes: the sample's callback, and as many unknown fields as it takes."""
    body = compact(payload(**fields))[:-1]  # type: ignore[arg-type]
    unknown = (b',"unknown%d":"MLA001041380755361119"' % number for number in count())
    longest = len(next(unknown)) + len(str(size))
    body += b"".join(islice(unknown, max(0, size - len(body)) // longest))
    filling = size - len(body) - len(b',"filling":""}')
    return body + b',"filling":"' + b"x" * filling + b'"}'


_REASON = "余额不足"
_NESTED = {
    "payee": {"name": "Juan dela Cruz", "address": {"city": "Quezon City", "lines": ["12 Mabini St", ""]}},
    "fees": [{"kind": "payout", "amount": "25.00"}, {"kind": "tax", "amount": "3.00"}],
}

FORMS: Mapping[str, bytes] = {
    "sample's order": compact(payload()),
    "another order": compact(dict(reversed(payload().items()))),
    "indented": json.dumps(payload(), indent=4).encode(),
    "reason in UTF-8": compact(payload(failDescription=_REASON)),
    "reason in \\u escapes": json.dumps(payload(failDescription=_REASON), separators=(",", ":")).encode(),
    "payType as a number": compact(payload(payType=1)),
    "time with offset": compact(payload(dealTime="2018-08-07T11:58:33+08:00")),
    "time with Z": compact(payload(dealTime="2018-08-07T03:58:33Z")),
    "time with fraction": compact(payload(dealTime="2018-08-07 11:58:33.521")),
    "time with fraction and offset": compact(payload(dealTime="2018-08-07T05:58:33.521+02:00")),
    "two extra fields": compact(payload(channel="ML", version=31)),
    "nested extra fields": compact(payload() | _NESTED),
    "4 KB of extra fields": grown(4096),
}
"""By name. Those that do not say otherwise are compact, have payType as a string, and the documented time."""
