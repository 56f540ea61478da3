"""Codat's OpenAPI file, read once: its operations, and a compiled validator for each schema.

The file's slips are put right on the way in, each with its reason beside it.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

HERE = "urn:codat"
ANY = "any"  # a body of which the file says nothing but that it is there
METHODS = ("get", "post", "put", "patch", "delete")
# What Codat's guides on errors and idempotency name for every endpoint, and the file for none.
# 400 and 404 are declared for some and happen to all: a body that is no JSON, an id of nobody.
UNDECLARED = frozenset({400, 404, 405, 408, 409, 413, 422, 502, 504})

_formats = FormatChecker(formats=())


@_formats.checks("uuid", raises=ValueError)
def _is_uuid(value: object) -> bool:
    return not isinstance(value, str) or bool(uuid.UUID(value))


@_formats.checks("uri", raises=ValueError)
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or bool(urlsplit(value).scheme)


@dataclass(frozen=True)
class Operation:
    """One verb on one path of the file. Pointers lead to schemas; "" is no body, ANY any."""

    method: str
    path: str
    params: Mapping[tuple[str, str], str]  # (place, name) -> pointer to its schema
    body: str
    needs_body: bool
    answers: Mapping[int, str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


class Document:
    def __init__(self, file: Path) -> None:
        self._content = _mended(json.loads(file.read_text(encoding="utf-8")))
        resource = Resource.from_contents(self._content, default_specification=DRAFT202012)
        self._registry: Registry[Any] = Registry().with_resource(HERE, resource)
        self.operations = list(self._operations())
        self._validators: dict[str, Draft202012Validator] = {}

    def find(self, method: str, segments: tuple[str, ...]) -> tuple[Operation | None, bool]:
        """The operation, and whether its path is known at all. Literal segments come first."""
        fitting = [each for each in self.operations if _fits(each.path, segments)]
        fitting.sort(key=lambda each: each.path.count("{"))
        right = [each for each in fitting if each.method == method]
        return (right[0] if right else None), bool(fitting)

    def wrong(self, pointer: str, value: Any) -> str:
        """What the schema at `pointer` says against `value`; "" when it fits."""
        if pointer == ANY:
            return ""
        error = best_match(self._validator(pointer).iter_errors(value))
        return _told(error) if error is not None else ""

    @property
    def error_body(self) -> str:
        return "#/components/schemas/ErrorMessage"

    def _validator(self, pointer: str) -> Draft202012Validator:
        if pointer not in self._validators:
            self._validators[pointer] = Draft202012Validator(
                {"$ref": HERE + pointer}, registry=self._registry, format_checker=_formats
            )
        return self._validators[pointer]

    def _operations(self) -> Iterator[Operation]:
        for path, item in self._content["paths"].items():
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method)

    def _operation(self, path: str, method: str) -> Operation:
        at = f"#/paths/{_escaped(path)}"
        found, here = self._content["paths"][path][method], f"{at}/{method}"
        params = [*self._params(f"{at}/parameters"), *self._params(f"{here}/parameters")]
        wanted, where = self._followed(f"{here}/requestBody")
        return Operation(
            method=method.upper(),
            path=path,
            params=dict(params),
            body=_json_of(wanted, where),
            needs_body=bool(wanted.get("required")),
            answers={
                int(status): _json_of(*self._followed(f"{here}/responses/{status}"))
                for status in found["responses"]
            },
        )

    def _params(self, pointer: str) -> Iterator[tuple[tuple[str, str], str]]:
        for number in range(len(self._at(pointer) or ())):
            param, where = self._followed(f"{pointer}/{number}")
            yield (param["in"], param["name"]), f"{where}/schema"

    def _followed(self, pointer: str) -> tuple[dict[str, Any], str]:
        """What stands there or where its `$ref` leads, and that place."""
        found = self._at(pointer) or {}
        return self._followed(found["$ref"]) if "$ref" in found else (found, pointer)

    def _at(self, pointer: str) -> Any:
        found: Any = self._content
        for part in pointer.removeprefix("#/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            found = found[int(key)] if isinstance(found, list) else found.get(key)
            if found is None:
                return None
        return found


@functools.cache
def load(file: str) -> Document:
    return Document(Path(file))


def _json_of(found: dict[str, Any], pointer: str) -> str:
    """Where the schema of its JSON stands; "" when it declares no body."""
    body = found.get("content", {}).get("application/json")
    if body is None:
        return ""
    return f"{pointer}/content/application~1json/schema" if "schema" in body else ANY


def _fits(path: str, segments: tuple[str, ...]) -> bool:
    wanted = path.strip("/").split("/")
    return len(wanted) == len(segments) and all(
        part.startswith("{") or part == given for part, given in zip(wanted, segments, strict=True)
    )


def _escaped(path: str) -> str:
    return path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _mended(value: Any) -> Any:
    """The document without its slips."""
    if isinstance(value, list):
        return [_mended(each) for each in value]
    if not isinstance(value, dict):
        return value
    made = {name: _mended(each) for name, each in value.items()}
    # Every account of version 2 fits version 1 too, so that "exactly one" is never true.
    if "oneOf" in made:
        made["anyOf"] = made.pop("oneOf")
    # A word of OpenAPI 3.0, which 3.1 reads over, and Codat's answers hold to it.
    return _or_null(made) if made.pop("nullable", False) is True else made


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema or "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    more = {"enum": [*schema["enum"], None]} if "enum" in schema else {}
    return {**schema, **more, "type": [schema["type"], "null"]}


def _told(error: ValidationError) -> str:
    deepest = min(error.context, key=lambda each: -len(each.absolute_path), default=error)
    where = "/".join(map(str, deepest.absolute_path)) or "the whole"
    return f"{where}: {deepest.message[:300]}"
