"""Callbacks of a sender who is not authenticated."""

from ..._pay_type import PayType
from .._bodies import Bodies, without
from .._rule import Deliveries, catalogue, rule
from ._reasons import FORGED, SECRET, STATE

ACCOUNT = "section 3.2: userName"
PROBED = "Unauthenticated senders can fill the quarantine, and learn what is valid."

catalogue(
    "sender",
    ("secret-wrong", "A wrong or missing secret is rejected, whatever the status", SECRET, FORGED),
    ("secret-near", "A secret that is nearly right is rejected", SECRET, FORGED),
    ("secret-type", "A secret of another JSON type is rejected", SECRET, FORGED),
    ("account-wrong", "A wrong or missing account is rejected, whatever the status", ACCOUNT, FORGED),
    ("account-near", "An account that is nearly right is rejected", ACCOUNT, FORGED),
    ("account-type", "An account of another JSON type is rejected", ACCOUNT, FORGED),
    ("authenticated-first", "An invalid callback with a wrong secret is rejected", SECRET, PROBED),
)


@rule("name-case-forged", SECRET, f"Decoders of Go and C# ignore the case of names unless told. {FORGED}")
def _forged_by_case(bodies: Bodies) -> Deliveries:
    """A wrong secret is rejected even if the right one stands under a name in another case."""
    for name in ("Authentication", "AUTHENTICATION"):
        right, wrong = {name: bodies.secrets[-1]}, bodies.fields(authentication=bodies.wrong_secret)
        yield bodies.bad(f"the secret as {name} behind a wrong one", wrong | right)
        yield bodies.bad(f"the secret as {name} before a wrong one", right | wrong)
        yield bodies.bad(f"the secret as {name} alone", without(bodies.fields(), "authentication") | right)


@rule("forged-redelivery", SECRET, FORGED, how="in turn")
def _forged_redelivery(bodies: Bodies) -> Deliveries:
    """A known callback with a wrong secret is rejected."""
    for status in (PayType.UPLOAD, PayType.PAYOUT):
        fields = bodies.fields(status)
        yield bodies.sent(status.name, fields)
        wrong = fields | {"authentication": bodies.wrong_secret}
        yield bodies.bad(f"the same {status.name} with a wrong secret", wrong)
        yield bodies.bad(f"the same {status.name} without a secret", without(fields, "authentication"))


@rule("good-after-forgery", STATE, "Anyone who finds the URL can make a callback be lost.", how="in turn")
def _good_after_forgery(bodies: Bodies) -> Deliveries:
    """A callback is acknowledged even after a forged copy of it."""
    for status in (PayType.UPLOAD, PayType.PAYOUT):
        fields = bodies.fields(status)
        wrong = fields | {"authentication": bodies.wrong_secret}
        yield bodies.bad(f"a forged {status.name}", wrong, "anything")
        yield bodies.sent(f"{status.name} after a forged copy of it", fields)
