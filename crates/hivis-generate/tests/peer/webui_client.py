"""Orders pictures of an AUTOMATIC1111 server with webuiapi, and prints what came as JSON."""

import json
import sys

import webuiapi
from PIL import Image

url, locked, user, password = sys.argv[1:]
api = webuiapi.WebUIApi(baseurl=url + "/sdapi/v1", sampler="Euler", steps=25)
made = api.txt2img(prompt="a street", negative_prompt="x", seed=7000, cfg_scale=8, width=64, height=48, n_iter=2)
varied = api.img2img(images=[Image.new("RGB", (80, 60), (90, 90, 90))], prompt="a street", seed=1, width=64, height=48,
                     denoising_strength=0.7)
try:
    webuiapi.WebUIApi(baseurl=locked + "/sdapi/v1").txt2img(prompt="a street")
    refused = 200
except RuntimeError as error:
    refused = error.args[0]
inside = webuiapi.WebUIApi(baseurl=locked + "/sdapi/v1", username=user, password=password, sampler="Euler")
print("said " + json.dumps({
    "sums": [sum(sum(pixel) for pixel in image.convert("RGB").getdata()) for image in made.images],
    "seeds": made.info["all_seeds"],
    "varied": len(varied.images),
    "refused": refused,
    "locked": len(inside.txt2img(prompt="a street", seed=3, width=64, height=48).images),
}))
