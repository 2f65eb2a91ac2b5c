"""Makes challenges with the reference's own augmentation, on one thread, as often as it is asked.

    python challenges.py REFERENCE PICTURES

REFERENCE is a checkout of natixnetwork/streetvision-subnet; only its natix/utils/image_transforms.py is loaded.
PICTURES is a folder of PNG files. A line `LEVEL COUNT SEED` is answered with {"wall": s, "cpu": s}.

It runs in the virtual environment `torch` (torch.txt beside this file lists it; the reference pins Pillow and OpenCV).
"""

import base64
import contextlib
import importlib.util
import io
import itertools
import json
import os
import random
import sys
import time
import types
from pathlib import Path

import cv2
import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision import transforms

SIDE = (224, 224)


def load_reference(folder):
    """The reference's module, with its configuration (which imports diffusers) replaced by the one name it takes."""
    for name in ("natix", "natix.validator", "natix.validator.config"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["natix.validator.config"].TARGET_IMAGE_SIZE = SIDE
    path = folder / "natix" / "utils" / "image_transforms.py"
    spec = importlib.util.spec_from_file_location("image_transforms", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_pictures(folder):
    """Decoded once: the cache of a validator is no part of what is measured."""
    pictures = []
    for path in sorted(folder.glob("*.png")):
        picture = Image.open(path)
        picture.load()
        pictures.append(picture)
    return pictures


def make(reference, picture, level):
    """One challenge: augmentation, then what its protocol.py does with the tensor."""
    tensor, _, _ = reference.apply_augmentation_by_level(picture, SIDE, None, level_probs={level: 1.0})
    jpeg = io.BytesIO()
    transforms.ToPILImage()(tensor.cpu().detach()).save(jpeg, format="JPEG")
    return base64.b64encode(jpeg.getvalue())


def main():
    repository, folder = Path(sys.argv[1]), Path(sys.argv[2])
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    answers = sys.stdout
    # The reference prints whenever it makes a crop: written to nothing, which costs it next to nothing.
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        reference = load_reference(repository)
        pictures = load_pictures(folder)
        versions = f"torch {torch.__version__}, torchvision {torchvision.__version__}, OpenCV {cv2.__version__}, "
        print(json.dumps({"ready": versions + f"Pillow {PIL.__version__}"}), file=answers, flush=True)
        for line in sys.stdin:
            level, count, seed = (int(word) for word in line.split())
            random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)
            wall, cpu = time.perf_counter(), time.process_time()
            for picture in itertools.islice(itertools.cycle(pictures), count):
                make(reference, picture, level)
            laps = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            print(json.dumps(laps), file=answers, flush=True)


if __name__ == "__main__":
    main()
