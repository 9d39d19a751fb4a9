"""Deliveries, as SkyPay makes them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from skypay_payout.encryption import BodyCipher
from skypay_payout.testing import BodyFactory

Deliver = Callable[..., Any]


@pytest.fixture
def deliver(client: Client, skypay_cipher: BodyCipher, skypay_body: BodyFactory) -> Deliver:
    """Deliver a body, or one with that status and those fields; returns the HTTP status."""

    def deliver(what: bytes | int, **fields: object) -> int:
        body = what if isinstance(what, bytes) else skypay_body(what, cipher=skypay_cipher, **fields)
        response = client.post("/callback", body, content_type="text/plain")
        if response.status_code == 200:
            assert b'"responseCode":"1000"' in skypay_cipher.decrypt(response.content)
        else:
            assert response.content == b""
        return response.status_code

    return deliver
