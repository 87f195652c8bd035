"""Reading PNG pixels, held against the standard's own formulas."""

import struct
import zlib

import pytest

from bot.app_package.png import SIGNATURE, Png


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk with its length and sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(side: int, rows: bytes, *, interlace: int = 0) -> bytes:
    """A square 8-bit RGBA PNG of filtered rows."""
    return packed(side, zlib.compress(rows), interlace=interlace)


def packed(side: int, data: bytes, *, interlace: int = 0) -> bytes:
    """A square 8-bit RGBA PNG of compressed data."""
    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, interlace)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


GOOD = png(2, b"\0" * 18)
UNREADABLE = {
    "no signature": GOOD[1:],
    "nothing behind the signature": GOOD[:8],
    "cut short": GOOD[:-3],
    "one bit turned": GOOD[:50] + bytes([GOOD[50] ^ 1]) + GOOD[51:],
    "no end": GOOD[: -len(chunk(b"IEND", b""))],
    "short header": GOOD[:8] + chunk(b"IHDR", b"\0") + chunk(b"IEND", b""),
    "too few pixels": png(2, b"\0" * 9),
    "data that do not decompress": packed(2, b"\0" * 18),
    "interlaced": png(2, b"\0" * 18, interlace=1),
    "unknown row filter": png(2, b"\x05" + b"\0" * 17),
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_pixels_that_cannot_be_read_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        Png.parse(content).pixels()


@pytest.mark.parametrize("kind", range(5))
def test_every_row_filter_of_png_is_undone(kind: int) -> None:
    # 0, 10 and 30, so that two neighbours are often equally near to the prediction: 30 + 0 - 10 to 30 and 10.
    rows = [bytes((0, 10, 30)[(x * x + x // 4 * y + y * y) % 3] for x in range(64)) for y in range(16)]
    filtered = b""
    above = bytes(64)
    for row in rows:
        filtered += bytes([kind]) + bytes(
            (row[i] - predicted(kind, row, above, i)) % 256 for i in range(len(row))
        )
        above = row

    pixels = Png.parse(png(16, filtered)).pixels()

    assert b"".join(bytes(pixel) for pixel in pixels) == b"".join(rows)


def predicted(kind: int, row: bytes, above: bytes, i: int) -> int:
    """What the PNG standard predicts for a byte, written out as its section 9 has it."""
    a, b, c = (row[i - 4] if i >= 4 else 0), above[i], (above[i - 4] if i >= 4 else 0)
    p = a + b - c
    if kind < 4:
        return (0, a, b, (a + b) // 2)[kind]
    if abs(p - a) <= abs(p - b) and abs(p - a) <= abs(p - c):
        return a
    return b if abs(p - b) <= abs(p - c) else c
