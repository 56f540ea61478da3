"""The files that the page gives to others' programs are ones that these programs take."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import pytest

from tests.production import recipe

UNITS = ("portal-web.service", "portal-worker.service", "portal-backup.service")


def taken(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr


@pytest.mark.skipif(not which("systemd-analyze"), reason="systemd is not here.")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    files = [tmp_path / name for name in (*UNITS, "portal-backup.timer")]
    for each in files:
        text = recipe.file(f"/etc/systemd/system/{each.name}")
        each.write_text(text.replace("/opt/portal/.venv/bin/", "/usr/bin/env "))
    taken("systemd-analyze", "verify", "--man=no", *map(str, files))


@pytest.mark.skipif(not which("nginx"), reason="nginx is not here.")
def test_nginx_takes_the_site(tmp_path: Path) -> None:
    certificate = tmp_path / "both.pem"
    _certify(certificate)
    site = recipe.file("/etc/nginx/sites-available/portal")
    for ending in ("pem", "key"):
        site = site.replace(f"/etc/ssl/feeds.example.com.{ending}", str(certificate))
    # Ports that anybody may open.
    site = site.replace("listen 443", "listen 127.0.0.1:8443").replace("listen 80", "listen 8080")
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ access_log off; {site} }}"
    )
    taken("nginx", "-t", "-q", "-c", str(whole))


def _certify(both: Path) -> None:
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x"]
    subprocess.run([*made, "-keyout", both, "-out", f"{both}.crt"], check=True, capture_output=True)
    both.write_text(both.read_text() + Path(f"{both}.crt").read_text())
