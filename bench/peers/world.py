"""A head trained in PyTorch on features of the procedural world: a script as a miner would write it.

    python world.py FOLDER        a line `train SEED` is answered with {"logits": [...]} of the exam's rows

FOLDER holds what bench/src/world.rs writes: training, validation and exam as NAME.f32 (rows of features) and NAME.u8
(labels); training and validation are read anew for each line. Head in-256-1, ReLU, dropout 0.3, AdamW (1e-3, no decay on
biases), 100 warm-up steps, a cosine to 1e-5, batch 32, 10 epochs, patience 3, the epoch of the lowest validation loss.
"""

import copy
import json
import math
import sys
from pathlib import Path

import numpy as np
import torch

folder = Path(sys.argv[1])
width = json.loads((folder / "shape.json").read_text())["width"]
EPOCHS, PATIENCE, BATCH = 10, 3, 32


def load(name):
    x = np.fromfile(folder / f"{name}.f32", dtype=np.float32).reshape(-1, width)
    y = np.fromfile(folder / f"{name}.u8", dtype=np.uint8).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(y)[:, None]


def train(seed):
    torch.manual_seed(seed)
    (x, y), (vx, vy) = load("training"), load("validation")
    model = torch.nn.Sequential(
        torch.nn.Linear(width, 256), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(256, 1)
    )
    weights = [p for p in model.parameters() if p.ndim > 1]
    biases = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": weights, "weight_decay": 0.01}, {"params": biases, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    steps = EPOCHS * math.ceil(len(x) / BATCH)

    def rate(step):
        climb = (step + 1) / 100 if step < 100 else 1.0
        return climb * (1e-5 + (1e-3 - 1e-5) * 0.5 * (1 + math.cos(math.pi * step / steps))) / 1e-3

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    loss_of = torch.nn.BCEWithLogitsLoss()
    lowest, best, best_epoch = math.inf, None, 0
    for epoch in range(EPOCHS):
        model.train()
        order = torch.randperm(len(x))
        for at in range(0, len(order), BATCH):
            rows = order[at : at + BATCH]
            loss = loss_of(model(x[rows]), y[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        model.eval()
        with torch.no_grad():
            loss = loss_of(model(vx), vy).item()
        if loss < lowest:
            lowest, best, best_epoch = loss, copy.deepcopy(model.state_dict()), epoch
        elif epoch - best_epoch >= PATIENCE:
            break
    model.load_state_dict(best)
    model.eval()
    with torch.no_grad():
        return model(load("exam")[0])[:, 0].tolist()


print(json.dumps({"ready": torch.__version__}), flush=True)
for line in sys.stdin:
    print(json.dumps({"logits": train(int(line.split()[1]))}), flush=True)
