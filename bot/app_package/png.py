"""As much of PNG as checking an app icon needs; source: W3C PNG Specification, third edition."""

import struct
import zlib
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGBA = 6
RGBA_BYTES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Png:
    """An image's header, sizes in pixels, and its compressed pixel data."""

    width: int
    height: int
    bit_depth: int
    colour_type: int
    interlaced: bool
    data: bytes

    @classmethod
    def parse(cls, content: bytes) -> "Png":
        """Read a file's chunks and check their sums.

        Raises:
            ValueError: this is no PNG, or a damaged one.
        """
        if not content.startswith(SIGNATURE):
            raise ValueError("no PNG signature")
        chunks = _chunks(content)
        if len(chunks) < 2 or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":  # noqa: PLR2004
            raise ValueError("no IHDR at the start or no IEND at the end")
        try:
            width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks[0][1])
        except struct.error as error:
            raise ValueError("IHDR has a wrong length") from error
        return cls(
            width=width,
            height=height,
            bit_depth=depth,
            colour_type=colour,
            interlaced=interlace != 0,
            data=b"".join(body for kind, body in chunks if kind == b"IDAT"),
        )

    def is_plain_rgba(self) -> bool:
        """Whether `pixels` can read it: 8 bits a channel with alpha, line after line."""
        return (self.bit_depth, self.colour_type, self.interlaced) == (8, RGBA, False)

    def pixels(self) -> list[tuple[int, int, int, int]]:
        """All pixels as red, green, blue, alpha (0 to 255 each), row by row.

        Raises:
            ValueError: the pixel data are damaged, or `is_plain_rgba` is false.
        """
        if not self.is_plain_rgba():
            raise ValueError("only 8-bit RGBA without interlacing is read")
        try:
            raw = zlib.decompress(self.data)
        except zlib.error as error:
            raise ValueError("the pixel data do not decompress") from error
        stride = self.width * RGBA_BYTES
        if len(raw) != (stride + 1) * self.height:
            raise ValueError("the pixel data have a wrong length")
        row = bytes(stride)
        values = bytearray()
        for start in range(0, len(raw), stride + 1):
            row = _unfilter(raw[start], raw[start + 1 : start + 1 + stride], row)
            values += row
        quads = iter(values)
        return list(zip(quads, quads, quads, quads, strict=True))


def _chunks(content: bytes) -> list[tuple[bytes, bytes]]:
    chunks = []
    at = len(SIGNATURE)
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind = content[at + 4 : at + 8]
        body = content[at + 8 : at + 8 + length]
        if zlib.crc32(kind + body).to_bytes(4, "big") != content[at + 8 + length : at + 12 + length]:
            raise ValueError("a chunk is cut short or damaged")
        chunks.append((kind, body))
        at += 12 + length
    return chunks


def _unfilter(kind: int, line: bytes, above: bytes) -> bytes:
    row = bytearray(line)
    for i in range(len(row)):
        left = row[i - RGBA_BYTES] if i >= RGBA_BYTES else 0
        corner = above[i - RGBA_BYTES] if i >= RGBA_BYTES else 0
        row[i] = (row[i] + _predict(kind, left, above[i], corner)) & 0xFF
    return bytes(row)


def _predict(kind: int, left: int, above: int, corner: int) -> int:
    match kind:
        case 0:
            return 0
        case 1:
            return left
        case 2:
            return above
        case 3:
            return (left + above) // 2
        case 4:
            # min keeps the first of equals, and the order left, above, corner is the standard's.
            return min((left, above, corner), key=lambda value: abs(left + above - corner - value))
        case _:
            raise ValueError("an unknown row filter")
