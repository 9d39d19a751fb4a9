"""Wrong endpoints, by the step that they get wrong. Importing this fills ``WRONG``."""

from tests.conformance.wrong import (
    acknowledging,
    authentication,
    fields,
    reading,
    rejecting,
    states,
    statuses,
)
from tests.conformance.wrong.registry import WRONG

__all__ = ["WRONG", "acknowledging", "authentication", "fields", "reading", "rejecting", "states", "statuses"]
