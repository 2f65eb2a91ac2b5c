"""The head's training in PyTorch, timed on request: a script as a miner would write it.

    python head.py FOLDER THREADS DEVICE      a line `train SEED` is answered with {"wall": s, "loss": validation loss}

FOLDER holds what bench/src/head.rs writes: training.f32 and validation.f32 (rows of features), training.u8 and
validation.u8 (labels), shape.json. Settings are those of hivis's defaults: AdamW without decay on biases, 100 warm-up
steps, a cosine to 1e-5, batch 32, dropout 0.3. The lowest validation loss over the epochs is told.
"""

import json
import math
import sys
import time
from pathlib import Path

import numpy as np
import torch

folder, threads, device = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
shape = json.loads((folder / "shape.json").read_text())
width, hidden, epochs, batch = shape["width"], shape["hidden"], shape["epochs"], shape["batch"]


def load(name):
    x = np.fromfile(folder / f"{name}.f32", dtype=np.float32).reshape(-1, width)
    y = np.fromfile(folder / f"{name}.u8", dtype=np.uint8).astype(np.float32)
    return torch.from_numpy(x).to(device), torch.from_numpy(y)[:, None].to(device)


training, validation = load("training"), load("validation")


def train(seed):
    torch.manual_seed(seed)
    model = torch.nn.Sequential(
        torch.nn.Linear(width, hidden), torch.nn.ReLU(), torch.nn.Dropout(0.3), torch.nn.Linear(hidden, 1)
    ).to(device)
    weights = [p for p in model.parameters() if p.ndim > 1]
    biases = [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": weights, "weight_decay": 0.01}, {"params": biases, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    steps = epochs * math.ceil(len(training[0]) / batch)

    def rate(step):
        climb = (step + 1) / 100 if step < 100 else 1.0
        return climb * (1e-5 + (1e-3 - 1e-5) * 0.5 * (1 + math.cos(math.pi * step / steps))) / 1e-3

    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, rate)
    loss_of = torch.nn.BCEWithLogitsLoss()
    lowest = math.inf
    for _ in range(epochs):
        model.train()
        order = torch.randperm(len(training[0])).to(device)
        for at in range(0, len(order), batch):
            rows = order[at : at + batch]
            loss = loss_of(model(training[0][rows]), training[1][rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
        model.eval()
        with torch.no_grad():
            lowest = min(lowest, loss_of(model(validation[0]), validation[1]).item())
    return lowest


print(json.dumps({"ready": torch.__version__}), flush=True)
for line in sys.stdin:
    seed = int(line.split()[1])
    begin = time.perf_counter()
    loss = train(seed)
    print(json.dumps({"wall": time.perf_counter() - begin, "loss": loss}), flush=True)
