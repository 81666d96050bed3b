"""A right answer that works on copies, with a network of blocks, a DataLoader, dropout and AdamW."""

import copy

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def flatten(x: torch.Tensor, start_dim: int = 1) -> torch.Tensor:
    for _ in range(x.dim() - start_dim - 1):  # the last two dimensions become one, again and again
        *lead, rows, columns = x.shape
        x = x.reshape(*lead, rows * columns)
    return x


def flat_features(body, in_shape):
    twin = copy.deepcopy(body).requires_grad_(False).eval()
    first = next(twin.parameters(), torch.tensor(0.0))
    out = twin(first.new_empty((1, *in_shape)).normal_())
    total = 1
    for size in out.shape[1:]:
        total *= int(size)
    return total


def fc_as_conv(linear, channels, height, width):
    eye = torch.arange(channels * height * width, device=linear.weight.device)
    place = eye.view(channels, height, width)
    return linear.weight[:, place].clone()


class Block(nn.Sequential):
    def __init__(self, before, after):
        super().__init__(
            nn.Conv2d(before, after, kernel_size=3, padding="same", bias=False),
            nn.GroupNorm(4, after),
            nn.GELU(),
        )


class SmallCNN(nn.Module):
    def __init__(self, num_classes: int, in_channels: int = 1):
        super().__init__()
        self.blocks = nn.ModuleList([Block(in_channels, 16), Block(16, 24)])
        self.pool = nn.AvgPool2d(2, ceil_mode=True)
        self.head = nn.Sequential(
            nn.AdaptiveAvgPool2d((3, 3)), nn.Flatten(), nn.Dropout(0.1), nn.Linear(24 * 9, num_classes)
        )

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return self.head(self.pool(x))


def train_digits(images, labels, seed=0):
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    model = SmallCNN(int(labels.max()) + 1, images.shape[1])
    loader = DataLoader(TensorDataset(images, labels), batch_size=32, shuffle=True, generator=generator)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(8):
        if epoch == 6:
            for group in optimizer.param_groups:
                group["lr"] = 2e-3
        for x, y in loader:
            model.train()
            optimizer.zero_grad()
            loss_fn(model(x), y).backward()
            optimizer.step()
    return model.eval()
