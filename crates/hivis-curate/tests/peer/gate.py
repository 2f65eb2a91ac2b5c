"""Distances of two sets of features by SciPy and scikit-learn: reads job.json and *.f32 in the folder, prints JSON."""

import json
import sys
from pathlib import Path

import numpy as np
import scipy.linalg
from sklearn.metrics.pairwise import polynomial_kernel

folder = Path(sys.argv[1])
width = json.loads((folder / "job.json").read_text())["width"]
one, other = (np.fromfile(folder / f"{name}.f32", "<f4").reshape(-1, width).astype(np.float64) for name in ("one", "other"))

mean = one.mean(0) - other.mean(0)
a, b = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
if min(len(one), len(other)) > width:
    root = np.trace(scipy.linalg.sqrtm(a @ b)).real
else:
    # sqrtm is no good at singular matrices: the symmetric form has the same trace.
    values, vectors = scipy.linalg.eigh(a)
    half = vectors * np.sqrt(np.clip(values, 0, None)) @ vectors.T
    values = scipy.linalg.eigvalsh(half @ b @ half)
    # What rounding left of the null space is no variance.
    root = np.sqrt(values[values > values.max() * 1e-13]).sum()
frechet = mean @ mean + np.trace(a) + np.trace(b) - 2 * root

def kernel(x, y):
    return polynomial_kernel(x, y, degree=3, gamma=1 / width, coef0=1)

m, n = len(one), len(other)
xx, yy, xy = kernel(one, one), kernel(other, other), kernel(one, other)
mmd2 = (xx.sum() - np.trace(xx)) / (m * (m - 1)) + (yy.sum() - np.trace(yy)) / (n * (n - 1)) - 2 * xy.mean()
print(json.dumps({"frechet": frechet, "mmd2": mmd2}))
