"""Digests of arrays: numpy, scipy.sparse, torch, xarray."""

from typing import Any

from cave_agent.runtime.digests.literals import literal
from cave_agent.runtime.digests.registry import library_writer
from cave_agent.runtime.digests.writing import Terms, bracketed, listed, quoted
from cave_agent.runtime.inspection import class_name

_MOST_COMPARED = 1_000_000
_MOST_SHOWN = 20
_MOST_DIMENSIONS = 20
_SLOW_TO_COUNT = ("lil", "dia")


@library_writer("numpy:ndarray")
def _array(value: Any, terms: Terms) -> str:
    import numpy as np  # noqa: PLC0415 - loaded already, as there is an array

    name = class_name(type(value))
    plain = value.view(np.ndarray)
    head = f"{name} {plain.shape} {_dtype(plain.dtype, terms)}"
    # What is mapped from a file would be read, what is masked shown.
    if terms.private or not plain.size or type(value) is not np.ndarray:
        return head
    if plain.size <= _MOST_SHOWN and plain.dtype.kind in "biufU":
        return f"{head} {' '.join(str(plain.tolist()).split())}"[: terms.room]
    is_fast = plain.dtype.kind in "iu" or plain.dtype in (np.float32, np.float64)
    if not is_fast or plain.size > _MOST_COMPARED or not plain.flags.forc:
        return head
    least = plain.min()
    if least != least:  # noqa: PLR0124 - NaN
        return f"{head} [has nan]"
    return f"{head} [min {_number(least)}, max {_number(plain.max())}]"


@library_writer("numpy:generic", structural=False)
def _scalar(value: Any, terms: Terms) -> str:
    if value.dtype.kind in "mMV":
        return f"{class_name(type(value))} {quoted(str(value), terms.room)[1:-1]}"
    return f"{class_name(type(value))} {literal(value.item(), terms.inner(60))}"


@library_writer("scipy.sparse:spmatrix", "scipy.sparse:sparray", "scipy.sparse._base:_spbase")
def _sparse(value: Any, _: Terms) -> str:
    head = f"{class_name(type(value))} {value.shape} {value.dtype}"
    return head if value.format in _SLOW_TO_COUNT else f"{head}, {value.nnz:,} stored"


@library_writer("torch:Tensor")
def _tensor(value: Any, _: Terms) -> str:
    dtype = str(value.dtype).removeprefix("torch.")
    gradient = ", requires grad" if value.requires_grad else ""
    return f"{class_name(type(value))} {tuple(value.shape)} {dtype} on {value.device}{gradient}"


@library_writer("torch.nn:Module", "torch.nn.modules.module:Module")
def _network(value: Any, _: Terms) -> str:
    mode = "training" if value.training else "evaluating"
    parameters = sum(parameter.numel() for parameter in value.parameters())
    return f"{class_name(type(value))} of {parameters:,} parameters, {mode}"


@library_writer("xarray:DataArray", "xarray.core.dataarray:DataArray")
def _labelled_array(value: Any, terms: Terms) -> str:
    name = f" {quoted(value.name, 60)}" if type(value.name) is str else ""
    head = f"{class_name(type(value))}{name} ({_sizes(value.sizes)}) {value.dtype}"
    return bracketed(head, (f"coord {name}" for name in value.coords), terms.room)


@library_writer("xarray:Dataset", "xarray.core.dataset:Dataset")
def _labelled_arrays(value: Any, terms: Terms) -> str:
    head = f"{class_name(type(value))} ({_sizes(value.sizes)})"
    variables = (
        f"{name} ({', '.join(map(str, array.dims))}) {array.dtype}"
        for name, array in value.data_vars.items()
    )
    return bracketed(head, variables, terms.room)


def _sizes(sizes: Any) -> str:
    parts = [f"{name} {size:,}" for name, size in sizes.items()]
    return listed(parts[:_MOST_DIMENSIONS], 150, more=len(parts) > _MOST_DIMENSIONS)


def _dtype(dtype: Any, terms: Terms) -> str:
    if not dtype.names:
        return str(dtype)
    return f"[{listed((f'{name} {dtype[name]}' for name in dtype.names), terms.room // 2)}]"


def _number(value: Any) -> str:
    return f"{value.item():.6g}" if value.dtype.kind == "f" else str(value.item())
