"""Digests of graphs, pictures and HTTP clients of well-known libraries."""

from itertools import islice
from typing import Any

from cave_agent.runtime.digests.registry import library_writer, write
from cave_agent.runtime.digests.writing import Terms, bracketed, quoted
from cave_agent.runtime.inspection import class_name, fields_of, is_kind

_MOST_NODES_COUNTED = 2_000
_MOST_PARTS = 20
_NAME_ROOM = 60
_URL_ROOM = 150


@library_writer("networkx:Graph", "networkx.classes.graph:Graph")
def _graph(value: Any, terms: Terms) -> str:
    held = fields_of(value)
    if not is_kind(type(held["_node"]), dict):  # what it shows is found by asking a filter
        whole = write(held["_graph"], terms.inner(terms.room - 30))
        return f"{class_name(type(value))}, a view of {whole}"
    nodes = value.number_of_nodes()
    head = f"{class_name(type(value))} of {nodes:,} nodes"
    # The edges are counted node by node; in a view, also what each node has.
    if nodes <= _MOST_NODES_COUNTED and is_kind(type(held["_adj"]), dict):
        head += f", {value.number_of_edges():,} edges"
    attributes = dict.fromkeys(
        str(name)[:_NAME_ROOM] for _, data in islice(value.nodes(data=True), 1) for name in data
    )
    return bracketed(head, (f"node has {name}" for name in attributes), terms.room)


@library_writer("PIL.Image:Image")
def _picture(value: Any, _: Terms) -> str:
    width, height = value.size
    kind = f" {value.format}" if value.format else ""
    return f"{class_name(type(value))} {width:,}×{height:,} {value.mode}{kind}"


@library_writer("matplotlib.figure:Figure")
def _figure(value: Any, terms: Terms) -> str:
    width, height = value.get_size_inches()
    head = f"{class_name(type(value))} {width:g}×{height:g} inches, {len(value.axes)} axes"
    titles = (axes.get_title() for axes in value.axes[:_MOST_PARTS])
    return bracketed(head, (quoted(title, _NAME_ROOM) for title in titles if title), terms.room)


@library_writer("matplotlib.axes._axes:Axes")
def _axes(value: Any, terms: Terms) -> str:
    texts = {"title": value.get_title(), "x": value.get_xlabel(), "y": value.get_ylabel()}
    parts = [f"{what} {quoted(text, _NAME_ROOM)}" for what, text in texts.items() if text]
    drawn = {"lines": value.lines, "patches": value.patches, "collections": value.collections}
    parts += [f"{len(artists):,} {what}" for what, artists in drawn.items() if len(artists)]
    return bracketed(class_name(type(value)), parts, terms.room)


@library_writer("httpx:Client", "httpx:AsyncClient")
def _httpx_client(value: Any, _: Terms) -> str:
    url = str(value.base_url)
    base = f" of {quoted(url, _URL_ROOM)}" if url else ""
    return f"httpx {class_name(type(value))}{base}{', closed' if value.is_closed else ''}"


@library_writer("httpx:Response")
def _httpx_response(value: Any, _: Terms) -> str:
    size = len(value.content) if value.is_stream_consumed and value.is_closed else None
    return _response(value, value.status_code, value.reason_phrase, size)


@library_writer("requests.sessions:Session")
def _requests_session(value: Any, _: Terms) -> str:
    login = ", with a login" if value.auth else ""
    return f"requests {class_name(type(value))}{login}"


@library_writer("requests.models:Response")
def _requests_response(value: Any, _: Terms) -> str:
    content = value._content  # noqa: SLF001 - `content` would read it
    size = len(content) if isinstance(content, bytes) else None
    return _response(value, value.status_code, value.reason, size)


@library_writer("aiohttp.client:ClientSession")
def _aiohttp_session(value: Any, _: Terms) -> str:
    url = value._base_url  # noqa: SLF001 - there is no other way
    base = f" of {quoted(str(url), _URL_ROOM)}" if url else ""
    return f"aiohttp {class_name(type(value))}{base}{', closed' if value.closed else ''}"


@library_writer("aiohttp.client_reqrep:ClientResponse")
def _aiohttp_response(value: Any, _: Terms) -> str:
    content = value._body  # noqa: SLF001 - `read()` would read it
    size = len(content) if isinstance(content, bytes) else None
    return _response(value, value.status, value.reason, size)


def _response(value: Any, status: int, reason: str | None, size: int | None) -> str:
    kind = value.headers.get("content-type", "")
    told = f"{class_name(type(value))} {status} {reason or ''}".rstrip()
    content = "not read" if size is None else f"{size:,} bytes"
    return f"{told}, {content}{f' of {kind[:_NAME_ROOM]}' if kind else ''}"
