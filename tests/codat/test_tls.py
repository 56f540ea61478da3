"""The same promises over TLS, which is how the real Codat is reached."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bankfeeds.codat import transport
from bankfeeds.codat.errors import NotSent, Uncertain
from tests.codat.faultserver import FaultServer, Line, answer
from tests.codat.support import COMPANY, COMPANY_ANSWER, HURRIED, KEY, client


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a key and a certificate for 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    transport.close()
    yield
    transport.close()


def test_authorities_are_read_once_for_threads_that_begin_together(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))
    together = threading.Barrier(16)

    def begin(_number: int) -> Any:
        together.wait()
        adapter: Any = transport.new_session().get_adapter("https://x")
        return adapter.poolmanager.connection_pool_kw["ssl_context"]

    with ThreadPoolExecutor(16) as threads:
        assert len({id(context) for context in threads.map(begin, range(16))}) == 1


def test_a_certificate_that_nobody_vouches_for_is_not_sent(tls: ssl.SSLContext) -> None:
    with FaultServer(answer(200, COMPANY_ANSWER), tls=tls) as server, pytest.raises(NotSent):
        client(server.url).create_company(b"{}", key=KEY)
    assert server.seen == []


def test_the_environment_cannot_vouch_for_one(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with FaultServer(answer(200, COMPANY_ANSWER), tls=tls) as server, pytest.raises(NotSent):
        client(server.url).create_company(b"{}", key=KEY)


@pytest.mark.usefixtures("trusted")
def test_answers_come_over_one_kept_connection(tls: ssl.SSLContext) -> None:
    with FaultServer(answer(200, COMPANY_ANSWER), tls=tls) as server:
        codat = client(server.url)
        for _ in range(3):
            assert codat.create_company(b"{}", key=KEY).id == COMPANY
    assert (len(server.seen), server.connections) == (3, 1)


@pytest.mark.usefixtures("trusted")
def test_a_certificate_for_another_name_is_not_sent(tls: ssl.SSLContext) -> None:
    with FaultServer(answer(200, COMPANY_ANSWER), tls=tls) as server, pytest.raises(NotSent):
        client(server.url.replace("127.0.0.1", "localhost")).create_company(b"{}", key=KEY)
    assert server.seen == []


@pytest.mark.usefixtures("trusted")
def test_the_deadline_holds(tls: ssl.SSLContext) -> None:
    def drip(line: Line) -> None:
        line.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"z" * 500, every=0.1)

    began = time.monotonic()
    with FaultServer(drip, tls=tls) as server:
        with pytest.raises(Uncertain, match="in time"):
            client(server.url, timings=HURRIED).create_company(b"{}", key=KEY)
        assert time.monotonic() - began < HURRIED.deadline + 2


@pytest.mark.usefixtures("trusted")
def test_a_line_that_breaks_after_the_request_is_uncertain(tls: ssl.SSLContext) -> None:
    with FaultServer(lambda line: line.reset(), tls=tls) as server, pytest.raises(Uncertain):
        client(server.url).create_company(b"{}", key=KEY)
    assert len(server.seen) == 1
