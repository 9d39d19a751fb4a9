"""A hand-written endpoint with common mistakes, to show what the conformance check says about them."""

import json
import os
from datetime import datetime, timedelta, timezone

from flask import Flask, request

from skypay_payout.encryption import BodyCipher

app = Flask(__name__)
cipher = BodyCipher(os.environ["SKYPAY_ENCRYPTION_KEY"])


@app.post("/callback")
def callback() -> tuple[bytes, int]:
    fields = json.loads(cipher.decrypt(request.get_data()))  # a duplicate field is not noticed
    if fields["authentication"] != os.environ["SKYPAY_AUTHENTICATION"]:
        return b"", 403
    if int(fields["payType"]) > 6:  # a new status is lost
        return b"", 400
    now = f"{datetime.now(timezone(timedelta(hours=8))):%Y-%m-%d %H:%M:%S.%f}"[:-2]
    response = {"responseTime": now, "responseCode": "1000", "responseDescription": "Success"}
    return cipher.encrypt(json.dumps(response).encode()), 200
