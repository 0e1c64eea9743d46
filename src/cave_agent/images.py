"""The pictures of a cell that go to a model which takes images."""

import base64
import binascii
import io
from collections.abc import Iterable
from typing import NamedTuple

from cave_agent.messages import Image
from cave_agent.results import RichOutput

MOST_IMAGES = 4
"""Pictures of one cell that are shown."""

LONGEST_SIDE = 1_568
"""Pixels; what is larger is made smaller, as providers would do."""

MOST_BYTES = 3_000_000
"""Size of a picture's file; providers refuse 5 MB of base64."""

_TYPES = ("image/png", "image/jpeg")
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_WITHOUT_SIZE = (0xC4, 0xC8, 0xCC)  # markers of JPEG that look like those of a frame

PRIVATE = "[Pictures are not shown to you, since some of the data here is private.]"


class Shown(NamedTuple):
    """What a model is shown of a cell's pictures.

    Attributes:
        images: Those that it sees.
        note: Why it does not see others.
    """

    images: tuple[Image, ...] = ()
    note: str = ""


def shown_images(outputs: Iterable[RichOutput], *, is_private: bool = False) -> Shown:
    """Return the pictures among what a cell displayed, small enough for a model.

    Args:
        outputs: What the cell displayed.
        is_private: Whether pictures may show what is private, so that none is shown.
    """
    pictures = [output for output in outputs if not output.data.keys().isdisjoint(_TYPES)]
    if is_private:
        return Shown(note=PRIVATE if pictures else "")
    images = [image for image in map(_image, pictures[:MOST_IMAGES]) if image is not None]
    if missing := len(pictures) - len(images):
        number = "1 picture is" if missing == 1 else f"{missing:,} pictures are"
        limits = f"at most {MOST_IMAGES} of a cell are, up to {MOST_BYTES / 1e6:g} MB each"
        return Shown(tuple(images), f"[{number} not shown to you: {limits}.]")
    return Shown(tuple(images))


def _image(output: RichOutput) -> Image | None:
    """Return a picture that is within the limits, made smaller if need be."""
    for media_type in _TYPES:
        try:
            content = base64.b64decode(output.data.get(media_type, ""), validate=True)
        except binascii.Error:
            continue
        image = _within_limits(content)
        if image is not None:
            return image
    return None


def _within_limits(content: bytes) -> Image | None:
    size = _size(content)
    if size is not None and (max(size) > LONGEST_SIDE or len(content) > MOST_BYTES):
        content = _smaller(content)
        size = _size(content)
    if size is None or max(size) > LONGEST_SIDE or len(content) > MOST_BYTES:
        return None
    media_type = "image/png" if content.startswith(_PNG) else "image/jpeg"
    return Image(media_type, base64.b64encode(content).decode("ascii"), *size)


def _smaller(content: bytes) -> bytes:
    """Return the picture with fewer pixels, nothing where that cannot be done."""
    try:
        from PIL import Image as Picture  # noqa: PLC0415 - optional; what draws has it, mostly

        with Picture.open(io.BytesIO(content)) as picture:
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            for kind in ("PNG", "JPEG"):
                made = io.BytesIO()
                mode = "RGB" if kind == "JPEG" else picture.mode
                picture.convert(mode).save(made, kind)
                if made.tell() <= MOST_BYTES:
                    return made.getvalue()
    except Exception:  # noqa: BLE001 - it may be no picture at all, or too large to read
        return b""
    return b""


def _size(content: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG or JPEG file, `None` for any other."""
    if content.startswith(_PNG) and len(content) > 24:  # noqa: PLR2004 - the header's end
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if not content.startswith(_JPEG):
        return None
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:  # noqa: PLR2004
        marker = content[place + 1]
        if 0xC0 <= marker <= 0xCF and marker not in _WITHOUT_SIZE:  # noqa: PLR2004
            height, width = content[place + 5 : place + 7], content[place + 7 : place + 9]
            return int.from_bytes(width), int.from_bytes(height)
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return None
