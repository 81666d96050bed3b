"""The course's forbidden names: how they may be spelled, and what a student may write instead."""

from __future__ import annotations

from dataclasses import dataclass

PRELUDE = """\
import functools, importlib, operator, pickle, math, io
import numpy as np
import torch, torchvision
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.utils as utils
from torch import Tensor
from torchvision import transforms
"""

VALUES = """\
CPU_ONLY = torch._C.DispatchKeySet(torch._C.DispatchKey.CPU)
g = torch.Generator().manual_seed(0)
x = torch.arange(6.0).reshape(2, 3) / 7 - 0.4
w = torch.arange(12.0).reshape(4, 3) / 9
b = torch.arange(4.0)
a = torch.arange(3.0)
y = torch.tensor([0, 2])
image = torch.arange(50.0).reshape(1, 2, 5, 5)
kernel = torch.ones(3, 2, 2, 2)
line = torch.arange(10.0).reshape(1, 2, 5)
steps = torch.arange(24.0).reshape(2, 4, 3) / 24
leaf = torch.ones(3, requires_grad=True)
h = torch.zeros(2, 5)
h1 = torch.zeros(1, 2, 5)
w_ih, w_hh, b_ih, b_hh = torch.ones(20, 3), torch.ones(20, 5), torch.ones(20), torch.ones(20)
q = torch.arange(48.0).reshape(2, 2, 4, 3) / 48
"""


@dataclass(frozen=True)
class Case:
    """`stopped`: expressions that both checks refuse. `unseen`: only the one at run time does. `mentions`: only the
    one in the source does. `allowed`: what a student writes instead."""

    name: str
    forbid: tuple[str, ...]
    stopped: tuple[str, ...]
    allowed: tuple[str, ...]
    unseen: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()


