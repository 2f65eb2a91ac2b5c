"""The gate's figures of pictures in OpenCV, SciPy and scikit-image, timed on request.

    python gate.py FOLDER PROCESSES       a line `pass` is answered with {"seconds": s}; `figures` with what was measured

FOLDER holds *.jpg. Each picture is decoded by OpenCV and measured as `hivis_image::quality` measures it: sharpness at 224 x 224
(Pillow's bilinear resize, OpenCV's Laplacian), light, one colour, the spectrum's lines, the cepstrum's peak, and the
perceptual hash. Everything is vectorised; medians are taken at the spectrum's local maxima only.
"""

import ctypes
import json
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import scipy.fft
from PIL import Image
from skimage.feature import peak_local_max

cv2.setNumThreads(1)
MOST_TILES = 8


def sharpness(grey):
    picture = Image.fromarray(grey)
    small = picture.resize((picture.width, 224), Image.BILINEAR).resize((224, 224), Image.BILINEAR)
    return float(cv2.Laplacian(np.asarray(small), cv2.CV_64F).var())


def outside(grey):
    return float(np.mean((grey < 20) | (grey > 235)))


def one_colour(rgb):
    steps = (rgb >> 3).astype(np.uint16)
    bins = np.bincount((steps[..., 0] << 10 | steps[..., 1] << 5 | steps[..., 2]).ravel(), minlength=1 << 15)
    cube = bins.reshape(32, 32, 32)
    cube = cube[1:] + cube[:-1]
    cube = cube[:, 1:] + cube[:, :-1]
    cube = cube[:, :, 1:] + cube[:, :, :-1]
    return float(cube.max() / (rgb.shape[0] * rgb.shape[1]))


def fine_hash(rgb):
    # Across and then down, as the Pillow of our golden vectors does at once; 13.0 takes tall pictures down first.
    picture = Image.fromarray(rgb).resize((32, rgb.shape[0]), Image.BILINEAR).resize((32, 32), Image.BILINEAR)
    small = cv2.cvtColor(np.asarray(picture), cv2.COLOR_RGB2GRAY)
    return np.packbits(scipy.fft.dctn(small.astype(np.float32))[:16, :16] > 0).tobytes().hex()


@cache
def rings(side):
    at = np.fft.fftfreq(side, 1 / side)
    return np.rint(np.hypot(at[:, None], at[None])).astype(np.int64)


@cache
def hann(side):
    one = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(side) / side)).astype(np.float32)
    return np.outer(one, one), float((one**2).sum() ** 2)


