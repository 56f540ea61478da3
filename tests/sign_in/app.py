"""An authenticator app as a person holds it: shows the code of a secret at a time."""

from __future__ import annotations

import base64
import hmac
import re
import struct
import time


class App:
    """By RFC 6238, written a second time: the portal's own would agree with its own mistakes."""

    def __init__(self, secret: str) -> None:
        self._key = base64.b32decode(secret.replace(" ", ""))

    @classmethod
    def scanned(cls, page: str) -> App:
        """With the secret as it stands on the page."""
        found = re.search(r'sign-in-secret">([A-Z2-7 ]+)<', page)
        assert found, page
        return cls(found[1])

    def code(self, *, later: float = 0) -> str:
        counter = struct.pack(">Q", int(time.time() + later) // 30)
        digest = hmac.digest(self._key, counter, "sha1")
        start = digest[-1] & 15
        number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
        return f"{number % 1_000_000:06d}"
