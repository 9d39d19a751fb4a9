"""With two webhook libraries, which verify a signature over the body and parse its JSON, and check no member.

Their senders sign each body in a header; here the body is signed when the program starts.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime

from standardwebhooks import Webhook
from stripe import StripeClient, WebhookSignature

_SECRET = "whsec_" + b64encode(b"for tests, protects nothing").decode()


def standardwebhooks_for(body: bytes) -> Callable[[bytes], object]:
    """What verifies and parses this body, and refuses any other."""
    webhook, now = Webhook(_SECRET), datetime.now(UTC)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": f"{int(now.timestamp())}",
        "webhook-signature": webhook.sign("msg_1", now, body.decode()),
    }
    return lambda body: webhook.verify(body, headers)


def stripe_for(body: bytes) -> Callable[[bytes], object]:
    """What verifies this body and makes an event of it, and refuses any other."""
    # The client's method is faster than the older stripe.Webhook.construct_event.
    construct_event = StripeClient("sk_test_not_a_key").construct_event
    header = WebhookSignature.generate_signature_header(  # pyright: ignore[reportUnknownMemberType]
        body.decode(), _SECRET
    )
    return lambda body: construct_event(body, header, _SECRET)
