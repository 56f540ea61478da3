"""Where a request comes from: not as the client says, but as our own proxies say."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client(request: HttpRequest) -> str | None:
    """The address that counts for lock-outs; None when there is none (a socket file).

    Each of our PROXIES adds whom it heard from at the end of X-Forwarded-For; what stands before
    those was written by the client. Of IPv6 the network: its owner has all addresses of it.
    """
    hops = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    heard = hops[-settings.PROXIES] if 0 < settings.PROXIES <= len(hops) else ""
    return _known(heard) or _known(request.META.get("REMOTE_ADDR", ""))


def _known(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), 64), strict=False).network_address)
