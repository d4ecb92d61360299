"""The table of a small layer-by-layer study, in which all findings of the published one hold by default."""

from simzoo.table.schema import Row, Table, frame

MODELS = {
    "r-sl#0": "supervised",
    "r-sl#1": "supervised",
    "r-simclr#0": "simclr",
    "r-simclr#1": "simclr",
    "r-init#0": "untrained",
}
LAYERS = [(f"layer{at}.0.{kind}", kind, at / 3) for at in range(4) for kind in ("odd", "even")]
HIGH = {"same": 0.9, "other": 0.5, "floor": 0.2}


def study(alike=None, invariance=(0.2, 0.8), simplex=(0.7, 0.3), lag=(0.1, 0.05, 0.2)):
    """A table in which all findings of the study hold, by default."""

    def given(a, b, kind, depth):
        states = {MODELS[a], MODELS[b]}
        role = "same" if len(states) == 1 else "floor" if "untrained" in states else "other"
        return HIGH[role] + (0.1 if kind == "even" else 0.0) - 0.05 * depth

    rows, names = [], list(MODELS)
    for at, a in enumerate(names):
        for b in names[at:]:
            for layer, kind, depth in LAYERS:
                value = 1.0 if a == b else (alike or given)(a, b, kind, depth)
                place = {"tap": layer, "tap_b": layer, "kind": kind, "kind_b": kind, "depth": depth, "depth_b": depth}
                rows.append(Row("cka_unbiased", 1, value=value, model=a, model_b=b, **place))
            if MODELS[a] == "supervised" and MODELS[b] == "simclr":
                value, low, high = lag
                ends = {"value": value, "low": low, "high": high}
                rows.append(Row("cka_unbiased", 1, field="lag", model=a, model_b=b, kind="even", kind_b="even", **ends))
        own = {"supervised": 0, "simclr": 1}.get(MODELS[a])
        for measure, field, pair in (("invariance", "draws", invariance), ("class_cka", "biased", simplex)):
            value = 0.1 if own is None else pair[own] + 0.01 * int(a[-1])
            about = {"field": field, "augmentation": "augs" if measure == "invariance" else "none"}
            rows += [
                Row(measure, 1, value=value, model=a, tap=layer, kind=kind, depth=depth, **about)
                for layer, kind, depth in [*LAYERS, ("final", "final", 1.0)]
            ]
        rows.append(Row("knn_accuracy", 1, value=0.5 + 0.01 * at, model=a, tap="final", kind="final"))
    facts = {
        name: {
            "name": name,
            "backbone": "timm:r",
            "objective": state,
            "paradigm": "contrastive" if state == "simclr" else state,
        }
        for name, state in MODELS.items()
    }
    sheets = {"cka_unbiased": {"kind": "similarity", "larger": "more alike", "range": [None, 1], "symmetric": True}}
    return Table(frame(rows).assign(data="digits", split="test"), sheets, facts, {"grid": "study"})
