"""Rotation: several secrets and keys for a while."""

from itertools import count

from ..._pay_type import PayType
from ...testing._misreading import decrypted
from .._bodies import Bodies
from .._rule import Deliveries, rule
from ._reasons import LOST

ROTATION = "keys and secrets expire: for a while callbacks under the old and the new one both arrive"
PADDING = "1 of 250 wrong keys yields valid padding, so padding alone does not say which key fits."


@rule("older-secret", ROTATION, LOST, needs="a second secret")
def _older_secret(bodies: Bodies) -> Deliveries:
    """A callback with an older secret is acknowledged."""
    for number, secret in enumerate(bodies.secrets[:-1], 1):
        for status in PayType:
            what = f"{status.name} with secret {number} of {len(bodies.secrets)}"
            yield bodies.good(what, status, authentication=secret)


@rule("older-key", ROTATION, LOST, how="in turn", needs="a second key")
def _older_key(bodies: Bodies) -> Deliveries:
    """A callback under an older key is acknowledged."""
    for key in range(len(bodies.keys) - 1):
        for status in PayType:
            what = f"{status.name} under key {key + 1} of {len(bodies.keys)}"
            yield bodies.sent(what, bodies.fields(status), key=key)
        yield bodies.good("the newest key afterwards")


@rule("older-key-padding", ROTATION, PADDING, needs="a second key")
def _padding_fits(bodies: Bodies) -> Deliveries:
    """The right key is found even if the padding fits another key too."""
    newest = len(bodies.keys) - 1
    for key, other in ((0, newest), (newest, 0)):
        what = f"under key {key + 1}, with padding that fits key {other + 1} too"
        fields = bodies.fields()
        made = (bodies.sent(what, fields | {"remark": str(number)}, key=key) for number in count())
        yield next(one for one in made if decrypted(one.request.body, bodies.keys[other].aes) is not None)
