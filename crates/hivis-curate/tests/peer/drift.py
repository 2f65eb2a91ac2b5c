"""What SciPy and NumPy make of the same scores: `python drift.py FOLDER` reads job.json and prints one line of JSON."""

import json
import sys
from pathlib import Path

import numpy as np
from scipy.stats import binom, energy_distance, ks_2samp, wasserstein_distance

job = json.loads((Path(sys.argv[1]) / "job.json").read_text())


def psi(reference, recent, bins):
    edges = np.unique(np.quantile(reference, np.arange(1, bins) / bins))

    def shares(values):
        places = np.searchsorted(edges, values, side="left")
        counts = np.bincount(places, minlength=len(edges) + 1) + 0.5
        return counts / counts.sum()

    q, p = shares(reference), shares(recent)
    return float(((p - q) * np.log(p / q)).sum())


out = {"scores": [], "tails": [float(binom.cdf(k, n, p)) for k, n, p in job["tails"]]}
for one, other in job["scores"]:
    single = [np.asarray(values, dtype=np.float32).astype(np.float64) for values in (one, other)]
    out["scores"].append(
        {
            "ks": float(ks_2samp(one, other).statistic),
            "wasserstein": float(wasserstein_distance(one, other)),
            "psi": psi(np.asarray(one), np.asarray(other), job["bins"]),
            # With ties the cumulative form has no rounding of its own; it is sqrt(2 E|X-Y| - E|X-X'| - E|Y-Y'|).
            "energy": float(energy_distance(*single)),
        }
    )
print(json.dumps(out))
