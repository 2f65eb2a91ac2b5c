"""DINOv3's forward pass in PyTorch, timed on request.

    python forward.py FOLDER THREADS DEVICE     a line `forward` is answered with {"seconds": s, "features": [...]}

FOLDER holds a DINOv3 as transformers saves it and pixels.f32, normalised pictures [n, 3, 224, 224]. Features are CLS and
the mean of the patches. On `cuda` the products are fp32 proper, without TF32, as burn's are.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from transformers import DINOv3ViTModel

folder, threads, device = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.set_num_threads(threads)
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
model = DINOv3ViTModel.from_pretrained(folder, attn_implementation="sdpa", dtype=torch.float32).eval().to(device)
prefix = 1 + model.config.num_register_tokens
pixels = torch.from_numpy(np.fromfile(folder / "pixels.f32", dtype=np.float32).reshape(-1, 3, 224, 224))


@torch.inference_mode()
def forward():
    hidden = model(pixels.to(device)).last_hidden_state
    return torch.cat([hidden[:, 0], hidden[:, prefix:].mean(1)], 1).cpu()


where = torch.cuda.get_device_name() if device == "cuda" else "CPU"
print(json.dumps({"ready": f"{torch.__version__}, {where}"}), flush=True)
first = True
for line in sys.stdin:
    begin = time.perf_counter()
    features = forward()
    seconds = time.perf_counter() - begin
    print(json.dumps({"seconds": seconds, "features": features.flatten().tolist() if first else []}), flush=True)
    first = False
