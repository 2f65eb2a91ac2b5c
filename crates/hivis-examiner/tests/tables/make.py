"""Writes the tables beside it, as the `datasets` library and other programs write them.

Needs pyarrow and pillow: python make.py
"""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

HERE = Path(__file__).parent


def jpeg(shade):
    out = io.BytesIO()
    Image.new("RGB", (48, 32), (shade, 100, 200 - shade // 2)).save(out, "JPEG", quality=80)
    return out.getvalue()


def struct(rows):
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.array(rows, kind)


# As `Dataset.push_to_hub` writes: a struct, a ClassLabel whose names stand in the metadata, several row groups.
features = {
    "image": {"_type": "Image"},
    "label": {"names": ["None", "Roadwork"], "_type": "ClassLabel"},
}
table = pa.table(
    {
        "image": struct(
            [
                {"bytes": jpeg(10), "path": "0.jpg"},
                {"bytes": jpeg(20), "path": None},
                {"bytes": b"not a picture", "path": "2.jpg"},
                {"bytes": jpeg(40), "path": "3.jpg"},
                {"bytes": None, "path": "4.jpg"},
                {"bytes": jpeg(60), "path": "0.jpg"},
            ]
        ),
        "label": pa.array([1, 0, 1, -1, 0, 1], pa.int64()),
        "scene": ["s0", "s0", "s1", "s1", None, None],
        "weather": ["rain", None, "snow", None, None, "fog"],
        "slices": [["night", "cones"], [], None, [], [], []],
        "unused": pa.array([[1.5, 2.5]] * 6),
    }
)
table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
pq.write_table(table, HERE / "hub.parquet", row_group_size=4, compression="snappy")

# As anybody writes: plain bytes, a truth value, an origin.
plain = pa.table(
    {
        "jpg": pa.array([jpeg(70), jpeg(80), jpeg(90)], pa.binary()),
        "is_roadwork": [True, False, None],
        "origin": ["real", "i2i", "real"],
    }
)
pq.write_table(plain, HERE / "plain.parquet", compression="zstd")

# Labels by name; one is none of ours.
named = pa.table(
    {
        "image": struct([{"bytes": jpeg(s), "path": f"{s}.jpg"} for s in (100, 110, 120)]),
        "label": ["roadwork", "clear", "zebra"],
    }
)
pq.write_table(named, HERE / "named.parquet", compression="none")

# No label, no picture.
pq.write_table(pa.table({"image": pa.array([jpeg(1)], pa.binary())}), HERE / "no-label.parquet")
pq.write_table(pa.table({"label": [1], "text": ["x"]}), HERE / "no-picture.parquet")

# Half a million empty rows: repeated levels cost hardly a byte.
empty = pa.table({"image": pa.nulls(500_000, pa.binary()), "label": pa.nulls(500_000, pa.int64())})
pq.write_table(empty, HERE / "empty-rows.parquet")
