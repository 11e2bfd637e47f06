"""Reduce PNG files to a palette of 256 colours, which a picture of a page needs no more than: `palette.py FILE...`."""

import sys
from pathlib import Path

from PIL import Image

for path in map(Path, sys.argv[1:]):
    before = path.stat().st_size
    with Image.open(path) as image:
        reduced = image.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    reduced.save(path, optimize=True)
    print(f"{path.name}: {before / 1e3:.0f} kB, now {path.stat().st_size / 1e3:.0f} kB")
