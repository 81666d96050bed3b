"""Attention, from the scaled dot product to heads and a cache. The lesson is in README.md beside this file.

Masks are boolean and called `keep`: True means that a query may attend to a key. A query that may attend to no key
at all gets zeros. No function changes its arguments; results have the dtype of the inputs and lie on their device.
"""

from torch import Tensor, nn


def attention_weights(q: Tensor, k: Tensor, keep: Tensor | None = None) -> Tensor:
    """How much each query attends to each key: softmax over the keys of q kᵀ / √d.

    Args:
        q: (..., L, d), floating point.
        k: (..., S, d), the dtype of `q`.
        keep: bool, broadcasts to (..., L, S); True where the query may attend to the key. None: everywhere.

    Returns:
        (..., L, S), the dtype of `q`. Each row adds up to 1; it is 0 where `keep` is False, and all 0 where a
        query may attend to no key. Gradients of finite inputs are finite, also for such rows.

    Example:
        >>> q, k = torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
        >>> attention_weights(q, k)
        tensor([[0.2689, 0.7311]])
        >>> attention_weights(q, k, keep=torch.tensor([[True, False]]))
        tensor([[1., 0.]])
    """
    raise NotImplementedError("TODO 1: attention_weights")


def attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention: each query's weighted mean of the values.

    Args:
        q: (..., L, d), floating point.
        k: (..., S, d), the dtype of `q`.
        v: (..., S, dv), the dtype of `q`. S may be 0.
        keep: bool, broadcasts to (..., L, S), as in `attention_weights`.

    Returns:
        (..., L, dv), the dtype of `q`; zeros for a query that may attend to no key, and where S is 0.

    Raises:
        TypeError: where `keep` is not bool.

    Example:
        >>> q, k = torch.tensor([[2.0, 0.0, 0.0, 0.0]]), torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
        >>> attention(q, k, torch.tensor([[10.0, 0.0], [0.0, 10.0]]))
        tensor([[2.6894, 7.3106]])
    """
    raise NotImplementedError("TODO 2: attention")


def combine_masks(causal: Tensor, key_keep: Tensor) -> Tensor:
    """One mask out of two: which keys a query may see in time, and which keys are data and no padding.

    Args:
        causal: (L, S), bool, True where query i may see key j.
        key_keep: (B, S), bool, True where key j of sample b is data. All of a sample may be padding.

    Returns:
        (B, 1, L, S), bool: True where both are True. The 1 stands for the heads.

    Example:
        >>> causal = torch.tensor([[True, False], [True, True]])
        >>> combine_masks(causal, torch.tensor([[True, True], [False, True]]))
        tensor([[[[ True, False],
                  [ True,  True]]],
                [[[False, False],
                  [False,  True]]]])
    """
    raise NotImplementedError("TODO 3: combine_masks")


def to_mha_mask(keep: Tensor) -> Tensor:
    """The same mask as `nn.MultiheadAttention` wants it in `attn_mask` or `key_padding_mask`.

    Args:
        keep: any shape, bool, True where a query may attend.

    Returns:
        Same shape, bool, with the meaning that True has in `nn.MultiheadAttention`.

    Example:
        >>> to_mha_mask(torch.tensor([[True, False]]))
        tensor([[False,  True]])
    """
    raise NotImplementedError("TODO 4: to_mha_mask")


class MultiHeadAttention(nn.Module):
    """Attention in several heads. Parameters have the names, shapes and layout of `nn.MultiheadAttention`.

    They are `in_proj_weight` (3E, E) and `in_proj_bias` (3E,), whose thirds make q, k and v, in this order, and
    `out_proj.weight` (E, E) and `out_proj.bias` (E,). Head h works on the features from h * d on, with d = E / H.
    How they start is up to you: finite, the weights random and drawn from the global generator.

    Args:
        embed_dim: E, features of the inputs and the output.
        num_heads: H.
        bias: with False, neither bias exists.

    Raises:
        ValueError: where `embed_dim` is not divisible by `num_heads`.

    Example:
        >>> layer = MultiHeadAttention(embed_dim=12, num_heads=3)
        >>> layer(torch.randn(2, 5, 12), torch.randn(2, 7, 12), torch.randn(2, 7, 12)).shape
        torch.Size([2, 5, 12])
    """

    def __init__(self, embed_dim: int, num_heads: int, bias: bool = True) -> None:
        raise NotImplementedError("TODO 5: MultiHeadAttention")

    def forward(self, query: Tensor, key: Tensor, value: Tensor, keep: Tensor | None = None) -> Tensor:
        """Attend from each place of `query` to the places of `key`, in each head.

        Args:
            query: (B, L, E), floating point of the dtype of the parameters.
            key, value: (B, S, E).
            keep: bool, broadcasts to (B, H, L, S).

        Returns:
            (B, L, E). A query that may attend to no key gets the bias of `out_proj`.
        """
        raise NotImplementedError("TODO 5: MultiHeadAttention")


class CrossAttention(nn.Module):
    """Multi-head attention from one sequence to another.

    Its parameters are those of one `MultiHeadAttention` or `nn.MultiheadAttention` with biases, inherited or in a
    submodule of any name: what counts is that the names end as there (`in_proj_weight`, `out_proj.bias`, ...).

    Args:
        embed_dim: E, features of both sequences.
        num_heads: H.

    Example:
        >>> layer = CrossAttention(embed_dim=12, num_heads=3)
        >>> layer(torch.randn(2, 5, 12), context=torch.randn(2, 7, 12)).shape
        torch.Size([2, 5, 12])
    """

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        raise NotImplementedError("TODO 6: CrossAttention")

    def forward(self, x: Tensor, context: Tensor, keep: Tensor | None = None) -> Tensor:
        """Attend from each place of `x` to the places of `context`, to all of them unless `keep` says otherwise.

        Args:
            x: (B, L, E), where the queries come from.
            context: (B, S, E), where the keys and values come from.
            keep: bool, broadcasts to (B, H, L, S).

        Returns:
            (B, L, E).
        """
        raise NotImplementedError("TODO 6: CrossAttention")


def kv_step(
    cache: tuple[Tensor, Tensor] | None, q: Tensor, k: Tensor, v: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """One step of causal attention: the newest query, and the keys and values of all steps so far.

    Called for one step after the other, it gives the rows of causal attention over all steps.

    Args:
        cache: None before the first step, else (K, V), each (B, H, t, d), the steps in order of arrival.
        q, k, v: (B, H, 1, d), floating point: the query, key and value of the newest step.

    Returns:
        The result of the newest step, (B, H, 1, d), and the new cache, two of (B, H, t + 1, d). The tensors of the
        old cache stay as they are, so that two continuations can start from it.

    Example:
        >>> one = torch.ones(1, 1, 1, 2)
        >>> out, cache = kv_step(None, one, one, one)
        >>> out, cache = kv_step(cache, one, one, 3 * one)
        >>> out
        tensor([[[[2., 2.]]]])
        >>> cache[1]
        tensor([[[[1., 1.],
                  [3., 3.]]]])
    """
    raise NotImplementedError("TODO 7: kv_step")
