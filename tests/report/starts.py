"""Tables of two backbones, untrained and trained, whose final layers are as wide as they are told to be."""

from simzoo.table.schema import Row, Table, frame

PARADIGMS = {"init": "untrained", "zeroinit": "untrained", "sl": "supervised", "simclr": "contrastive"}
WIDTHS = {
    "resnet18-init": 0.1,
    "resnet18-zeroinit": 0.12,
    "resnet18-sl": 0.8,
    "resnet18-simclr": 0.11,
    "vit-init": 0.9,
    "vit-sl": 0.5,
}


def table(widths=WIDTHS, seeds=3, spread=0.005, own=None):
    rows, facts = [], {}
    for base, width in widths.items():
        for seed in range(seeds):
            name = f"{base}#{seed}" if seeds > 1 else base
            facts[name] = {"backbone": f"timm:{base.split('-')[0]}", "paradigm": PARADIGMS[base.split("-")[1]]}
            about = {
                "model": name,
                "seed": seed,
                "tap": "final",
                "kind": "final",
                "depth": 1.0,
                "data": "digits",
                "n": 200,
            }
            value = width + spread * (seed - 1)
            ends = {} if own is None else {"low": value - own, "high": value + own}
            for setting in ("none", "crop"):
                own_value = {"value": value} if setting == "none" else {"value": 5.0, "n": 300}
                more = {**about, "augmentation": setting, **own_value}
                rows.append(Row("mgm", 2, field="diameter_mean", **more, **ends))
                rows.append(Row("mgm", 2, field="diameter_sd", **more))
                rows.append(Row("anisotropy", 1, **more))
    sheets = {name: {"name": name, "kind": "geometry", "range": [0, None]} for name in ("mgm", "anisotropy")}
    return Table(frame(rows), sheets, facts, {"grid": "initialisation", "notes": []})
