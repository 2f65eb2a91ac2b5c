"""One peer of `bench engine`: the same model in another library, timed on request.

    python engines.py prepare onnxruntime|openvino FOLDER     makes that library's own int8 model in FOLDER
    python engines.py WORD FOLDER THREADS                     answers `time N` and `score`, a line of JSON each

WORD is torch-fp32, torch-bf16, onnxruntime-fp32, onnxruntime-int8, openvino-fp32, openvino-bf16 or openvino-int8.
FOLDER holds what bench/src/random_model.rs writes. ONNX Runtime and OpenVINO read the graph that hivis writes; PyTorch
runs transformers' model with the same head.

`cargo xtask bench engine` installs the virtual environments: `torch` and `openvino` (lists beside this file), and `ortov`
for hivis's own rows with the OpenVINO provider.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

SIDE = 224
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


def read_pictures(folder):
    return np.fromfile(folder / "pictures.bin", dtype=np.uint8).reshape(-1, SIDE, SIDE, 3)


def torch_engine(folder, threads, precision):
    """transformers' DINOv3 in eager mode with SDPA; bf16 through autocast, as PyTorch's own recipe has it."""
    import torch
    from safetensors.torch import load_file
    from transformers import DINOv3ViTModel

    torch.set_num_threads(threads)
    model = DINOv3ViTModel.from_pretrained(folder, attn_implementation="sdpa", dtype=torch.float32).eval()
    head = load_file(folder / "head.safetensors")
    weight, bias = head["layers.0.weight"], head["layers.0.bias"]
    mean, deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
    prefix = 1 + model.config.num_register_tokens
    reduced = precision == "bf16"
    if reduced:
        model = model.to(torch.bfloat16)

    @torch.inference_mode()
    def run(pixels):
        x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().div(255).sub(mean).div(deviation)
        hidden = model(x.to(torch.bfloat16) if reduced else x).last_hidden_state.float()
        pooled = torch.cat([hidden[:, 0], hidden[:, prefix:].mean(1)], 1)
        return torch.sigmoid(pooled @ weight.T + bias)[:, 0].numpy()

    return run


def onnxruntime_engine(folder, threads, precision):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    name = "peer.int8.onnx" if precision == "int8" else "model.onnx"
    session = onnxruntime.InferenceSession(folder / name, options, providers=["CPUExecutionProvider"])
    return lambda pixels: session.run(["probability"], {"pixels": pixels})[0]


def openvino_engine(folder, threads, precision):
    import openvino

    core = openvino.Core()
    name = "openvino.int8.xml" if precision == "int8" else "model.onnx"
    hint = "bf16" if precision == "bf16" else "f32"
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": hint}
    model = core.compile_model(folder / name, "CPU", settings)
    output = next(o for o in model.outputs if "probability" in o.get_names())
    return lambda pixels: model([pixels])[output]


def prepare(library, folder):
    if library == "onnxruntime":
        from onnxruntime.quantization import QuantType, quantize_dynamic

        # 7 bits, as ONNX Runtime's own guide has it for processors without VNNI.
        quantize_dynamic(
            folder / "model.onnx",
            folder / "peer.int8.onnx",
            op_types_to_quantize=["MatMul"],
            per_channel=True,
            reduce_range=True,
            weight_type=QuantType.QInt8,
        )
    else:
        import nncf
        import openvino

        model = openvino.Core().read_model(folder / "model.onnx")
        pictures = nncf.Dataset([picture[None] for picture in read_pictures(folder)])
        quantised = nncf.quantize(model, pictures, model_type=nncf.ModelType.TRANSFORMER, subset_size=16)
        openvino.save_model(quantised, folder / "openvino.int8.xml", compress_to_fp16=False)


def serve(word, folder, threads):
    library, precision = word.split("-")
    engines = {"torch": torch_engine, "onnxruntime": onnxruntime_engine, "openvino": openvino_engine}
    run = engines[library](folder, threads, precision)
    pictures = read_pictures(folder)
    say({"ready": word})
    for line in sys.stdin:
        what, *rest = line.split()
        if what == "score":
            say({"probabilities": [float(run(picture[None])[0]) for picture in pictures]})
        else:
            batch = np.ascontiguousarray(pictures[: int(rest[0])])
            start = time.perf_counter()
            run(batch)
            say({"ms": (time.perf_counter() - start) * 1e3})


def say(answer):
    print(json.dumps(answer), flush=True)


def main():
    word, folder = sys.argv[1], Path(sys.argv[2])
    if word == "prepare":
        prepare(sys.argv[2], Path(sys.argv[3]))
        return
    try:
        serve(word, folder, int(sys.argv[3]))
    except Exception as error:  # whatever it is, it is why the row is missing
        say({"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]})


if __name__ == "__main__":
    main()
