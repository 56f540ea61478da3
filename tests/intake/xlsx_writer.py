"""Writes Excel workbooks as the XML that is in them; texts stand in the cells."""

from __future__ import annotations

import io
from collections.abc import Sequence
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKED = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
HEADER = ["id", "date", "description", "amount", "balance"]
# Style 1 shows a date, style 2 an amount.
STYLES = (
    f'<styleSheet {SPACE}><numFmts><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="4"/></cellXfs></styleSheet>'
)


def number(text: object, style: int = 0) -> str:
    """A cell with a number; style 1 makes it a date."""
    return f'<c s="{style}"><v>{text}</v></c>'


def workbook(
    *rows: Sequence[str], more: str = "", sheets: Sequence[str] = (), **parts: str
) -> bytes:
    """Cells are text, or markup as `number` makes it. `more`: of the sheet, behind the rows.
    `sheets`: further ones as markup. `parts`: in place of those made here."""
    first = "".join(_row(row) for row in rows)
    every = [f"<sheetData>{first}</sheetData>{more}", *sheets]
    named = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"/>' for n, _ in enumerate(every))
    links = "".join(f'<Relationship Id="r{n}" Target="s{n}.xml"/>' for n, _ in enumerate(every))
    found = {
        "xl/workbook.xml": f"<workbook {SPACE} {LINKED}><sheets>{named}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{links}</Relationships>",
        "xl/styles.xml": STYLES,
        **{
            f"xl/s{n}.xml": f"<worksheet {SPACE}>{each}</worksheet>" for n, each in enumerate(every)
        },
        **{f"xl/{name}.xml": text for name, text in parts.items()},
    }
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        for name, text in found.items():
            packed.writestr(name, text)
    return out.getvalue()


def _row(cells: Sequence[str]) -> str:
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _cell(text: str) -> str:
    if text.startswith("<"):
        return text
    return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>' if text else "<c/>"
