"""Files that a person takes out: the answer that a browser keeps under a name, and nobody else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from bankfeeds.exporting import ClientFile, file_name

CSV = "text/csv; charset=utf-8"
# Who hands a client's file out. It stands there afterwards, and the others take the client for
# served: whoever only reads exports the list instead.
HANDS_OUT = "push_sourceaccount"


def whole(name: str, content: str | bytes, *, kind: str = CSV) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    _keep(answer, name)
    return answer


def streamed(name: str, content: Iterable[bytes], *, kind: str = CSV) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(content, content_type=kind)
    _keep(answer, name)
    return answer


def client_files(made: Sequence[ClientFile]) -> HttpResponse:
    """One file as it is; several, since QuickBooks takes only so much at once, in one archive."""
    if len(made) == 1:
        return whole(made[0].name, made[0].text)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in made:
            archive.writestr(one.name, one.text)
    name = made[0].name.replace("-1-of-", "-all-").removesuffix(".csv")
    return whole(f"{name}.zip", out.getvalue(), kind="application/zip")


def _keep(answer: HttpResponseBase, name: str) -> None:
    answer["Content-Disposition"] = (
        content_disposition_header(True, file_name(name)) or "attachment"
    )
    answer["Cache-Control"] = "no-store"
