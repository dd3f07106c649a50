"""One JSON request over HTTP, its failures sorted into those that may pass and those that will not."""

import email.utils
import http.client
import json
import time
from urllib.parse import urlsplit

from burnish.errors import UsageError

MAX_ANSWER_BYTES = 256_000_000
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REMEDIES = {
    401: "Check OPENAI_API_KEY.",
    403: "Check OPENAI_API_KEY and what it may use.",
    404: "Check the model's name and OPENAI_BASE_URL.",
    400: "Check the model's name, and that it takes texts of this length.",
}


class PassingError(Exception):
    """A failure that may pass; `retry_after_seconds` is what the server asked for, if it did."""

    def __init__(self, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RefusedError(Exception):
    """A failure that the same request would meet again."""

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class JsonEndpoint:
    """POSTs JSON to one URL, a new connection each time; follows no redirect, so the key stays with its host."""

    def __init__(self, url: str, key: str | None, timeout_seconds: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(f"{url!r} is not an http or https URL.", remedy="Set OPENAI_BASE_URL to one.")
        self.url = url
        self._parts = parts
        self._timeout = timeout_seconds
        self._headers = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "burnish"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"

    def post(self, document: object) -> object:
        """Give the JSON answer; raises PassingError or RefusedError."""
        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(str(self._parts.hostname), self._parts.port, timeout=self._timeout)
        try:
            connection.request("POST", self._parts.path, json.dumps(document).encode(), self._headers)
            with connection.getresponse() as response:
                body = response.read(MAX_ANSWER_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise PassingError(f"no answer ({type(error).__name__}: {error})") from error
        finally:
            connection.close()
        if response.status != 200:
            raise _failure(response.status, response.getheader("Retry-After"), body)
        try:
            answer: object = json.loads(body)
        except ValueError as error:
            raise PassingError(f"the answer is not JSON ({error})") from error
        return answer


def _failure(status: int, retry_after: str | None, body: bytes) -> PassingError | RefusedError:
    said = " ".join(body[:300].decode("utf-8", "replace").split())
    message = f"HTTP {status} {said}".strip()
    if status in _PASSING:
        return PassingError(message, retry_after_seconds=_seconds(retry_after))
    return RefusedError(message, remedy=_REMEDIES.get(status, "Check OPENAI_BASE_URL."))


def _seconds(retry_after: str | None) -> float | None:
    """Read the header's two forms: seconds, or a date (RFC 9110, section 10.2.3)."""
    if not retry_after:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None
