#!/usr/bin/env python3
"""Registers a lead, waits until its journey has ended, and verifies webhook messages.

Needs Python 3.9 and nothing besides its standard library:

    KOHOMAI_URL=http://127.0.0.1:8080 KOHOMAI_API_KEY=koh_test_... python3 example.py ann@example.com

`python3 example.py verify SECRET` reads {"headers": {...}, "body": "..."} from standard
input and exits 0 when the message is genuine.
"""

import base64
import binascii
import hashlib
import hmac
import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ATTEMPTS = 4
MOST_RETRY_AFTER = 60  # seconds; what asks for more is not waited for


class KohomaiError(Exception):
    """A refusal: decide by status and code."""

    def __init__(self, status, problem, retry_after=0.0):
        self.status = status
        self.code = problem.get("Code", "")
        self.request_id = problem.get("RequestId", "")
        self.errors = problem.get("Errors", [])
        self.retry_after = retry_after
        wrong = "".join(f"\n  {e['Field']}: {e['Message']}" for e in self.errors)
        super().__init__(f"{status} {self.code}: {problem.get('detail', '')}{wrong}")

    def temporary(self):
        return self.status == 429 or self.status >= 500 or self.code == "idempotency_key_in_use"


def call(method, path, body=None, idempotency_key=None):
    """Calls the API; repeats what failed for the moment, a POST under its key only."""
    headers = {"Authorization": "Bearer " + os.environ["KOHOMAI_API_KEY"]}
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    if idempotency_key:
        headers["Idempotency-Key"] = idempotency_key
    request = urllib.request.Request(
        os.environ["KOHOMAI_URL"].rstrip("/") + "/api/v1" + path, data=data, headers=headers, method=method
    )
    repeatable = method == "GET" or idempotency_key is not None
    for attempt in range(1, ATTEMPTS + 1):
        wait = random.random() * 0.25 * 2**attempt
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            error = problem_of(refused)
            if not repeatable or not error.temporary() or attempt == ATTEMPTS or error.retry_after > MOST_RETRY_AFTER:
                raise error from None
            wait += error.retry_after
        except (OSError, http.client.HTTPException):
            if not repeatable or attempt == ATTEMPTS:
                raise
        time.sleep(wait)
    raise AssertionError("unreachable")


def problem_of(refused):
    try:
        problem = json.load(refused)
    except (ValueError, OSError, http.client.HTTPException):
        problem = {}  # not kohomai's, such as a proxy's page
    try:
        after = float(refused.headers.get("Retry-After", "0"))
    except ValueError:
        after = 0.0
    return KohomaiError(refused.code, problem if isinstance(problem, dict) else {}, after)


def wait_for_end(journey, seconds=60.0):
    """Waits until a journey is Converted, NotQualified or Cancelled."""
    deadline, poll = time.monotonic() + seconds, 0.2
    while True:
        found = call("GET", f"/journeys/{journey}")
        if found["Status"] in ("Converted", "NotQualified", "Cancelled"):
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"journey {journey} is still {found['Status']}")
        time.sleep(poll)
        poll = min(poll * 1.5, 5.0)


def verify(body, headers, secret, tolerance=300):
    """Returns the message of a webhook, or raises ValueError when it is not genuine.

    body is the bytes exactly as they came; the names of headers are lower-case.
    """
    message, timestamp = headers.get("webhook-id"), headers.get("webhook-timestamp", "")
    if not message or not timestamp.isdigit():
        raise ValueError("the headers of a webhook message are missing")
    if abs(time.time() - int(timestamp)) > tolerance:
        raise ValueError("the message is too old or too new")
    try:
        key = base64.b64decode(secret[len("whsec_"):] if secret.startswith("whsec_") else secret, validate=True)
    except binascii.Error:
        raise ValueError("the secret is not one of kohomai's") from None
    expected = hmac.new(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    for signature in headers.get("webhook-signature", "").split(" "):
        version, _, given = signature.partition(",")
        if version == "v1" and hmac.compare_digest(given.encode(), base64.b64encode(expected)):
            return json.loads(body)
    raise ValueError("no signature matches")


def register(email):
    # The key names the cause, so that running this again registers nobody twice.
    lead = call("POST", "/leads?" + urllib.parse.urlencode({"ref": "demo-auto"}), {"Email": email}, "python-example-" + email)
    print(f"lead {lead['Id']} is on journey {lead['Journey']['Id']}")
    journey = wait_for_end(lead["Journey"]["Id"])
    if journey["Status"] != "Converted":
        raise SystemExit(f"journey {journey['Id']} ended as {journey['Status']}")
    print(f"journey {journey['Id']} is Converted")


def main(arguments):
    if arguments[:1] == ["verify"]:
        given = json.load(sys.stdin)
        try:
            print(verify(given["body"].encode(), given["headers"], arguments[1])["type"])
        except ValueError as wrong:
            raise SystemExit(str(wrong)) from None
        return
    try:
        register(arguments[0] if arguments else "purchasing@amazon.com")
    except KohomaiError as refused:
        raise SystemExit(str(refused)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
