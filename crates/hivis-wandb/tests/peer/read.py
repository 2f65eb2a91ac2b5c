"""Reads a project with the official client: python read.py BASE KEY ENTITY/PROJECT KEYS..., prints JSON."""

import json
import sys

import wandb

base, key, project, *keys = sys.argv[1:]
api = wandb.Api(overrides={"base_url": base}, api_key=key)
said = []
for run in api.runs(project, lazy=False):
    said.append(
        {
            "id": run.id,
            "state": run.state,
            "config": dict(run.config),
            "last": run.lastHistoryStep,
            "scan": list(run.scan_history(keys=keys, use_cache=False)),
            "history": run.history(keys=keys[1:], samples=1000, pandas=False),
        }
    )
print("said", json.dumps(said))
