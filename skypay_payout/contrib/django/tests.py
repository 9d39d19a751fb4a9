"""Tests of the endpoint in your project, with your middleware, URLs and settings, and a base for your own.

Run them with ``manage.py test skypay_payout.contrib.django`` or ``pytest --pyargs
skypay_payout.contrib.django.tests``. They use the test kit's account, whatever the environment holds.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, ClassVar
from unittest import mock

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connections
from django.test import Client, TestCase, override_settings
from django.urls import reverse

from ..._history import PayoutStatus
from ..._parser import CallbackParser
from ..._pay_type import PayType
from ...testing import CANCELLED_AND_PAID, CREDENTIALS, ENCRYPTION_KEY, body, out_of_order
from .._worker import do_nothing
from . import store, worker
from .apps import hook
from .models import Event, Payout, QuarantinedCallback
from .views import payout_callback


class PayoutTestCase(TestCase):
    """Deliver callbacks to your endpoint, and let the worker do its work with your hooks."""

    url: ClassVar[str | None] = None
    """The endpoint's path, where ``reverse(payout_callback)`` cannot find it."""

    def setUp(self) -> None:
        """Have the endpoint accept the test kit's account."""
        super().setUp()
        self.cipher = None
        if not getattr(settings, "SKYPAY_PLAIN", False):
            from ...encryption import BodyCipher

            self.cipher = BodyCipher(ENCRYPTION_KEY)
        parser = CallbackParser(CREDENTIALS, cipher=self.cipher)
        config = mock.patch.dict(vars(apps.get_app_config("skypay_payout")), parser=parser)
        config.start()
        self.addCleanup(config.stop)

    def deliver(self, status: int = PayType.UPLOAD, **fields: object) -> Any:
        """Deliver a callback of that status; ``fields`` by wire name replace or add to what it holds."""
        return self.post(body(status, cipher=self.cipher, **fields))

    def post(self, content: bytes, client: Client | None = None) -> Any:
        """Deliver a body, and return the response."""
        client = client or self.client
        client.raise_request_exception = False
        url = self.url or reverse(payout_callback)
        return client.post(url, content, content_type="text/plain", secure=True)

    def work(self, *, seconds: float = 0) -> None:
        """Let the worker process what is due, and act on it, as if so many seconds had passed."""
        time = store.now() + timedelta(seconds=seconds)
        with mock.patch.object(worker, "now", return_value=time):
            worker.process(hook("SKYPAY_ON_CHANGE"))
            worker.dispatch(hook("SKYPAY_ACT") or do_nothing)

    def assert_acknowledged(self, response: Any) -> None:
        """Assert that SkyPay would take the callback as received."""
        self.assertEqual(response.status_code, 200)
        content = response.content if self.cipher is None else self.cipher.decrypt(response.content)
        self.assertEqual(json.loads(content)["responseCode"], "1000")


@override_settings(SKYPAY_ON_CHANGE=None, SKYPAY_ACT=None)
class EndpointTests(PayoutTestCase):
    """The endpoint keeps its promises in this project."""

    def test_callback_is_stored_once_and_acknowledged_each_time(self) -> None:
        for _ in range(2):
            self.assert_acknowledged(self.deliver())
        self.assertEqual(Event.objects.count(), 1)

    def test_invalid_callback_is_quarantined_and_acknowledged(self) -> None:
        for _ in range(2):
            self.assert_acknowledged(self.deliver(dealTime="yesterday"))
        self.assertEqual(QuarantinedCallback.objects.count(), 1)
        self.assertFalse(Event.objects.exists())

    def test_unauthenticated_and_too_large_bodies_are_rejected(self) -> None:
        self.assertEqual(self.deliver(authentication="wrong").status_code, 403)
        self.assertEqual(self.post(b" " * 65537).status_code, 413)
        self.assertFalse(Event.objects.exists() or QuarantinedCallback.objects.exists())

    def test_callback_needs_no_csrf_token(self) -> None:
        content = body(PayType.UPLOAD, cipher=self.cipher)
        self.assert_acknowledged(self.post(content, Client(enforce_csrf_checks=True)))

    def test_callback_that_cannot_be_stored_is_not_acknowledged(self) -> None:
        with connections[store.database()].execute_wrapper(mock.Mock(side_effect=DatabaseError)):
            self.assertEqual(self.deliver().status_code, 500)

    def test_state_does_not_depend_on_the_order_of_arrival(self) -> None:
        for content in out_of_order(CANCELLED_AND_PAID.bodies(cipher=self.cipher)):
            self.assert_acknowledged(self.post(content))
            self.work()
        self.assertEqual(Payout.objects.get().state.status, PayoutStatus.CONFLICTING)
