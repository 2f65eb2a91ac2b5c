"""Writes ../fixtures/quality.json: the figures of the challenge's input pictures, and of made ones, by OpenCV and NumPy.

    ~/.cache/hivis/venvs/gate/bin/python crates/hivis-image/tests/peer/quality.py

The measures are those of bench/peers/gate.py; the environment is the bench's (`cargo xtask bench gate` installs it).
"""

import json
import sys
from pathlib import Path

import cv2
import numpy as np

here = Path(__file__).resolve()
root = here.parents[4]
sys.path.append(str(root / "bench/peers"))
import gate  # noqa: E402

cases = []
for path in sorted((root / "fixtures/challenge/inputs").glob("*.png")):
    rgb = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    figures = gate.measure(rgb)
    del figures["hash"]
    cases.append({"name": path.name, **figures})
out = here.parents[1] / "fixtures/quality.json"
out.parent.mkdir(exist_ok=True)
made = f"quality.py with OpenCV {cv2.__version__} and NumPy {np.__version__}"
out.write_text(json.dumps({"made_by": made, "cases": cases}, indent=1) + "\n")
