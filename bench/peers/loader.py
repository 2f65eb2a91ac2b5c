"""JPEG files to features in PyTorch, timed on request: a script as a miner would write it.

    python loader.py FOLDER THREADS       a line `features WORKERS` is answered with {"seconds": s}

FOLDER holds a DINOv3 as transformers saves it and pictures/*.jpg. A DataLoader with that many workers decodes with Pillow
and resizes to 224 x 224; batches of 8 go through the model in eager mode with SDPA; features are CLS and the mean of the
patches.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from transformers import DINOv3ViTModel

folder, threads = Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(threads)
files = sorted((folder / "pictures").glob("*.jpg"))
model = DINOv3ViTModel.from_pretrained(folder, attn_implementation="sdpa", dtype=torch.float32).eval()
prefix = 1 + model.config.num_register_tokens
mean = torch.tensor((0.485, 0.456, 0.406)).view(1, 3, 1, 1)
deviation = torch.tensor((0.229, 0.224, 0.225)).view(1, 3, 1, 1)


class Pictures(Dataset):
    def __len__(self):
        return len(files)

    def __getitem__(self, at):
        picture = Image.open(files[at]).convert("RGB").resize((224, 224), Image.BILINEAR)
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


@torch.inference_mode()
def features(workers):
    found = []
    for pixels in DataLoader(Pictures(), batch_size=8, num_workers=workers):
        hidden = model((pixels.float() / 255 - mean) / deviation).last_hidden_state
        found.append(torch.cat([hidden[:, 0], hidden[:, prefix:].mean(1)], 1))
    return torch.cat(found)


print(json.dumps({"ready": torch.__version__}), flush=True)
for line in sys.stdin:
    workers = int(line.split()[1])
    begin = time.perf_counter()
    assert len(features(workers)) == len(files)
    print(json.dumps({"seconds": time.perf_counter() - begin}), flush=True)
