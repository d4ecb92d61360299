"""How others write their checkpoints, from their code: a network's state dict in, what their file holds out.

Nothing here looks at a card: the cards' rules are what is tested with it.
"""

import argparse
import re

import torch


def published(name, state, like=None):
    """Return what the file of the model of that name holds, given the network's own state dict."""
    like = torch.ones(1) if like is None else like
    family = next(family for pattern, family in FAMILIES if re.match(pattern, name))
    return family(name, state, like)


def _under(prefix, state):
    return {prefix + key: value for key, value in state.items()}


def pycontrast(name, state, one):
    heads = {"module.head.0.weight": one, "module.head.2.bias": one, "module.jigsaw.fc.weight": one}
    options = argparse.Namespace(method=name, lr=0.03)
    model = {**_under("module.encoder.", state), "module.encoder.fc.weight": one, **heads}
    return {"opt": options, "model": model, "optimizer": {"state": {}, "param_groups": []}, "epoch": 200}


def moco(name, state, one):
    queue = {"module.queue": one, "module.queue_ptr": one}
    twins = {**_under("module.encoder_q.", state), **_under("module.encoder_k.", state)}
    heads = {f"module.encoder_{side}.fc.{layer}.weight": one for side in "qk" for layer in (0, 2)}
    return {"epoch": 200, "arch": "resnet50", "state_dict": {**twins, **heads, **queue}, "optimizer": {}}


def swav(name, state, one):
    keys = {**_under("module.", state), "module.projection_head.0.weight": one, "module.prototypes.weight": one}
    return {"state_dict": keys, "epoch": 800} if "bs256" in name else keys  # both are found


def root(name, state, one):
    return dict(state)


def torchvision(name, state, one):
    return {**state, "fc.weight": one, "fc.bias": one}


def simclr_v1(name, state, one):
    return {"state_dict": {**state, "fc.weight": one, "fc.bias": one}}


def simclr_v2(name, state, one):
    """Separius's converter: `net.0` the stem, `net.1..4` the stages."""
    norms, found = {"bn1": 1, "bn2": 3, "bn3": 5}, {}
    for old, value in state.items():
        key = old
        if match := re.match(r"layer(\d)\.(\d+)\.conv(\d)\.(.*)", key):
            stage, block, conv, rest = match.groups()
            key = f"net.{stage}.blocks.{block}.net.{2 * (int(conv) - 1)}.{rest}"
        elif match := re.match(r"layer(\d)\.(\d+)\.(bn\d)\.(.*)", key):
            stage, block, norm, rest = match.groups()
            key = f"net.{stage}.blocks.{block}.net.{norms[norm]}.0.{rest}"
        elif match := re.match(r"layer(\d)\.(\d+)\.downsample\.(\d)\.(.*)", key):
            stage, block, part, rest = match.groups()
            key = f"net.{stage}.blocks.{block}.projection." + ("shortcut." if part == "0" else "bn.0.") + rest
        else:
            key = key.replace("conv1.", "net.0.0.").replace("bn1.", "net.0.1.0.")
        found[key] = value
    return {"resnet": {**found, "fc.weight": one, "fc.bias": one}, "head": {"layers.0.weight": one}}


def simsiam(name, state, one):
    heads = {"module.encoder.fc.0.weight": one, "module.encoder.fc.7.bias": one, "module.predictor.0.weight": one}
    return {"epoch": 100, "arch": "resnet50", "state_dict": {**_under("module.encoder.", state), **heads}}


def moco_v3(name, state, one):
    head = "fc" if "rn50" in name else "head"
    keys = {**_under("module.base_encoder.", state), **_under("module.momentum_encoder.", state)}
    heads = {f"module.base_encoder.{head}.0.weight": one, f"module.momentum_encoder.{head}.0.weight": one}
    return {"epoch": 300, "state_dict": {**keys, **heads, "module.predictor.0.weight": one}, "scaler": {}}


def vissl(name, state, one):
    trunk = _under("_feature_blocks.", state)
    model = {"trunk": trunk, "heads": {"0.clf.0.weight": one}}
    return {"classy_state_dict": {"base_model": {"model": model, "meta": {}}}, "iteration": 3}


