"""The error tree of the client, cut by what may be done next, not by where it broke.

CodatError
├── NotSent            a write that surely never left us: send again whenever you like
├── Uncertain          a write that is perhaps there: same key and same bytes, or look first
│   ├── ServerFault    … a 5xx, which the same key would only replay: look, then a new key
│   └── GarbledWrite   … a 2xx or 3xx whose body does not fit (also a Garbled)
├── Unavailable        a read that failed or got a 5xx: nothing was changed, read again
├── Refused            a 4xx: nothing was done; the words say why
│   ├── KeyRefused       401, 403   everything with this API key waits
│   ├── PaymentRequired  402        company limit or an expired Codat account
│   ├── Absent           404
│   ├── Throttled        429        wait `retry_after`; the same key may be used again
│   └── KeyReused        422        the idempotency key has already carried another body
└── Garbled            an answer that was not understood
    └── GarbledWrite

`except Uncertain` around a write catches every "perhaps there". Never in the text of an error:
API key, link URL, account number.
"""

from __future__ import annotations

from collections.abc import Iterable

from bankfeeds.codat.shapes import ValidationItem


class CodatError(Exception):
    """Base of everything the client raises about Codat.

    words: Codat's own short words, else ours. status: HTTP status or None where no answer came.
    correlation_id: what Codat's support asks for, "" if unknown. validation: Codat's reasons.
    """

    def __init__(
        self,
        words: str,
        *,
        status: int | None = None,
        correlation_id: str = "",
        validation: Iterable[ValidationItem] = (),
    ) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.correlation_id = correlation_id
        self.validation: list[ValidationItem] = list(validation)

    def __str__(self) -> str:
        return self.words if self.status is None else f"{self.status}: {self.words}"


class NotSent(CodatError):
    """A write that surely never reached Codat: refused, no such host, no TLS, no time to begin."""


class Uncertain(CodatError):
    """A write that is perhaps at Codat: reset, read timeout, cut answer, deadline, 408, 409."""


class ServerFault(Uncertain):
    """A 5xx to a write: effect unknown, and the same idempotency key would only replay it."""


class Unavailable(CodatError):
    """A read that brought no answer, half an answer, or a 5xx."""


class Refused(CodatError):
    """A 4xx: Codat did nothing, and says why."""


class KeyRefused(Refused):
    """401 or 403: Codat does not accept the API key."""


class PaymentRequired(Refused):
    """402: the company limit is reached or the account with Codat has expired."""


class Absent(Refused):
    """404: Codat knows no such thing, or not under this API key."""


class Throttled(Refused):
    """429: too many requests. `retry_after`: seconds (1 s to 24 h), None if Codat did not say."""

    def __init__(
        self,
        words: str,
        *,
        status: int | None = None,
        correlation_id: str = "",
        validation: Iterable[ValidationItem] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(words, status=status, correlation_id=correlation_id, validation=validation)
        self.retry_after = retry_after


class KeyReused(Refused):
    """422: this idempotency key was used before with another body."""


class Garbled(CodatError):
    """An answer that does not fit what Codat publishes: not JSON, fields missing, too large."""


class GarbledWrite(Garbled, Uncertain):
    """A write was answered, but the answer does not fit: it is perhaps there."""
