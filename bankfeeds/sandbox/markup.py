"""HTML of the sandbox's pages: one frame, escaped text, no script and no inline style."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

from .answers import HTML, Answer

STYLE = Path(__file__).with_name("sandbox.css")
HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
)
BRANDS = {
    "sandbox": "Sandbox",
    "codat": "Bank feeds by Codat (sandbox)",
    "quickbooks": "QuickBooks Online (simulated)",
}


def page(
    title: str,
    *parts: str,
    brand: str = "sandbox",
    brand_name: str = "",
    language: str = "en",
    status: int = 200,
) -> Answer:
    """A whole page; `parts` are HTML already. `brand_name`: if not the English one."""
    name = escape(brand_name or BRANDS[brand])
    text = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)} - {name}</title>"
        '<link rel="stylesheet" href="/sandbox.css"></head>'
        f'<body class="{brand}"><header><p>{name}</p></header>'
        f"<main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>"
    )
    return Answer(status, text.encode("utf-8", "replace"), HTML, HEADERS)


def style() -> Answer:
    return Answer(200, STYLE.read_bytes(), "text/css; charset=utf-8", HEADERS)


def see_other(path: str) -> Answer:
    return Answer(303, b"", HTML, (*HEADERS, ("Location", path)))


def p(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def alert(text: str) -> str:
    return f'<p class="alert" role="alert">{escape(text)}</p>'


def note(text: str) -> str:
    return f'<p class="note" role="status">{escape(text)}</p>'


def link(href: str, text: str, *, language: str = "") -> str:
    """`language`: of the text and of the page that it leads to, where it is another."""
    tongue = f' lang="{language}" hreflang="{language}"' if language else ""
    return f'<a href="{escape(href)}"{tongue}>{escape(text)}</a>'


def listing(texts: Iterable[str], *, ordered: bool = False) -> str:
    tag = "ol" if ordered else "ul"
    return f"<{tag}>{''.join(f'<li>{escape(text)}</li>' for text in texts)}</{tag}>"


def form(action: str, *parts: str, button: str, method: str = "post", look: str = "") -> str:
    """`look` is `quiet` for what is not the page's main act."""
    css = f' class="{look}"' if look else ""
    return (
        f'<form method="{method}" action="{escape(action)}">{"".join(parts)}'
        f'<p><button type="submit"{css}>{escape(button)}</button></p></form>'
    )


def hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def field(label: str, name: str, *, value: str = "", kind: str = "text", more: str = "") -> str:
    """A labelled input; `more` is further attributes, as HTML."""
    return (
        f'<p><label for="{name}">{escape(label)}</label>'
        f'<input id="{name}" name="{name}" type="{kind}" value="{escape(value)}" {more}></p>'
    )


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """`heads` are texts, the cells of `rows` are HTML already."""
    top = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
    )
