"""The same job done with other libraries, each in its own best style, and with this one.

Every ``by_...`` module has a ``parse`` that takes a body as bytes and gives a typed callback, or raises. None
imports another one's library, so that each can be started alone.
"""

USER_NAME = "AppName@skypay"
AUTHENTICATION = "30AC21B2-9EAA-4503-B0F0-7BE5C277ED75"
"""The published sample's, as in ``skypay_payout.testing``; importing that would slow a peer's start."""

PEERS = {"pydantic": "by_pydantic", "skypay-payout": "by_skypay_payout"}
"""Their modules; ratios are to the first one."""
