"""The entrance of all commands: one line for scripts, words for people, no tracebacks."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bankfeeds.codat import errors
from bankfeeds.management.entrance import PortalCommand
from tests import support


class Talking(PortalCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        self.say("Says é")
        self.answer({"n": 1})
        self.warn("warns")


class Failing(PortalCommand):
    error: BaseException = errors.NotSent("x")

    def handle(self, *args: Any, **options: Any) -> None:
        raise self.error


def call(command: PortalCommand, *arguments: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_with_json_only_the_answer_is_on_standard_output() -> None:
    out, err = call(Talking(), "--json")
    assert out == '{"n": 1}\n' and err == "Says é\nwarns\n"


def test_without_json_words_are_on_standard_output() -> None:
    assert call(Talking()) == ("Says é\n", "warns\n")


def test_an_error_of_codat_becomes_words() -> None:
    with pytest.raises(CommandError, match="Codat could not be reached. Nothing was created"):
        call(Failing())


def test_an_interrupt_becomes_words() -> None:
    command = Failing()
    command.error = KeyboardInterrupt()
    with pytest.raises(CommandError, match="Stopped") as stopped:
        call(command)
    assert stopped.value.returncode == 130


@pytest.mark.parametrize("command", ["onboard", "renew_link", "sync"])
def test_help_speaks_to_a_newcomer(command: str) -> None:
    done = manage(command, "--help")
    assert done.returncode == 0 and "--json" in done.stdout and "Codat" in done.stdout


@pytest.mark.django_db(transaction=True)
def test_a_real_process_answers_in_one_line_and_exits_accordingly(sandbox: Any) -> None:
    good = manage("sync", "--json")
    assert good.returncode == 0 and json.loads(good.stdout)["problems"] == []
    assert len(good.stdout.splitlines()) == 1
    support.make_connection()
    bad = manage("sync", "--json", CODAT_API_KEY="another key")
    assert bad.returncode == 1 and bad.stdout == "" and "Traceback" not in bad.stderr
    assert "Codat does not accept our key" in bad.stderr


def manage(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(support.ROOT / "manage.py"), *arguments],
        env=support.process_environment(**changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