def level(grey):
    """The spectrum in decibels, averaged over tiles, frequency 0 first."""
    least = min(grey.shape)
    side = next((side for side in (256, 128, 64) if side <= least), None)
    if side is None:
        return None
    starts = [np.rint(np.linspace(0, size - side, -(-size // side))).astype(int) for size in grey.shape]
    every = [(y, x) for y in starts[0] for x in starts[1]]
    some = min(len(every), MOST_TILES)
    tiles = np.stack([grey[y : y + side, x : x + side] for y, x in (every[n * len(every) // some] for n in range(some))])
    tiles = tiles.astype(np.float32)
    window, energy = hann(side)
    half = scipy.fft.rfft2((tiles - tiles.mean((1, 2), keepdims=True)) * window)
    power = (half.real**2 + half.imag**2).mean(0) / energy
    half = 10 * np.log10(power + 1)
    whole = np.empty((side, side), np.float32)
    whole[:, : side // 2 + 1] = half
    whole[:, side // 2 + 1 :] = np.roll(half[::-1], 1, 0)[:, side // 2 - 1 : 0 : -1]
    return whole


@cache
def around():
    box = np.mgrid[-4:5, -4:5].reshape(2, -1)
    line = np.arange(-8, 9)
    none = np.zeros_like(line)
    return box, np.stack([line, none]), np.stack([none, line]), np.r_[-8:-2, 3:9]


def grid(whole):
    """The strongest lone line: decibels over its ground, and its period."""
    side = len(whole)
    half = side // 2
    # Two rows more on each side, so that the ends are peaks only where they are peaks round the circle.
    padded = np.pad(whole, 2, mode="wrap")
    peaks = peak_local_max(padded, min_distance=2, exclude_border=2, threshold_abs=-1.0) - 2
    peaks = peaks[(peaks[:, 0] <= half) & (rings(side)[peaks[:, 0], peaks[:, 1]] >= side // 32)]
    if not len(peaks):
        return 0.0, 0.0
    box, row, column, ray = around()
    here = whole[peaks[:, 0], peaks[:, 1]]
    ground = np.full(len(peaks), -np.inf)
    for offsets in (box, row, column):
        near = whole[(peaks[:, :1] + offsets[0]) % side, (peaks[:, 1:] + offsets[1]) % side]
        ground = np.maximum(ground, np.median(near, 1))
    signed = (peaks + half) % side - half
    far = np.hypot(signed[:, 0], signed[:, 1])
    scale = (far[:, None] + ray) / far[:, None]
    on = [np.rint(signed[:, axis, None] * scale).astype(int) % side for axis in (0, 1)]
    ground = np.maximum(ground, np.median(whole[on[0], on[1]], 1))
    best = np.argmax(here - ground)
    return max(0.0, float(here[best] - ground[best])), float(side / far[best])


def repeat(whole):
    """The lower of the cepstrum's two peaks off one line, in deviations of its ring, and the stronger's step."""
    side = len(whole)
    ring = rings(side)
    counts = np.maximum(np.bincount(ring.ravel()), 1)
    flat = whole - (np.bincount(ring.ravel(), whole.ravel()) / counts)[ring]
    flat[(ring < 3) | (ring > side // 2)] = 0
    flat[[-1, 0, 1]] = 0
    flat[:, [-1, 0, 1]] = 0
    lags = scipy.fft.fft2(flat.astype(np.float32)).real
    deviation = np.sqrt(np.bincount(ring.ravel(), (lags.astype(np.float64) ** 2).ravel()) / counts)
    ones = np.ones(9)
    smooth = np.convolve(deviation, ones, "same") / np.convolve(np.ones_like(deviation), ones, "same")
    at = np.fft.fftfreq(side, 1 / side)
    zone = (np.hypot(at[:, None], at[None]) >= 10) & (np.abs(at[:, None]) <= side * 0.45) & (np.abs(at[None]) <= side * 0.45)
    # Only peaks need their ridges' medians: a peak is no lower than the four beside it.
    peak = zone & (smooth[ring] > 0) & (lags > 0)
    for shift in (1, -1):
        peak &= (lags >= np.roll(lags, shift, 0)) & (lags >= np.roll(lags, shift, 1))
    down, right = np.nonzero(peak)
    row, column = around()[2], around()[1]
    ridges = [
        np.median(lags[(down[:, None] + offsets[0]) % side, (right[:, None] + offsets[1]) % side], 1)
        for offsets in (row, column)
    ]
    strength = np.zeros_like(smooth[ring])
    strength[peak] = (lags[peak] - np.maximum(np.maximum(*ridges), 0)) / smooth[ring][peak]
    first = np.unravel_index(np.argmax(strength), strength.shape)
    down, right = at[first[0]], at[first[1]]
    cross = np.abs(at[:, None] * right - at[None] * down)
    aside = cross / np.maximum(np.hypot(at[:, None], at[None]) * np.hypot(down, right), 1)
    second = np.max(np.where(aside > 0.25, strength, 0))
    return float(second), [int(right), int(down)]


def measure(rgb):
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    figures = {
        "laplacian": sharpness(grey),
        "outside": outside(grey),
        "one_colour": one_colour(rgb),
        "hash": fine_hash(rgb),
    }
    whole = level(grey)
    if whole is not None:
        figures["grid_db"], figures["grid_period"] = grid(whole)
        times = 1
        if min(grey.shape) >= 512:
            times = 2
            even = grey[: grey.shape[0] // 2 * 2, : grey.shape[1] // 2 * 2]
            whole = level(cv2.resize(even, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        strength, step = repeat(whole)
        figures["repeat"], figures["repeat_step"] = strength, [times * part for part in step]
    return figures


def file(path):
    return measure(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB))


def die_with_parent():
    """The bench ends this script by a kill; its processes must not stay (PR_SET_PDEATHSIG is 1)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def main():
    folder, processes = Path(sys.argv[1]), int(sys.argv[2])
    files = sorted(folder.glob("*.jpg"))
    with ProcessPoolExecutor(processes, initializer=die_with_parent) as pool:
        every = list(pool.map(file, files, chunksize=4))
        print(json.dumps({"ready": f"OpenCV {cv2.__version__}, NumPy {np.__version__}"}), flush=True)
        for line in sys.stdin:
            begin = time.perf_counter()
            if line.strip() == "figures":
                print(json.dumps({"figures": every}), flush=True)
                continue
            every = list(pool.map(file, files, chunksize=4))
            print(json.dumps({"seconds": time.perf_counter() - begin}), flush=True)


if __name__ == "__main__":
    main()
