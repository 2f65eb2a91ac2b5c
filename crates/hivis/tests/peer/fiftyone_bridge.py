"""Shows data sets as FiftyOne sees them, and edits one as a person would: `show FOLDER...`, `edit FOLDER OUT PICTURE`."""

import json
import sys

import fiftyone as fo
import numpy as np

LAYOUT = fo.types.FiftyOneDataset
# Made anew with each export or load, and what names the machine.
PASSING = {"id", "filepath", "created_at", "last_modified_at", "exported_us", "media_type"}


def load(folder):
    return fo.Dataset.from_dir(dataset_dir=folder, dataset_type=LAYOUT)


def plain(value):
    if isinstance(value, np.ndarray):
        assert value.dtype == np.float32, value.dtype
        return [float(number) for number in value]
    if isinstance(value, fo.Label):
        fields = {name: plain(value[name]) for name in value.field_names if name != "id"}
        return {"class": type(value).__name__, **fields}
    if hasattr(value, "field_names"):
        return {name: plain(value[name]) for name in value.field_names}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def show(dataset):
    samples = {}
    for sample in dataset:
        assert sample.filepath.startswith("/") and open(sample.filepath, "rb").read(), sample.filepath
        fields = {name: plain(sample[name]) for name in sample.field_names if name not in PASSING}
        fields["id"] = sample.id
        fields["tags"] = sorted(fields["tags"])
        samples[fields["sha256"] or sample.filepath] = fields
    classes, views = dataset.default_classes, dataset.list_saved_views()
    return {"samples": samples, "classes": classes, "views": views, "fields": sorted(dataset.get_field_schema())}


def edit(dataset, picture):
    clear = dataset.sort_by("sha256").match(fo.ViewField("ground_truth.label") == "none")
    first = clear.match_tags("weather:rain", bool=False).first()
    second = clear.match_tags("weather:rain").first()
    first.ground_truth.label = "roadwork"
    first.ground_truth["note"] = "a cone, \"half\" hidden"
    first.save()
    second.tags.append("look again")
    second.tags.remove("weather:rain")
    second["score"] = 0.1 + 0.2
    second["box"] = fo.Detections(detections=[fo.Detection(label="cone", bounding_box=[0.1, 0.2, 0.3, 1 / 3])])
    second.save()
    new = fo.Sample(filepath=picture, tags=["weather:fog", "mine"], ground_truth=fo.Classification(label="roadwork"))
    dataset.add_sample(new)
    dataset.compute_metadata()
    dataset.save_view("found", dataset.match_tags("mine"))
    return {"relabelled": first.sha256, "tagged": second.sha256, "new": new.id}


if sys.argv[1] == "show":
    print(json.dumps([show(load(folder)) for folder in sys.argv[2:]]))
else:
    _, _, folder, out, picture = sys.argv
    dataset = load(folder)
    before = show(dataset)
    edited = edit(dataset, picture)
    dataset.export(export_dir=out, dataset_type=LAYOUT)
    print(json.dumps({"before": before, "edited": edited}))