def obow(name, state, one):
    return {"state_dict": {**state, "fc.weight": one}, "epoch": 200}


def openmmlab(name, state, one):
    renamed = {}
    for old, value in state.items():
        key = re.sub(r"blocks\.(\d+)\.norm(\d)", r"layers.\1.ln\2", old)
        key = re.sub(r"blocks\.(\d+)\.mlp\.fc1", r"layers.\1.ffn.layers.0.0", key)
        key = re.sub(r"blocks\.(\d+)\.mlp\.fc2", r"layers.\1.ffn.layers.1", key)
        key = re.sub(r"^blocks\.", "layers.", key)
        key = re.sub(r"^norm\.", "ln1.", key).replace("patch_embed.proj.", "patch_embed.projection.")
        renamed[f"backbone.{key}"] = value
    rest = {"neck.fc0.weight": one, "head.predictor.fc0.weight": one, "data_preprocessor.mean": one, "queue": one}
    twins = {"target_net.0.conv1.weight": one, "momentum_encoder.module.0.cls_token": one, "encoder_k.module.0.w": one}
    token = {"backbone.mask_token": one} if "vit" in name else {}
    return {"meta": {"epoch": 200}, "state_dict": {**renamed, **rest, **twins, **token}}


def lightly(name, state, one):
    """Lightning checkpoints; the ViTs' layout was not read anywhere, as the cards say: as lightly's code has it."""
    rest = {"projection_head.layers.0.weight": one, "online_classifier.linear.weight": one, "criterion.center": one}
    if "dino-vits" in name or "ibot" in name:
        rest |= {"student_backbone.vit.cls_token": one, "teacher_projection_head.layers.0.weight": one}
        keys = _under("teacher_backbone.vit.", state)
    elif "vit" in name:
        keys = {**_under("backbone.vit.", state), "decoder.mask_token": one}
    else:
        rest |= {"student_backbone.conv1.weight": one, "prediction_head.layers.0.weight": one}
        keys = {**_under("backbone.", state), "projection_head_momentum.layers.0.weight": one}
    return {"epoch": 99, "state_dict": {**keys, **rest}, "hyper_parameters": {"batch_size": 128}, "callbacks": {}}


def msn(name, state, one):
    encoder = {**_under("module.", state), "module.fc.fc1.weight": one}
    return {"encoder": {}, "target_encoder": encoder, "prototypes": one, "epoch": 800}


def ibot(name, state, one):
    if "swin" in name:  # as Swin's authors have it: each stage ends with its downsampling; tables are buffers
        moved = re.compile(r"layers\.(\d)\.downsample")
        state = {moved.sub(_one_before, key): value for key, value in state.items()}
        state |= {"layers.0.blocks.0.attn.relative_position_index": one, "layers.0.blocks.1.attn_mask": one}
    keys = {**_under("backbone.", state), "backbone.masked_embed": one, "head.mlp.0.weight": one}
    return {"state_dict": _under("module.", keys) if "rand" in name else keys}


def _one_before(hit):
    return f"layers.{int(hit[1]) - 1}.downsample"


def ijepa(name, state, one):
    return {"encoder": _under("module.", state), "predictor": {"module.mask_token": one}, "epoch": 300, "opt": {}}


FAMILIES = (
    (r"(insdis|pirl|infomin)$", pycontrast),
    (r"(moco-v[12]|pcl-v\d)", moco),
    (r"(swav|sela|deepcluster)", swav),
    (r"supervised-tv", torchvision),
    (r"simclr-v1", simclr_v1),
    (r"simclr-v2", simclr_v2),
    (r"(dino-rn50|barlowtwins|vicreg|byol)$", root),
    (r"simsiam", simsiam),
    (r"moco-v3", moco_v3),
    (r"vissl", vissl),
    (r"obow", obow),
    (r"mm-", openmmlab),
    (r"lightly", lightly),
    (r"msn", msn),
    (r"ibot", ibot),
    (r".*_ijepa", ijepa),
    (r".*\..*", root),  # timm's own
)
