"""What scikit-learn and NumPy make of the same rows: `python vectors.py FOLDER` reads job.json and the .f32 files
beside it and prints one line of JSON."""

import json
import sys
from pathlib import Path

import numpy as np
from sklearn.cluster import DBSCAN, KMeans
from sklearn.metrics.pairwise import cosine_distances

folder = Path(sys.argv[1])
job = json.loads((folder / "job.json").read_text())
width = job["width"]


def load(name):
    return np.fromfile(folder / f"{name}.f32", dtype=np.float32).reshape(-1, width)


rows = load("rows")
out = {}
if "dbscan" in job:
    out["dbscan"] = []
    for eps, min_points in job["dbscan"]:
        found = DBSCAN(eps=eps, min_samples=min_points, metric="cosine", algorithm="brute").fit(rows)
        out["dbscan"].append(found.labels_.tolist())
if "kmeans" in job:
    clusters, restarts = job["kmeans"]
    # Double precision and every start of its own, so that the bound is as low as it can be.
    model = KMeans(clusters, n_init=restarts, random_state=0, max_iter=300, tol=1e-4).fit(rows.astype(np.float64))
    out["inertia"] = model.inertia_
    start = load("start")
    model = KMeans(len(start), init=start, n_init=1, max_iter=300, tol=0.0, algorithm="lloyd").fit(rows)
    out["of"] = model.labels_.tolist()
    out["iterations"] = int(model.n_iter_)
    out["centres"] = model.cluster_centers_.ravel().tolist()
if "kcentre" in job:
    count, first = job["kcentre"]
    exact = rows.astype(np.float64)
    nearest = ((exact - exact[first]) ** 2).sum(1)
    picks = [first]
    while len(picks) < count:
        picks.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, ((exact - exact[picks[-1]]) ** 2).sum(1))
    out["picks"], out["radius"] = picks, float(np.sqrt(nearest.max()))
if "nearest" in job:
    apart = cosine_distances(rows.astype(np.float64))
    out["nearest"] = [np.argsort(apart[row], kind="stable")[: job["nearest"]].tolist() for row in range(50)]
    np.fill_diagonal(apart, np.inf)
    apart.sort(axis=1)
    out["outliers"] = apart[:, : job["nearest"]].mean(axis=1).tolist()
if "principal" in job:
    exact = rows.astype(np.float64)
    middle = exact - exact.mean(axis=0)
    _, spreads, axes = np.linalg.svd(middle, full_matrices=False)
    out["places"] = (middle @ axes[: job["principal"]].T).ravel().tolist()
    out["shares"] = (spreads**2 / (spreads**2).sum())[: job["principal"]].tolist()
print(json.dumps(out))
