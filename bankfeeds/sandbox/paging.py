"""Codat's paging envelope, its query string (`=`, `!=`, `~`, `&&`) and `orderBy`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from .answers import invalid_field, refuse

MOST = 5000
LONGEST_QUERY = 2048
CLAUSE = re.compile(r"\s*([A-Za-z_][\w.]*)\s*(!=|=|~)\s*(.*?)\s*", re.DOTALL)

Record = dict[str, Any]
Clause = tuple[str, str, str]


def page(
    path: str,
    records: list[Record],
    *,
    params: Mapping[str, str],
    show: Callable[[Record], Record] = dict,
) -> Record:
    """One page with relative links; only what is on it is `show`n, since there may be many."""
    number = _whole(params, "page", default=1, most=10**9)
    size = _whole(params, "pageSize", default=100, most=MOST)
    wanted = clauses(params.get("query", ""))
    found = [each for each in records if _matches(each, wanted)] if wanted else records
    found = _sorted(found, params.get("orderBy", ""))
    start = (number - 1) * size

    def href(n: int) -> Record:
        kept = {name: params[name] for name in ("query", "orderBy", "tags") if params.get(name)}
        return {"href": f"{path}?{urlencode({'page': n, 'pageSize': size, **kept})}"}

    links = {"self": {"href": path}, "current": href(number)}
    if start + size < len(found):
        links["next"] = href(number + 1)
    if number > 1:
        links["previous"] = href(number - 1)
    return {
        "results": [show(each) for each in found[start : start + size]],
        "pageNumber": number,
        "pageSize": size,
        "totalResults": len(found),
        "_links": links,
    }


def clauses(query: str) -> list[Clause]:
    """`a=b&&c~d` as clauses; anything else is a malformed query."""
    if not query.strip():
        return []
    if len(query) >= LONGEST_QUERY:
        raise _malformed()
    found = [CLAUSE.fullmatch(part) for part in query.split("&&")]
    if not all(found):
        raise _malformed()
    return [(each[1], each[2], each[3]) for each in found if each]


def with_tags(records: list[Record], tags: str) -> list[Record]:
    wanted = clauses(tags)
    return [each for each in records if all(_tag_fits(each, clause) for clause in wanted)]


def _tag_fits(record: Record, clause: Clause) -> bool:
    name, operator, wanted = clause
    value = (record.get("tags") or {}).get(name)
    return value is not None and _compare(value, operator, wanted)


def _matches(record: Record, wanted: list[Clause]) -> bool:
    for name, operator, value in wanted:
        values = list(_values(record, name.split("."), whole=name))
        if not any(_compare(each, operator, value) for each in values):
            return False
    return True


def _values(record: Record, names: list[str], *, whole: str) -> Iterator[Any]:
    """What a dotted name stands for; a list gives the values of all its elements."""
    if names[0] not in record and names[0] not in ("description", "tags", "completedOnUtc"):
        text = f"Error parsing query - Could not resolve property {whole} on Dataset"
        raise refuse(400, error=text, service="PullApi")
    value = record.get(names[0])
    if len(names) == 1:
        yield value
        return
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield from _values(each, names[1:], whole=whole)


def _compare(value: Any, operator: str, wanted: str) -> bool:
    have, want = ("" if value is None else str(value)).lower(), wanted.lower()
    if operator == "~":
        return want in have
    return (have == want) is (operator == "=")


def _sorted(records: list[Record], order_by: str) -> list[Record]:
    name = order_by.strip().removeprefix("-")
    if not name:
        return records
    if records and not any(name in each for each in records):
        raise invalid_field("orderBy", f"Cannot order by {name}.")
    return sorted(
        records, key=lambda each: str(each.get(name) or ""), reverse=order_by.startswith("-")
    )


def _whole(params: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    text = params.get(name) or str(default)
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= most:
        raise invalid_field(name, f"{name} must be a whole number from 1 to {most}.")
    return int(text)


def _malformed() -> Exception:
    return refuse(400, error="Error parsing query - Malformed query.", service="ClientsApi")
