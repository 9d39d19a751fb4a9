"""The FastAPI recipe tells OpenAPI what it takes and what it answers, and does as it tells."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.specs.openapi.schemas import OpenApiSchema

from servers import copy_examples
from skypay_payout import schema
from skypay_payout.testing import AUTHENTICATION, USER_NAME

pytestmark = pytest.mark.heavy

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """The recipe, in this process, storing in a file of its own."""
    copy_examples(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("SKYPAY_USER_NAME", USER_NAME)
    monkeypatch.setenv("SKYPAY_AUTHENTICATION", AUTHENTICATION)
    monkeypatch.delenv("SKYPAY_ENCRYPTION_KEY", raising=False)
    yield importlib.import_module("fastapi_app").app
    for name in ("fastapi_app", "sqlite_store"):
        del sys.modules[name]


def test_its_page_shows_the_schemas(app: FastAPI) -> None:
    operation = app.openapi()["paths"]["/callback"]["post"]
    assert operation["requestBody"]["content"]["application/json"]["schema"] == schema.CALLBACK
    assert operation["responses"]["200"]["content"]["text/plain"]["schema"] == schema.ACKNOWLEDGEMENT


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_it_answers_whatever_is_generated_from_them_as_it_tells(app: FastAPI, mode: GenerationMode) -> None:
    described: OpenApiSchema = schemathesis.openapi.from_asgi("/openapi.json", app)
    cases = described["/callback"]["POST"].as_strategy(generation_mode=mode)
    answered = set[int]()

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(cases, st.booleans())
    def answers_as_it_tells(case: Case[Any], from_skypay: bool) -> None:
        if from_skypay and isinstance(case.body, dict):
            case.body |= {"userName": USER_NAME, "authentication": AUTHENTICATION}
        # Not those that want the invalid refused: what SkyPay sent is acknowledged all the same.
        answered.add(case.call_and_validate(checks=CHECKS).status_code)

    answers_as_it_tells()
    assert {200, 401} <= answered
