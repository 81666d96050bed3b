"""From convolutions to a classifier: flatten, its size, a linear layer as a convolution, a CNN and its training.

Shapes: N images, C channels, H and W height and width; K classes.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def flatten(x: Tensor, start_dim: int = 1) -> Tensor:
    """Make one dimension of those from start_dim on."""
    kept, joined = x.shape[:start_dim], x.shape[start_dim:]
    return x.reshape(*kept, math.prod(joined))  # -1 would be ambiguous where there is no sample


def flat_features(body: nn.Module, in_shape: tuple[int, int, int]) -> int:
    """How many numbers `body` makes of one image: send one through and count."""
    modes = [(module, module.training) for module in body.modules()]
    tensor = next((t for t in (*body.parameters(), *body.buffers()) if t.is_floating_point()), torch.empty(0))
    image = torch.zeros(1, *in_shape, dtype=tensor.dtype, device=tensor.device)  # (1, C, H, W)
    body.eval()  # or else BatchNorm learns from this image
    try:
        with torch.no_grad():
            return int(body(image).numel())
    finally:
        for module, training in modes:  # one by one: a part of the body may have another mode than the whole
            module.training = training


def fc_as_conv(linear: nn.Linear, channels: int, height: int, width: int) -> Tensor:
    """The weight of the convolution that does to an image what `linear` does to the flattened image."""
    return linear.weight.reshape(linear.out_features, channels, height, width)  # (out, C * H * W) -> (out, C, H, W)


class SmallCNN(nn.Module):
    """Two convolutions, averages over a grid of 4 x 4 fields, and one linear layer."""

    def __init__(self, num_classes: int, in_channels: int = 1) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(4),  # 4 x 4 whatever the size of the image
        )
        self.head = nn.Linear(32 * 4 * 4, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        features = self.body(x)  # (N, C, H, W) -> (N, 32, 4, 4)
        return self.head(flatten(features))  # (N, 512) -> (N, K): no activation, the loss has the softmax


def train_digits(images: Tensor, labels: Tensor, seed: int = 0) -> nn.Module:
    """Train a SmallCNN on these images alone."""
    epochs, batch_size = 5, 50
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers go on as if nothing had been drawn here
        torch.manual_seed(seed)
        model = SmallCNN(int(labels.max()) + 1, images.shape[1])
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
        model.train()
        for _ in range(epochs):
            for batch in torch.randperm(len(images)).split(batch_size):
                loss = F.cross_entropy(model(images[batch]), labels[batch])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return model.eval()
