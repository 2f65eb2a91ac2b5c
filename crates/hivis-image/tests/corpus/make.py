"""Makes the small files of this folder, and under pillow/ what Pillow's RGB conversion sees in them.

    python3 -m venv ~/.cache/hivis/venvs/pillow && ~/.cache/hivis/venvs/pillow/bin/pip install pillow
    ~/.cache/hivis/venvs/pillow/bin/python make.py

Made with Pillow 13; the PNG kinds that Pillow cannot write are put together by hand.
"""

import io
import math
import random
import struct
import zlib
from pathlib import Path

from PIL import Image, ImageFile

HERE = Path(__file__).parent
WIDTH, HEIGHT = 35, 26


def street():
    """Ramps, a disc and some noise: smooth, edged and busy parts."""
    draw = random.Random(72)
    picture = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            colour = [7 * x, 9 * y, 255 - 5 * x]
            if math.hypot(x - 22, y - 12) < 6:
                colour = [240, 120, 10]
            if y > 20:
                colour = [draw.randrange(256)] * 3
            picture.putpixel((x, y), tuple(min(255, c) for c in colour))
    return picture


def save(picture, name, **options):
    picture.save(HERE / name, **options)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(name, header, rows, extra=b""):
    """A PNG from (width, height, depth, colour type, interlace) and raw filtered rows."""
    width, height, depth, colour, interlace = header
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    body = chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    (HERE / name).write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def wide(value):
    """A 16-bit sample whose low byte must not matter."""
    return bytes([value, (7 * value + 99) % 256])


def main():
    rgb = street()
    grey = rgb.convert("L")
    alpha = Image.linear_gradient("L").resize(rgb.size)
    rgba = rgb.copy()
    rgba.putalpha(alpha)

    save(rgb, "baseline.jpg", quality=75)
    save(rgb, "sharp.jpg", quality=92, subsampling=0)
    save(rgb, "wide.jpg", quality=75, subsampling=1)
    save(rgb, "progressive.jpg", quality=75, progressive=True)
    save(rgb, "restarts.jpg", quality=75, restart_marker_blocks=1)
    save(grey, "grey.jpg", quality=75)
    save(rgb.convert("CMYK"), "cmyk.jpg", quality=85)
    save(rgb.crop((3, 3, 4, 4)), "one.jpg", quality=75)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn 90 degrees clockwise
    save(rgb, "turned.jpg", quality=75, exif=exif)

    save(rgb, "rgb.png")
    save(rgba, "alpha.png")
    save(grey, "grey.png")
    save(Image.merge("LA", (grey, alpha)), "grey-alpha.png")
    save(rgb.quantize(16), "palette.png")
    save(rgb.quantize(15), "palette-clear.png", transparency=3)
    save(grey.convert("1"), "bits.png")
    save(rgb.crop((3, 3, 4, 4)), "one.png")
    save(rgb, "animated.png", save_all=True, append_images=[rgb.rotate(180)])
    pixels = [[rgb.getpixel((x, y)) for x in range(WIDTH)] for y in range(HEIGHT)]
    png("rgb16.png", (WIDTH, HEIGHT, 16, 2, 0),
        b"".join(b"\0" + b"".join(wide(c) for p in row for c in p) for row in pixels))
    png("rgba16.png", (WIDTH, HEIGHT, 16, 6, 0),
        b"".join(b"\0" + b"".join(b"".join(wide(c) for c in p) + wide(40) for p in row) for row in pixels))
    png("grey16.png", (WIDTH, HEIGHT, 16, 0, 0),
        b"".join(b"\0" + b"".join(wide(p[1]) for p in row) for row in pixels))
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    png("interlaced.png", (WIDTH, HEIGHT, 8, 2, 1),
        b"".join(b"\0" + b"".join(bytes(p) for p in row[x::dx])
                 for x, y, dx, dy in passes for row in pixels[y::dy] if row[x::dx]))

    save(rgb, "lossy.webp", quality=75)
    save(rgb, "lossless.webp", lossless=True)
    save(rgba, "alpha.webp", quality=75)
    save(rgba, "alpha-lossless.webp", lossless=True)
    save(rgb, "animated.webp", save_all=True, append_images=[rgb.rotate(180)], duration=100, quality=75)

    # Bombs: a claim of 60000 x 60000, 16 MiB of zeros behind 8 x 8 pixels, a canvas that hides a larger frame.
    png("claim.png", (60000, 60000, 8, 2, 0), b"\0" * 64)
    png("inflates.png", (8, 8, 8, 2, 0), b"\0" * (16 << 20))
    png("profile.png", (8, 8, 8, 2, 0), b"\0" * 8 * 25,
        chunk(b"iCCP", b"bomb\0\0" + zlib.compress(b"\0" * (16 << 20), 9)))
    lossless = bytearray((HERE / "alpha.webp").read_bytes())
    at = lossless.index(b"VP8 ")
    struct.pack_into("<HH", lossless, at + 14, 16383, 16383)
    (HERE / "hidden.webp").write_bytes(lossless)

    ImageFile.LOAD_TRUNCATED_IMAGES = False
    (HERE / "pillow").mkdir(exist_ok=True)
    for file in sorted(HERE.iterdir()):
        if file.suffix in (".jpg", ".png", ".webp") and file.stem not in ("claim", "inflates", "profile", "hidden"):
            with Image.open(io.BytesIO(file.read_bytes())) as picture:
                seen = picture.convert("RGB")
                if picture.mode.startswith("I"):  # Pillow clips 16-bit grey when it converts; the high byte is meant
                    seen = grey16(picture)
                seen.save(HERE / "pillow" / f"{file.name}.png", optimize=True)


def grey16(picture):
    high = Image.new("L", picture.size)
    high.putdata([value >> 8 for value in picture.getdata()])
    return high.convert("RGB")


if __name__ == "__main__":
    main()
