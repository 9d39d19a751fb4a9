"""Rotation: several secrets and keys for a while."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from ..._pay_type import PayType
from ...testing import encode
from .._bodies import Bodies
from .._misreading import aes_keys, decrypted
from .._outcome import Skip
from .._rule import Delivery, rule
from ._reasons import LOST, ROTATION


@rule("older-secret", ROTATION, LOST)
def older_secret(bodies: Bodies) -> Iterator[Delivery]:
    """A callback with an older secret is acknowledged."""
    older = bodies.secrets[:-1]
    if not older:
        raise Skip("only one secret is configured")
    for number, secret in enumerate(older, 1):
        for status in PayType:
            what = f"{status.name} with secret {number} of {len(older) + 1}"
            yield bodies.good(what, status, authentication=secret)


@rule("older-key", ROTATION, LOST, how="in turn")
def older_key(bodies: Bodies) -> Iterator[Delivery]:
    """A callback under an older key is acknowledged."""
    for key in bodies.older_keys:
        for status in PayType:
            what = f"{status.name} under key {key + 1} of {len(bodies.keys)}"
            yield bodies.acknowledged(what, encode(bodies.fields(status)), key=key)
        yield bodies.good("the newest key afterwards")


@rule(
    "older-key-padding",
    ROTATION,
    "1 of 250 wrong keys yields valid padding, so padding alone does not say which key fits.",
)
def padding_fits(bodies: Bodies) -> Iterator[Delivery]:
    """The right key is found even if the padding fits another key too."""
    newest = len(bodies.older_keys)
    keys = aes_keys(bodies.parser.cipher)
    for key, other in ((0, newest), (newest, 0)):
        fields = bodies.fields()
        texts = (encode(fields | {"remark": str(number)}) for number in count())
        text = next(text for text in texts if decrypted(bodies.encrypted(text, key), keys[other]) is not None)
        what = f"under key {key + 1}, with padding that fits key {other + 1} too"
        yield bodies.acknowledged(what, text, key=key)
