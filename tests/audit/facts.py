"""The facts of an audit, made by hand: what the verdict, the page and the command make of them is known beforehand."""

FEED = {
    "size": 32,
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "crop": 0.875,
    "interpolation": "bilinear",
    "crop_first": False,
    "by": "card",
}


def value(measure, number, field="value", reason=""):
    said = {"larger": "more dimensions", "summary": f"What {measure} says.", "reason": reason}
    return {"measure": measure, "field": field, "value": number, **said}


def facts(**changes):
    """An audit of 1,200 images of ten classes, with what is told replaced."""
    return {
        "model": "net",
        "data": "digits",
        "split": "test",
        "n": 1200,
        "seed": 0,
        "identity": {
            "backbone": "timm:test_resnet",
            "licence": "CC BY-NC 4.0",
            "source": "",
            "trained_on": None,
            "key": "k",
            "non_commercial": True,
            "weights": {},
            "feed": FEED,
            "pool": "gap",
        },
        "parameters": 12_345,
        "load": {"tensors": 61, "finite": True, "missing": 0, "unexpected": 0},
        "train_images": 300,
        "speed": {"images_per_second": 250.4, "ms_per_image": 3.99, "batch": 16, "device": "cpu"},
        "memory": {"weights_mib": 1.26, "peak_mib": 1234.5},
        "grey": True,
        "classes": 10,
        "d": 96,
        "top1": 0.25,
        "top5": 0.5,
        "knn_accuracy": 0.9,
        "linear_accuracy": 0.95,
        "intervals": {
            "top1": (0.226, 0.275),
            "top5": (0.472, 0.528),
            "knn_accuracy": (0.882, 0.916),
            "linear_accuracy": (0.936, 0.961),
        },
        "undefined": {},
        "chance": 0.1,
        "values": [
            value("rankme", 33.4),
            value("neural_collapse", 0.123456, "nc1"),
            value("twonn", None, reason="duplicates"),
        ],
        "spectrum": [0.5, 0.3, 0.2, 0.0],
        "invariance": {"crop": 0.4, "flip": 0.91, "rotate": None},
        "relatives": [],
        "warnings": ["dead channels: 2 of 96 features are the same for all 1,200 images"],
        "seconds": {"load": 0.04, "all": 12.34},
        **changes,
    }
