"""Pytest plugin: takes down every exchange of every sandbox in this process and judges it.

At the sandbox's side, so that what real worker processes send is seen as well; sandboxes that tests
start as processes judge by themselves (`child`), but for the demo's, whose environment is its own.
A test that sends
garbage on purpose says so with `@pytest.mark.off_contract("why")`; its answers are judged all the
same. An answer that a test ordered to be a fault is let off, its request is not.
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from . import judge
from .document import Document, load
from .judge import Exchange

if TYPE_CHECKING:
    from bankfeeds.sandbox.api import Api, Reply
    from bankfeeds.sandbox.endpoints import Request

VARIABLE = "CODAT_OPENAPI"
FOLDER = "CONTRACT_FOLDER"
MARK = "off_contract"
KEY = "contract"
REQUESTS, ANSWERS = "requests", "answers"


def file_named() -> str:
    """The OpenAPI file, "" when none is named."""
    return os.environ.get(VARIABLE, "")


def child() -> dict[str, str]:
    """What the environment of a sandbox in a process of its own needs on top."""
    if not file_named() or FOLDER not in os.environ:
        return {}
    names = {name: os.environ[name] for name in (VARIABLE, FOLDER)}
    return {**names, "DJANGO_SETTINGS_MODULE": "tests.contract.child"}


class Verdict(NamedTuple):
    """Of one exchange: what is wrong, each with the exchange shown; why it is let off."""

    request: list[str]
    answer: list[str]
    excused: str = ""
    is_fault: bool = False


class Verdicts:
    """What has been judged so far, and what is not judged yet."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.open: list[Exchange] = []
        self.counted: Counter[str] = Counter()
        self.let_off: Counter[str] = Counter()
        self._read: dict[Path, int] = {}  # how far, of the files of processes

    def take(self, exchange: Exchange) -> None:
        self.open.append(exchange)

    def judged(self, *, off: str = "") -> list[str]:
        """Judge all that came in since; answers the violations. off: why requests are let off."""
        exchanges, self.open = self.open, []
        verdicts = [*map(self.judge, exchanges), *self._of_children()]
        return [text for each in verdicts for text in self._counted(each, off=off)]

    def judge(self, exchange: Exchange) -> Verdict:
        if why := judge.excused(exchange):
            return Verdict([], [], why)
        request = dict.fromkeys(judge.wrong_request(self.document, exchange))
        answer = dict.fromkeys(judge.wrong_answer(self.document, exchange))
        shown = exchange.shown() if request or answer else ""
        return Verdict(
            [f"{text}\n  {shown}" for text in request],
            [f"{text}\n  {shown}" for text in answer],
            is_fault=bool(exchange.fault),
        )

    def _counted(self, verdict: Verdict, *, off: str) -> list[str]:
        if verdict.excused:
            self.let_off[verdict.excused] += 1
            return []
        if off:
            self.let_off["garbage sent on purpose"] += 1
        else:
            self.counted[REQUESTS] += 1
        if verdict.is_fault:
            self.let_off["faults ordered"] += 1
        else:
            self.counted[ANSWERS] += 1
        return [*([] if off else verdict.request), *([] if verdict.is_fault else verdict.answer)]

    def _of_children(self) -> Iterator[Verdict]:
        """What sandboxes in processes of their own have written since."""
        for file in Path(os.environ.get(FOLDER, "/nowhere")).glob("*.jsonl"):
            with file.open() as lines:
                lines.seek(self._read.get(file, 0))
                for line in iter(lines.readline, ""):
                    if not line.endswith("\n"):
                        break
                    self._read[file] = lines.tell()
                    yield Verdict(**json.loads(line))


def over_every_sandbox(verdicts: Verdicts) -> None:
    """Have every sandbox that this process runs tell of its exchanges."""
    from bankfeeds.sandbox.api import Api

    reply = Api.reply

    @functools.wraps(reply)
    def told(self: Api, request: Request) -> Reply:
        answered = reply(self, request)
        verdicts.take(exchange_of(request, answered))
        return answered

    Api.reply = told  # type: ignore[method-assign]


def exchange_of(request: Request, reply: Reply) -> Exchange:
    answer = reply.answer
    return Exchange(
        method=request.method,
        segments=request.segments,
        params=request.params,
        body=request.body,
        status=answer.status,
        answer=answer.body,
        content_type=answer.content_type,
        fault=reply.fault.kind if reply.fault else "",
    )


class Watch:
    """The hooks: a test with a violation fails, and one line at the end says what was judged."""

    def __init__(self, config: pytest.Config, verdicts: Verdicts) -> None:
        self.config, self.verdicts = config, verdicts
        self.late: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        answered = yield
        mark = item.get_closest_marker(MARK)
        found = self.verdicts.judged(off=mark.args[0] if mark else "")
        if found:
            pytest.fail("Against Codat's OpenAPI file:\n" + "\n".join(found[:10]), pytrace=False)
        return answered

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """What came in after the last test counts too."""
        self.late += self.verdicts.judged()
        sums = {"counted": dict(self.verdicts.counted), "let_off": dict(self.verdicts.let_off)}
        output = getattr(self.config, "workeroutput", None)
        if output is not None:
            output[KEY] = {**sums, "late": self.late}
        if self.late:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_unconfigure(self) -> None:
        shutil.rmtree(os.environ.pop(FOLDER), ignore_errors=True)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A process of xdist has ended: its sums are added here."""
        told = getattr(node, "workeroutput", {}).get(KEY)
        if told:
            self.verdicts.counted.update(told["counted"])
            self.verdicts.let_off.update(told["let_off"])
            self.late += told["late"]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for each in self.late:
            terminalreporter.write_line(each, red=True)
        terminalreporter.write_line(summary(self.verdicts))


def summary(verdicts: Verdicts) -> str:
    let_off = ", ".join(f"{why}: {n}" for why, n in sorted(verdicts.let_off.items())) or "none"
    return (
        f"Codat's OpenAPI file: {verdicts.counted[REQUESTS]} requests and"
        f" {verdicts.counted[ANSWERS]} answers were checked. Let off: {let_off}."
    )


def install(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", f"{MARK}(why): sends what Codat's OpenAPI file forbids, on purpose"
    )
    if file := file_named():
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="portal-contract-")
        verdicts = Verdicts(load(file))
        over_every_sandbox(verdicts)
        config.pluginmanager.register(Watch(config, verdicts), KEY)
