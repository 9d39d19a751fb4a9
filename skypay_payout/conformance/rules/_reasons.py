"""Where the specification says so, and what it costs: texts that several rules share."""

LOST = "SkyPay gets no acknowledgement, and section 3.2 does not promise that it sends the callback again."
FORGED = "Anyone who finds the URL can report a payout as paid or failed."
UNKNOWN = "Its sender is not authenticated, and its content is lost once it is acknowledged."
ADDED = f"SkyPay added fields three times. {LOST}"

ANY_STATUS = "section 3.2: whatever status was received, only responseCode 1000 may be returned"
INVALID = f"{ANY_STATUS}; points 2 to 9 say what is invalid"
SECRET = "section 3.2: authentication"  # noqa: S105  the name of a field
RESPONSE = "section 3.2: the response"
JSON = "point 1: JSON"
TIME = "point 5: dealTime"
HISTORY = "point 10: callbacks arrive repeated and out of order"
REPEATS = "callbacks arrive repeated and out of order, and carry no event id"
ENCRYPTION = "bodies are encrypted: AES-128-ECB, PKCS#7, standard Base64, perhaps in lines"
EXCHANGE = "the exchange: a POST with content type text/plain"
AT_ONCE = "callbacks arrive at the same time"
STATE = "each callback stands for itself"
