"""Pytest plugin: takes down every exchange of every sandbox in this process and judges it.

At the sandbox's side, so that what real worker processes send is seen as well. A test that sends
garbage on purpose says so with `@pytest.mark.off_contract("why")`; its answers are judged all the
same. An answer that a test ordered to be a fault is let off, its request is not.
"""

from __future__ import annotations

import functools
import os
from collections import Counter
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from . import judge
from .document import Document, load
from .judge import Exchange

if TYPE_CHECKING:
    from bankfeeds.sandbox.api import Api, Reply
    from bankfeeds.sandbox.endpoints import Request

VARIABLE = "CODAT_OPENAPI"
MARK = "off_contract"
KEY = "contract"
REQUESTS, ANSWERS = "requests", "answers"


def file_named() -> str:
    """The OpenAPI file, "" when none is named."""
    return os.environ.get(VARIABLE, "")


class Verdicts:
    """What has been judged so far, and what is not judged yet."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.open: list[Exchange] = []
        self.counted: Counter[str] = Counter()
        self.let_off: Counter[str] = Counter()

    def take(self, exchange: Exchange) -> None:
        self.open.append(exchange)

    def judged(self, *, off: str = "") -> list[str]:
        """Judge all that came in since; answers the violations. off: why requests are let off."""
        exchanges, self.open = self.open, []
        found: list[str] = []
        for exchange in exchanges:
            found.extend(self._of_one(exchange, off=off))
        return found

    def _of_one(self, exchange: Exchange, *, off: str) -> list[str]:
        if why := judge.excused(exchange):
            self.let_off[why] += 1
            return []
        wrong: list[str] = []
        if off:
            self.let_off["garbage sent on purpose"] += 1
        else:
            self.counted[REQUESTS] += 1
            wrong += judge.wrong_request(self.document, exchange)
        if exchange.fault:
            self.let_off["faults ordered"] += 1
        else:
            self.counted[ANSWERS] += 1
            wrong += judge.wrong_answer(self.document, exchange)
        return [f"{text}\n  {exchange.shown()}" for text in dict.fromkeys(wrong)]


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
        verdicts = Verdicts(load(file))
        over_every_sandbox(verdicts)
        config.pluginmanager.register(Watch(config, verdicts), KEY)
