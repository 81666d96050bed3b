"""Is PyTorch installed, and does it work? The lesson is in README.md beside this file.

Only `smoke_test` computes anything. The functions ask the machine each time they are called.
"""

import torch


def parse_version(version: str) -> tuple[int, int]:
    """The first two numbers of a version, as numbers.

    Args:
        version: such as "2.14.1", "2.14.1+cu130", "2.15.0.dev2026" or "2.14".

    Returns:
        (major, minor), two ints.

    Example:
        >>> parse_version("2.14.1+cu130")
        (2, 14)
    """
    raise NotImplementedError("TODO 1: parse_version")


def at_least(version: str, minimum: tuple[int, int]) -> bool:
    """Whether a version is `minimum` or newer.

    Args:
        version: as for `parse_version`; what comes after the first two numbers does not count.
        minimum: (major, minor).

    Example:
        >>> at_least("2.14.1", (2, 9))
        True
    """
    raise NotImplementedError("TODO 2: at_least")


def pick_device(prefer: str | None = None) -> torch.device:
    """The device to compute on: the preferred one, or the best that this machine has.

    Args:
        prefer: "cpu", "mps", "cuda", or a GPU by its number such as "cuda:1"; a number is kept.
            None: CUDA where it is available, else MPS where that is available, else the CPU.

    Raises:
        RuntimeError: `prefer` is not available here, its number is too large for the number of
            devices, or nothing is called so.

    Example:
        >>> pick_device()  # on a machine with neither CUDA nor MPS
        device(type='cpu')
    """
    raise NotImplementedError("TODO 3: pick_device")


def smoke_test(device: torch.device | str) -> dict[str, bool]:
    """Whether a device really computes. Never raises: what fails is False.

    Args:
        device: the device to try, which need not be there.

    Returns:
        Three bools:
            matmul: a matrix product on the device works and is right.
            backward: a backward pass through that product leaves a gradient.
            finite: the numbers of the product and of the gradient are neither NaN nor infinite.

    Example:
        >>> smoke_test("cpu")
        {'matmul': True, 'backward': True, 'finite': True}
    """
    raise NotImplementedError("TODO 4: smoke_test")
