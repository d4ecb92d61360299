import pytest
import torch

from simzoo.cards import Card
from simzoo.models.backbones import build_backbone

# output channels of the 13 separable convolutions of MobileNetV1 at full width (Howard et al. 2017, table 1)
SEPARABLE = [64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]


def parameters(width, classes):
    """Weights of the convolutions, two of each batch norm's channels, and the classifier."""
    now = int(32 * width)
    count = 3 * 9 * now + 2 * now
    for channels in SEPARABLE:
        after = int(channels * width)
        count += 9 * now + 2 * now + now * after + 2 * after
        now = after
    return count + (now + 1) * classes


@pytest.mark.parametrize(("name", "width", "millions"), [("mobilenetv1_025", 0.25, 0.5), ("mobilenetv1_050", 0.5, 1.3)])
def test_they_are_the_papers_networks_at_a_part_of_their_width(name, width, millions, shelves):
    network = build_backbone(Card(version=1, name="mine", backbone=name), shelves=shelves).eval()
    own = sum(value.numel() for value in network.parameters())
    assert own == parameters(width, 0)
    assert round(parameters(width, 1000) / 1e6, 1) == millions  # table 7 of the paper, head included
    with torch.inference_mode():
        assert network.forward_features(torch.zeros(1, 3, 64, 64)).shape == (1, 1024 * width, 2, 2)
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 1024 * width)  # no head


def test_arguments_of_the_card_reach_the_builder(shelves):
    args = {"num_classes": 10, "pad_type": "same"}
    card = Card(version=1, name="mine", backbone="mobilenetv1_025", backbone_args=args)
    network = build_backbone(card, shelves=shelves)
    assert sum(value.numel() for value in network.parameters()) == parameters(0.25, 10)
    assert type(network.conv_stem).__name__ == "Conv2dSame"