CASES = [
    Case(
        "linspace",
        ("torch.linspace", "torch.logspace", "numpy"),
        (
            "torch.linspace(0, 1, 5)",
            "torch.linspace(0, 1, 5, out=torch.empty(5))",
            "torch.logspace(0, 1, 5)",
            "torch.ops.aten.linspace(0, 1, 5)",
            "np.linspace(0, 1, 5)",
            "np.arange(5)",
            "np.array([1, 2])",
            "np.random.rand(3)",
            "getattr(torch, 'lin' + 'space')(0, 1, 5)",
            "torch.from_numpy(None)",
            "x.numpy()",
        ),
        ("torch.arange(5) * 0.25", "torch.tensor([0.0, 1.0])", "torch.full((3,), 2.0)", "a.tolist()"),
        unseen=("getattr(torch, ''.join(chr(c) for c in (108, 105, 110, 115, 112, 97, 99, 101)))(0, 1, 5)",),
        mentions=("np",),
    ),
    Case(
        "normal",
        ("torch.normal",),
        (
            "torch.normal(0.0, 1.0, (3,))",
            "torch.normal(torch.zeros(3), 2.0)",
            "torch.normal(torch.zeros(3), torch.ones(3), out=torch.empty(3))",
            "torch.empty(3).normal_(1, 2)",
            "torch.nn.init.normal_(torch.empty(3), 1, 2)",
        ),
        (
            "torch.randn((3,), generator=g) * 2 + 1",
            "torch.randn(3, dtype=torch.float64)",
            "torch.randn_like(x)",
            "torch.rand(3, generator=g)",
            "torch.randn(3, requires_grad=True).sum().backward()",
        ),
    ),
    Case(
        "one_hot",
        ("torch.nn.functional.one_hot", "torch.eye"),
        (
            "F.one_hot(y, 4)",
            "torch.eye(4)[y]",
            "torch.eye(3, 4, out=torch.empty(3, 4))",
            "torch.ops.aten.one_hot(y, 4)",
        ),
        (
            "(y[:, None] == torch.arange(4)).float()",
            "torch.zeros(2, 4).scatter_(1, y[:, None], 1.0)",
            "torch.zeros(2, 4).index_put_((torch.arange(2), y), torch.ones(2))",
        ),
    ),
    Case(
        "broadcast_shape",
        ("torch.broadcast_shapes", "torch.broadcast_tensors", "torch.broadcast_to"),
        (
            "torch.broadcast_shapes((2, 1), (3,))",
            "torch.functional.broadcast_shapes((2, 1), (3,))",
            "torch.broadcast_tensors(x, a)",
            "torch.broadcast_to(a, (2, 3))",
            "a.broadcast_to((2, 3))",
        ),
        ("x + a", "tuple(max(p, q) for p, q in zip((1, 2), (3, 2)))", "a.expand(2, 3)"),
    ),
    Case(
        "outer",
        ("torch.outer", "torch.ger", "torch.einsum", "torch.matmul"),
        (
            "torch.outer(a, b)",
            "a.outer(b)",
            "torch.ger(a, b)",
            "torch.einsum('i,j->ij', a, b)",
            "a[:, None] @ b[None]",
            "a[:, None].matmul(b[None])",
            "torch.mm(a[:, None], b[None])",
            "torch.linalg.multi_dot([a[:, None], b[None]])",
            "torch.tensordot(a, b, 0)",
            "operator.matmul(a[:, None], b[None])",
        ),
        ("a[:, None] * b", "a.unsqueeze(1).mul(b)", "a.view(-1, 1).expand(3, 4) * b"),
    ),
    Case(
        "pairwise_sq_dist",
        ("torch.cdist",),
        ("torch.cdist(x, w)", "torch.ops.aten._euclidean_dist(x, w)", "torch.ops.aten._cdist_forward(x, w, 2.0, None)"),
        ("((x[:, None] - w) ** 2).sum(-1)", "(x @ w.T).clamp(min=0)"),
    ),
    Case(
        "causal_mask",
        ("torch.tril", "torch.triu"),
        (
            "torch.tril(x)",
            "x.tril()",
            "x.clone().tril_()",
            "torch.triu(torch.ones(3, 3, dtype=torch.bool))",
            "torch.tril_indices(3, 3)",
            "torch.ops.aten.triu.default(x)",
        ),
        ("torch.arange(3) <= torch.arange(2)[:, None] + 1", "torch.ones(2, 3).cumsum(0)"),
    ),
    Case(
        "numeric_gradient",
        ("torch.Tensor.backward", "torch.autograd.grad", "torch.autograd.functional", "torch.func"),
        (
            "leaf.sum().backward()",
            "torch.autograd.backward(leaf.sum())",
            "Tensor.backward(leaf.sum())",
            "torch.autograd.grad(leaf.sum(), leaf)",
            "torch.autograd.functional.jacobian(torch.exp, a)",
            "torch.func.grad(lambda t: t.sum())(a)",
            "torch.func.jacfwd(torch.exp)(a)",
            "torch.func.jvp(torch.exp, (a,), (a,))",
            "torch.vmap(torch.exp)(a)",
            "torch.autograd.graph._engine_run_backward((leaf.sum(),), (None,), False, False, (leaf,), True, True)",
        ),
        ("(torch.exp(a + 1e-6) - torch.exp(a - 1e-6)) / 2e-6", "leaf.detach().double().sum()", "leaf.sum().grad_fn"),
    ),
    Case(
        "LeakyReLUFn",
        ("torch.nn.functional.leaky_relu",),
        (
            "F.leaky_relu(x)",
            "F.leaky_relu_(x.clone())",
            "F.leaky_relu(x, inplace=False)",
            "nn.LeakyReLU(0.1)(x)",
            "torch._C._nn.leaky_relu(x)",
            "torch.ops.aten.leaky_relu(x)",
        ),
        ("torch.where(x > 0, x, 0.01 * x)", "F.relu(x) - 0.01 * F.relu(-x)", "F.elu(x)", "F.prelu(x, torch.ones(1))"),
    ),
    Case(
        "Linear",
        ("torch.nn.Linear", "torch.nn.functional.linear"),
        (
            "F.linear(x, w, b)",
            "nn.Linear(3, 4)(x)",
            "torch._C._nn.linear(x, w)",
            "torch.ops.aten.linear(x, w)",
            "torch.ops.aten.linear.default.decompose(x, w)",
            "torch.vmap(lambda row: F.linear(row, w))(x)",
        ),
        (
            "x @ w.T + b",
            "torch.addmm(b, x, w.T)",
            "torch.matmul(x, w.T)",
            "x.mm(w.t())",
            "torch.einsum('ni,oi->no', x, w)",
        ),
        mentions=("nn.Linear(3, 4).weight", "nn.LazyLinear(3)"),
    ),
    Case(
        "Dropout",
        ("torch.nn.Dropout", "torch.nn.functional.dropout"),
        (
            "F.dropout(x)",
            "nn.Dropout(0.5)(x)",
            "torch.dropout(x, 0.5, True)",
            "torch.dropout_(x.clone(), 0.5, True)",
            "torch.native_dropout(x, 0.5, True)",
            "F.alpha_dropout(x, training=True)",
            "nn.Dropout2d()(image)",
            "torch.feature_dropout(image, 0.5, True)",
        ),
        (
            "x * (torch.rand_like(x) > 0.5) / 0.5",
            "torch.bernoulli(torch.full_like(x, 0.5), generator=g) * x",
            "torch.empty_like(x).bernoulli_(0.5)",
        ),
    ),
    Case(
        "BatchNorm1d",
        ("torch.nn.functional.batch_norm",),
        (
            "F.batch_norm(x, None, None, training=True)",
            "nn.BatchNorm1d(3)(x)",
            "torch.batch_norm(x, None, None, None, None, True, 0.1, 1e-5, False)",
            "torch.native_batch_norm(x, None, None, None, None, True, 0.1, 1e-5)",
            "torch.ops.aten._native_batch_norm_legit.no_stats(x, None, None, True, 0.1, 1e-5)",
        ),
        (
            "(x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + 1e-5)",
            "torch.var_mean(x, 0)",
            "F.layer_norm(x, (3,))",
        ),
    ),
    Case(
        "sigmoid",
        ("torch.sigmoid", "torch.special.expit", "torch.tanh", "torch.nn.functional.logsigmoid"),
        (
            "torch.sigmoid(x)",
            "x.sigmoid()",
            "x.clone().sigmoid_()",
            "torch.sigmoid(x, out=torch.empty(2, 3))",
            "F.sigmoid(x)",
            "nn.Sigmoid()(x)",
            "torch.special.expit(x)",
            "torch.tanh(x)",
            "nn.Tanh()(x)",
            "F.logsigmoid(x).exp()",
            "torch._refs.sigmoid(x)",
            "torch._decomp.decomposition_table[torch.ops.aten.log_sigmoid_forward.default](x)",
            "torch.ops.prims.tanh(x)",
        ),
        ("1 / (1 + torch.exp(-x))", "torch.exp(-torch.logaddexp(-x, torch.zeros(())))", "torch.expm1(x)"),
    ),
    Case(
        "relu",
        ("torch.relu", "torch.threshold", "torch.nn.functional"),
        (
            "torch.relu(x)",
            "x.relu()",
            "torch.relu_(x.clone())",
            "nn.ReLU()(x)",
            "F.relu6(x)",
            "F.threshold(x, 0, 0)",
            "torch.threshold(x, 0, 0)",
            "F.hardtanh(x, 0, 9)",
            "F.pad(x, (1, 1))",
            "F.gelu(x)",
        ),
        (
            "torch.where(x <= 0, 0.0, x)",
            "x.clamp(min=0)",
            "torch.maximum(x, torch.zeros(()))",
            "leaf.clamp(min=0).sum().backward()",
        ),
    ),
    Case(
        "elu",
        ("torch.nn.functional.elu", "torch.nn.functional.selu", "torch.nn.functional.celu"),
        (
            "F.elu(x)",
            "F.elu_(x.clone())",
            "nn.ELU()(x)",
            "torch.selu(x)",
            "F.celu(x)",
            "torch.celu_(x.clone())",
            "nn.SELU()(x)",
        ),
        ("torch.where(x > 0, x, torch.expm1(x.clamp(max=0)))",),
    ),
    Case(
        "mish",
        ("torch.nn.functional.mish", "torch.nn.functional.softplus"),
        ("F.mish(x)", "nn.Mish()(x)", "F.softplus(x)", "nn.Softplus()(x)", "torch._C._nn.softplus(x)"),
        ("x * torch.tanh(torch.logaddexp(x, torch.zeros(())))", "x * torch.tanh(torch.log1p(torch.exp(x)))"),
    ),
    Case(
        "softmax",
        ("torch.softmax", "torch.log_softmax", "torch.logsumexp"),
        (
            "torch.softmax(x, 1)",
            "x.softmax(1)",
            "F.softmax(x, dim=1)",
            "nn.Softmax(1)(x)",
            "F.softmin(x, dim=1)",
            "F.gumbel_softmax(x)",
            "torch.special.softmax(x, 1)",
            "torch.log_softmax(x, 1).exp()",
            "nn.LogSoftmax(1)(x)",
            "torch.exp(x - torch.logsumexp(x, 1, keepdim=True))",
            "torch.ops.aten._softmax(x, 1, False)",
            "torch.ops.aten._softmax.default.redispatch(CPU_ONLY, x, 1, False)",
            "torch.sparse.softmax(x.to_sparse(), 1)",
            "torch.ops.aten._safe_softmax(x, 1)",
            "torch._refs.softmax(x, 1)",
            "torch._decomp.decomposition_table[torch.ops.aten._softmax.default](x, 1, False)",
            "torch.vmap(lambda row: torch.softmax(row, 0))(x)",
            "functools.partial(torch.softmax, dim=1)(x)",
            "operator.methodcaller('softmax', 1)(x)",
            "importlib.import_module('torch.nn.functional').softmax(x, 1)",
            "__import__('torch').softmax(x, 1)",
            "vars(torch)['softmax'](x, 1)",
            "eval('torch.softmax(x, 1)')",
        ),
        (
            "torch.exp(x - x.amax(1, keepdim=True)) / torch.exp(x - x.amax(1, keepdim=True)).sum(1, keepdim=True)",
            "x.sub(x.max(1, keepdim=True).values).exp()",
            "torch.logcumsumexp(x, 1)",
        ),
        unseen=("getattr(x, ''.join(reversed(['max', 'soft'])))(1)", "eval(f'x.{str.lower(\"SOFTMAX\")}(1)')"),
    ),
    Case(
        "PReLU",
        ("torch.nn.functional.prelu",),
        ("F.prelu(x, torch.ones(1))", "nn.PReLU()(x)", "torch.prelu(x, torch.ones(1))", "x.prelu(torch.ones(1))"),
        ("torch.where(x > 0, x, 0.25 * x)", "F.relu(x)"),
    ),
    Case(
        "nll_loss",
        ("torch.nn.functional.nll_loss",),
        ("F.nll_loss(x, y)", "nn.NLLLoss()(x, y)", "torch._C._nn.nll_loss(x, y)"),
        ("-x.gather(1, y[:, None]).mean()", "F.one_hot(y, 3)"),
        unseen=("F.cross_entropy(x, y)",),  # another name; that it ends in nll_loss shows when it runs
    ),
    Case(
        "cross_entropy",
        ("torch.nn.functional.cross_entropy", "torch.softmax", "torch.log_softmax", "torch.logsumexp"),
        (
            "F.cross_entropy(x, y)",
            "nn.CrossEntropyLoss()(x, y)",
            "torch._C._nn.cross_entropy_loss(x, y)",
            "F.log_softmax(x, 1)",
        ),
        ("torch.log(torch.exp(x).sum(1)) - x[torch.arange(2), y]", "F.nll_loss(x, y)"),
    ),
    Case(
        "sgd_step",
        ("torch.optim",),
        (
            "torch.optim.SGD([leaf], lr=0.1)",
            "torch.optim.SGD([leaf], lr=0.1).step()",
            "importlib.import_module('torch.optim.sgd').sgd([leaf], [leaf], [None])",
            "torch.optim.lr_scheduler.StepLR(None, 1)",
            "importlib.import_module('torch.optim').Adam([leaf])",
        ),
        ("leaf.detach().add_(leaf.detach(), alpha=-0.1)", "torch._foreach_add([a], 1.0)", "leaf.detach().lerp(a, 0.1)"),
    ),
    Case(
        "clip_grad_norm_",
        ("torch.nn.utils.clip_grad_norm_",),
        (
            "utils.clip_grad_norm_([leaf], 1.0)",
            "torch.nn.utils.clip_grad_value_([leaf], 1.0)",
            "torch.nn.utils.clip_grad.clip_grad_norm_([leaf], 1.0)",
            "torch.nn.utils.get_total_norm([a])",
            "torch.nn.utils.clip_grad_norm_.__wrapped__([leaf], 1.0)",
        ),
        ("torch.stack([a.norm(), b.norm()]).norm()", "torch.linalg.vector_norm(a)", "a.clamp(max=1.0)"),
    ),
    Case(
        "conv2d",
        ("torch.nn.Conv2d", "torch.nn.functional.conv2d", "torch.nn.functional.unfold"),
        (
            "F.conv2d(image, kernel)",
            "nn.Conv2d(2, 3, 2)(image)",
            "torch.conv2d(image, kernel)",
            "torch.conv2d(image, kernel, padding='same')",
            "F.conv1d(line, torch.ones(1, 2, 2))",
            "F.conv_transpose2d(image, torch.ones(2, 1, 2, 2))",
            "torch.convolution(image, kernel, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1)",
            "torch._C._nn.slow_conv_dilated2d(image, kernel, 2)",
            "torch.mkldnn_convolution(image, kernel, None, [0, 0], [1, 1], [1, 1], 1)",
            "F.unfold(image, 2)",
            "nn.Unfold(2)(image)",
            "torch._C._nn.im2col(image, 2, 1, 0, 1)",
        ),
        (
            "image.unfold(2, 2, 1).unfold(3, 2, 1)",
            "Tensor.unfold(image, 2, 2, 1)",
            "image.as_strided((1, 2, 4, 4, 2, 2), (50, 25, 5, 1, 5, 1))",
            "torch.einsum('nchwij,ocij->nohw', image.unfold(2, 2, 1).unfold(3, 2, 1), kernel)",
            "F.pad(image, (1, 1, 1, 1))",
            "image.unfold(2, 2, 1).requires_grad_().sum().backward()",
        ),
    ),
    Case(
        "max_pool2d",
        ("torch.nn.functional.max_pool2d", "torch.nn.functional.unfold"),
        (
            "F.max_pool2d(image, 2)",
            "nn.MaxPool2d(2)(image)",
            "torch.max_pool2d(image, 2)",
            "F.max_pool2d(image, 2, return_indices=True)",
            "torch.max_pool1d(line, 2)",
            "torch._C._nn.max_pool2d_with_indices(image, 2)",
            "F.unfold(image, 2)",
        ),
        ("image.unfold(2, 2, 2).unfold(3, 2, 2).amax((-1, -2))", "F.pad(image, (1, 1), value=-math.inf)"),
    ),
    Case(
        "avg_pool2d",
        ("torch.nn.functional.avg_pool2d",),
        (
            "F.avg_pool2d(image, 2)",
            "nn.AvgPool2d(2)(image)",
            "torch._C._nn.avg_pool2d(image, 2)",
            "F.avg_pool1d(line, 2)",
        ),
        ("image.unfold(2, 2, 2).unfold(3, 2, 2).mean((-1, -2))", "image.cumsum(2)"),
    ),
    Case(
        "adaptive_avg_pool2d",
        ("torch.nn.functional.adaptive_avg_pool2d",),
        (
            "F.adaptive_avg_pool2d(image, 1)",
            "F.adaptive_avg_pool2d(image, 2)",
            "nn.AdaptiveAvgPool2d((2, 1))(image)",
            "torch._C._nn.adaptive_avg_pool2d(image, 1)",
            "F.adaptive_avg_pool1d(line, 1)",
        ),
        ("image.mean((2, 3))", "image[:, :, 0:3, 2:5].mean((-1, -2))"),
    ),
    Case(
        "local_response_norm",
        ("torch.nn.functional.local_response_norm", "torch.nn.functional.avg_pool3d"),
        (
            "F.local_response_norm(image, 2)",
            "nn.LocalResponseNorm(2)(image)",
            "F.avg_pool3d(image, 1)",
            "nn.AvgPool3d(1)(image)",
        ),
        ("image / (1 + image.pow(2).cumsum(1)) ** 0.75", "F.pad(image * image, (0, 0, 0, 0, 1, 1))"),
    ),
    Case(
        "flatten",
        ("torch.flatten",),
        ("torch.flatten(image, 1)", "image.flatten(1)", "nn.Flatten()(image)", "torch.ops.aten.flatten(image, 1)"),
        ("image.reshape(image.shape[0], -1)", "image.contiguous().view(1, -1)"),
    ),
    Case(
        "rnn_step",
        ("torch.nn.RNN", "torch.nn.RNNCell"),
        (
            "nn.RNN(3, 5)(steps)",
            "nn.RNNCell(3, 5)(x)",
            "torch.rnn_tanh_cell(x, h, w_ih[:5], w_hh[:5])",
            "torch.rnn_tanh(steps, h1[:, :2], [w_ih[:5], w_hh[:5]], False, 1, 0.0, False, False, True)",
            "torch._VF.rnn_relu_cell(x, h, w_ih[:5], w_hh[:5])",
            "nn.RNN(3, 5, nonlinearity='relu')(steps)",
        ),
        ("torch.tanh(x @ w_ih[:5].T + h @ w_hh[:5].T)", "F.linear(x, w_ih)", "nn.Module()"),
    ),
    Case(
        "lstm_step",
        ("torch.nn.LSTM", "torch.nn.LSTMCell"),
        (
            "nn.LSTM(3, 5, batch_first=True)(steps)",
            "nn.LSTMCell(3, 5)(x)",
            "torch.lstm_cell(x, (h, h), w_ih, w_hh)",
            "torch.lstm(steps, (h1, h1), [w_ih, w_hh], False, 1, 0.0, False, False, True)",
            "torch._VF.lstm_cell(x, (h, h), w_ih, w_hh)",
        ),
        ("torch.sigmoid(x @ w_ih.T).chunk(4, 1)", "torch.tanh(F.linear(x, w_ih, b_ih))", "torch.stack([h, h], 1)"),
    ),
    Case(
        "gru_step",
        ("torch.nn.GRU", "torch.nn.GRUCell"),
        (
            "nn.GRU(3, 5)(steps)",
            "nn.GRUCell(3, 5)(x)",
            "torch.gru_cell(x, h, w_ih[:15], w_hh[:15])",
            "torch._VF.gru_cell(x, h, w_ih[:15], w_hh[:15])",
        ),
        ("torch.sigmoid(x @ w_ih[:15].T).chunk(3, 1)", "torch.lerp(h, h, 0.5)"),
    ),
    Case(
        "lstm_masked",
        ("torch.nn.utils.rnn.pack_padded_sequence", "torch.nn.utils.rnn.pad_packed_sequence"),
        (
            "utils.rnn.pack_padded_sequence(steps, torch.tensor([4, 2]), batch_first=True)",
            "utils.rnn.pack_sequence([a, a])",
            "utils.rnn.pad_packed_sequence(None)",
            "torch._VF._pack_padded_sequence(steps, torch.tensor([4, 2]), True)",
        ),
        ("torch.where(torch.arange(4)[:, None] < 2, steps[0], 0.0)", "utils.rnn.pad_sequence([a, b])"),
    ),
    Case(
        "attention",
        ("torch.nn.functional.scaled_dot_product_attention",),
        (
            "F.scaled_dot_product_attention(q, q, q)",
            "torch._C._nn.scaled_dot_product_attention(q, q, q)",
            "torch.ops.aten._scaled_dot_product_attention_math(q, q, q)",
            "torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(q, q, q)",
        ),
        ("torch.softmax(q @ q.mT / math.sqrt(3), -1) @ q", "F.softmax(q, -1).masked_fill(q < 0, 0.0)"),
    ),
    Case(
        "MultiHeadAttention",
        ("torch.nn.MultiheadAttention",),
        (
            "nn.MultiheadAttention(3, 1)(steps, steps, steps)",
            "nn.MultiheadAttention(3, 1).eval()(steps, steps, steps)",
            "F.multi_head_attention_forward(*[steps] * 3, 3, 1, w, b, None, None, False, 0.0, w, b)",
            "nn.TransformerEncoderLayer(3, 1)(steps)",
            "torch._native_multi_head_attention(steps, steps, steps, 3, 1, w, b, w, b)",
        ),
        ("F.scaled_dot_product_attention(q, q, q)", "torch.softmax(q @ q.mT, -1) @ q", "nn.Linear(3, 4)(x)"),
    ),
    Case(
        "gelu",
        ("torch.nn.functional.gelu",),
        (
            "F.gelu(x)",
            "F.gelu(x, approximate='tanh')",
            "nn.GELU()(x)",
            "torch._C._nn.gelu(x)",
            "torch.ops.aten.gelu_(x.clone())",
        ),
        ("0.5 * x * (1 + torch.tanh(0.8 * (x + 0.044715 * x**3)))", "torch.erf(x)"),
    ),
    Case(
        "LayerNorm",
        ("torch.nn.functional.layer_norm",),
        (
            "F.layer_norm(x, (3,))",
            "nn.LayerNorm(3)(x)",
            "torch.layer_norm(x, (3,))",
            "torch.native_layer_norm(x, (3,), None, None, 1e-5)",
            "torch._decomp.decomposition_table[torch.ops.aten.native_layer_norm.default](x, (3,), None, None, 1e-5)",
        ),
        ("(x - x.mean(-1, keepdim=True)) * torch.rsqrt(x.var(-1, correction=0, keepdim=True) + 1e-5)",),
    ),
    Case(
        "normalize",
        ("torchvision.transforms",),
        (
            "transforms.Normalize(0.5, 0.5)(image)",
            "torchvision.transforms.functional.normalize(image, [0.5], [0.5])",
            "transforms.ToTensor()(x)",
        ),
        ("(image / 255 - 0.5) / 0.25", "image.permute(0, 2, 3, 1)"),
    ),
    Case(
        "save_checkpoint",
        ("pickle",),
        ("pickle.dumps(nn.Linear(2, 2))", "pickle.dump(1, io.BytesIO())", "pickle.loads(b'')"),
        ("torch.save({'w': w}, io.BytesIO())", "__import__('copy').deepcopy(nn.Linear(2, 2))"),
    ),
]
