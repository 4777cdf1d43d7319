"""The HTTP service: its routes, and what a request becomes on its way to a worker and back.

Belongs here: HTTP. Does not belong here: what a query may do (``allowed.py``, ``worker.py``), who may ask
(``tokens.py``).

It speaks plain HTTP on loopback; TLS is the task of a reverse proxy before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import time
from collections.abc import AsyncIterator
from typing import cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from orchestration.settings import Settings
from orchestration.sharing.service.access_log import Access, note_access
from orchestration.sharing.service.pool import Pool
from orchestration.sharing.service.tokens import Token, find_token
from orchestration.sharing.service.worker import Answer, Form, Question
from orchestration.sharing.versions import Published, current

_LONGEST_QUERY = 100_000
#: Between reading the name of a version and opening it, the version may be succeeded and removed.
_ATTEMPTS = 3
_LOOK_SECONDS = 0.1
_MEDIA: dict[Form, str] = {
    "arrow": "application/vnd.apache.arrow.stream",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
_STATUS = {"refused": 403, "failed": 400, "timeout": 408, "too_large": 413, "ended": 400}
_STATUS |= {"busy": 503, "gone": 503, "lost": 503}
_TABLES = """
select table_schema || '.' || table_name as "table", table_comment as description, column_name as "column",
    data_type as type, column_comment as meaning
from (
    select schema_name as table_schema, table_name, column_name, data_type, column_index, comment as column_comment
    from duckdb_columns() where schema_name in ('core', 'marts', 'ops')
) join (select schema_name as table_schema, table_name, comment as table_comment from duckdb_tables())
using (table_schema, table_name) order by 1, column_index
"""


class _RequestError(Exception):
    """A request that is answered with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def application(settings: Settings) -> Starlette:
    """The service over the published versions of a home."""
    pool = Pool(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await pool.start()
        yield
        await pool.stop()

    async def health(_request: Request) -> Response:
        version = current(settings)
        return JSONResponse(
            {"status": "ok" if version else "nothing published", "version": version and version.version}
        )

    async def query(request: Request) -> Response:
        return await _answered(settings, pool, request, await _statement(request))

    async def tables(request: Request) -> Response:
        return await _answered(settings, pool, request, _TABLES)

    async def refuse(_request: Request, error: Exception) -> Response:
        problem = cast(_RequestError, error)
        headers = {"WWW-Authenticate": "Bearer"} if problem.status == 401 else {}
        return JSONResponse({"error": str(problem)}, status_code=problem.status, headers=headers)

    routes = [
        Route("/health", health),
        Route("/tables", tables),
        Route("/query", query, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={_RequestError: refuse})


async def _statement(request: Request) -> str:
    """The SQL of a request: its body as text, or the member ``sql`` of a JSON object."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST_QUERY:
            raise _RequestError(413, f"a query may have {_LONGEST_QUERY} bytes")
    try:
        text = body.decode()
        if request.headers.get("content-type", "").startswith("application/json"):
            text = json.loads(text)["sql"]
    except (ValueError, KeyError, TypeError):
        raise _RequestError(400, 'the body is SQL as UTF-8, or JSON such as {"sql": "select 1"}') from None
    if not isinstance(text, str):
        raise _RequestError(400, "the member sql is no text")
    return text


def _form(request: Request) -> Form:
    accepted = request.headers.get("accept", "*/*")
    for form, media in _MEDIA.items():
        if media.split(";")[0] in accepted:
            return form
    if "*/*" in accepted or "application/*" in accepted:
        return "json"
    raise _RequestError(406, f"answers come as {', '.join(_MEDIA.values())}")


def _token(settings: Settings, request: Request) -> Token | None:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return find_token(settings, secret.strip()) if scheme.lower() == "bearer" else None


async def _answered(settings: Settings, pool: Pool, request: Request, sql: str) -> Response:
    """Ask a worker, note it in the log, and make a response of its answer."""
    began = time.monotonic()
    token = _token(settings, request)
    if token is None:
        note_access(
            settings, Access(user=None, token=None, audience=None, version=None, sql=sql, outcome="unauthorised")
        )
        raise _RequestError(401, "a token is needed: Authorization: Bearer kho_…; `kho token create` makes one")
    form = _form(request)
    version, answer = await _ask(settings, pool, request, token, sql, form)
    access = Access(
        user=token.user,
        token=token.id,
        audience=token.audience,
        version=version.version if version else None,
        sql=sql,
        outcome=answer.outcome,
        rows=answer.rows,
        milliseconds=round((time.monotonic() - began) * 1000),
    )
    note_access(settings, access)
    if answer.outcome != "ok":
        raise _RequestError(_STATUS.get(answer.outcome, 500), answer.message or answer.outcome)
    headers = {"X-Kho-Version": access.version or "", "X-Kho-Rows": str(answer.rows), "Cache-Control": "no-store"}
    return Response(answer.body, media_type=_MEDIA[form], headers=headers)


async def _ask(
    settings: Settings, pool: Pool, request: Request, token: Token, sql: str, form: Form
) -> tuple[Published | None, Answer]:
    """Ask about the newest version of the token's audience; the answer of a client that is gone is ``cancelled``."""
    version, answer = None, Answer("gone", message=f"nothing is published for {token.audience}")
    for _ in range(_ATTEMPTS):
        version = current(settings, audience=token.audience)
        if version is None:
            break
        question = Question(
            number=pool.next_number(),
            file=version.path,
            relations=frozenset(version.tables),
            sql=sql,
            form=form,
            seconds=settings.serve_seconds,
            rows=settings.serve_rows,
            bytes=settings.serve_answer_mb * 1024 * 1024,
        )
        answer = await _unless_gone(request, asyncio.ensure_future(pool.ask(question)))
        if answer.outcome != "gone":
            break
    return version, dataclasses.replace(answer, message=answer.message.replace(str(settings.home), "…"))


async def _unless_gone(request: Request, asked: asyncio.Task[Answer]) -> Answer:
    """The answer, unless the client leaves before."""
    while not asked.done():
        await asyncio.wait([asked], timeout=_LOOK_SECONDS)
        if not asked.done() and await request.is_disconnected():
            asked.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asked
            return Answer("cancelled", message="the client has left")
    return asked.result()


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve until the process is ended."""
    import uvicorn

    uvicorn.run(application(settings), host=host, port=port, access_log=False, server_header=False, log_level="warning")
