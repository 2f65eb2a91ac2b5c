"""scikit-learn, FAISS and NumPy on the rows that bench/src/vectors.rs writes, timed on request.

    python vectors.py FOLDER THREADS      a line names a job; the answer has "wall" (s) and what was found, or "skipped"

FOLDER holds rows.f32 (rows of length 1), start.f32 (centres to begin with) and shape.json. Each library gets the rows as
it likes them best; what it needs once (an index, norms) is timed with the job.
"""

import json
import math
import os
import sys
import time
from pathlib import Path

folder, threads = Path(sys.argv[1]), sys.argv[2]
for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = threads

import numpy as np

shape = json.loads((folder / "shape.json").read_text())
width = shape["width"]
rows = np.fromfile(folder / "rows.f32", dtype=np.float32).reshape(-1, width)
start = np.fromfile(folder / "start.f32", dtype=np.float32).reshape(-1, width)
versions = [f"numpy {np.__version__}"]
try:
    import sklearn
    from sklearn.cluster import DBSCAN, KMeans

    versions.append(f"scikit-learn {sklearn.__version__}")
except ImportError as error:
    sklearn, no_sklearn = None, str(error)
try:
    import faiss

    faiss.omp_set_num_threads(int(threads))
    versions.append(f"faiss {faiss.__version__}")
except ImportError as error:
    faiss, no_faiss = None, str(error)


def kmeans_sklearn():
    model = KMeans(len(start), init=start, n_init=1, max_iter=shape["iterations"], tol=0.0, algorithm="lloyd")
    model.fit(rows)
    return {"inertia": float(model.inertia_), "iterations": int(model.n_iter_)}


def kmeans_faiss():
    model = faiss.Kmeans(width, len(start), niter=shape["iterations"], max_points_per_centroid=len(rows), nredo=1)
    model.train(rows, init_centroids=start)
    square, _ = model.index.search(rows, 1)
    return {"inertia": float(square.astype(np.float64).sum()), "iterations": shape["iterations"]}


def kcentre_numpy():
    norms = np.einsum("ij,ij->i", rows, rows)
    picks, nearest = [0], np.full(len(rows), np.inf, dtype=np.float32)
    while True:
        pick = picks[-1]
        np.minimum(nearest, norms - 2.0 * (rows @ rows[pick]) + norms[pick], out=nearest)
        if len(picks) == shape["picks"]:
            return {"radius": math.sqrt(max(float(nearest.max()), 0.0)), "picks": picks}
        picks.append(int(nearest.argmax()))


def dbscan_sklearn():
    # On rows of length 1 the Euclidean distance is the cosine's, and scikit-learn has a fast path for it.
    eps = math.sqrt(2.0 * shape["eps"])
    model = DBSCAN(eps=eps, min_samples=shape["min_points"], algorithm="brute", n_jobs=int(threads)).fit(rows)
    model.labels_.astype(np.int32).tofile(folder / "labels.i32")
    return {"clusters": int(model.labels_.max()) + 1}


def pairs_faiss():
    index = faiss.IndexFlatIP(width)
    index.add(rows)
    limits, _, others = index.range_search(rows, 1.0 - shape["within"])
    own = np.repeat(np.arange(len(rows)), np.diff(limits).astype(np.int64))
    return {"pairs": int((others > own).sum())}


JOBS = {
    "kmeans-sklearn": (kmeans_sklearn, "sklearn"),
    "kmeans-faiss": (kmeans_faiss, "faiss"),
    "kcentre-numpy": (kcentre_numpy, None),
    "dbscan-sklearn": (dbscan_sklearn, "sklearn"),
    "pairs-faiss": (pairs_faiss, "faiss"),
}

print(json.dumps({"ready": ", ".join(versions)}), flush=True)
for line in sys.stdin:
    job, needs = JOBS[line.strip()]
    if needs == "sklearn" and sklearn is None:
        print(json.dumps({"skipped": no_sklearn}), flush=True)
    elif needs == "faiss" and faiss is None:
        print(json.dumps({"skipped": no_faiss}), flush=True)
    else:
        begin = time.perf_counter()
        answer = job()
        answer["wall"] = time.perf_counter() - begin
        print(json.dumps(answer), flush=True)
