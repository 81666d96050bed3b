"""The names that a suite may forbid, and what each of them stands for.

A name is reduced to a *key* that all spellings of one thing share: `F.leaky_relu`,
`torch.nn.LeakyReLU`, `Tensor.leaky_relu_` and `aten::leaky_relu.out` are all `leakyrelu`. What
the reduction cannot know, that softmin is a softmax and `ger` an `outer`, stands in `FAMILIES`.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

LOOPS = "loops"

OTHER_LIBRARIES = frozenset(
    {"scipy", "sklearn.utils", "sklearn.metrics", "sklearn.preprocessing", "jax", "tensorflow", "keras", "cupy"}
    | {"numba", "onnxruntime", "triton"}
)
"""Libraries with the same functions as torch's, refused where any of those is forbidden."""

MODULES: dict[str, tuple[str, ...]] = {
    "torch.optim": ("torch._functional",),
    "torch.func": ("torch._functorch", "functorch", "torch.vmap", "torch.autograd.forward_ad"),
    "torch.autograd.functional": ("torch.autograd.forward_ad",),
    "torch.nn.functional": (),
    "torch.nn.init": (),
    "torch.nn.utils": (),
    "torch.special": (),
    "torch.linalg": (),
    "torch.fft": (),
    "torch.distributions": (),
    "torchvision": (),
    "torchvision.transforms": (),
    "numpy": (),
    "pickle": ("_pickle", "cPickle", "dill", "cloudpickle", "joblib"),
}
"""Modules that may be forbidden as a whole, each with further ways into it."""

FAMILIES: dict[str, str] = {
    "adaptiveavgpool": "",
    "avgpool": "",
    "batchnorm": "syncbatchnorm batchnormlegit batchnormlegitnotraining batchnormimplindex "
    "batchnormwithupdate batchnormwithupdatefunctional batchnormnoupdate",
    "broadcastshapes": "",
    "broadcasttensors": "",
    "broadcastto": "",
    "cdist": "euclideandist",
    "celu": "",
    "clipgradnorm": "clipgradsnorm clipgradvalue clipgradswithnorm gettotalnorm",
    "conv": "convolution convolutionpointwise convolutiontransposepointwise convolutionmode "
    "convolutionoverrideable convtbc convtranspose convdepthwise convdilated nnpackspatialconvolution im2col",
    "crossentropy": "linearcross",
    "dropout": "featuredropout alphadropout featurealphadropout",
    "einsum": "",
    "elu": "",
    "eye": "",
    "flatten": "",
    "gelu": "",
    "ger": "outer",
    "gru": "grucell thnnfusedgrucell",
    "im2col": "",
    "layernorm": "",
    "leakyrelu": "",
    "linear": "nondynamicallyquantizablelinear linearpointwise mkllinear",
    "linspace": "",
    "localresponsenorm": "crossmaplrn",
    "logsigmoid": "",
    "logsoftmax": "adaptivelogsoftmaxwith",
    "logspace": "",
    "logsumexp": "",
    "lstm": "lstmcell lstmmps rnnlayer thnnfusedlstmcell",
    "matmul": "mm bmm mv dot vdot vecdot inner addmm addmv addbmm baddbmm addmmactivation multidot chainmatmul "
    "tensordot rmatmul imatmul",
    "maxpool": "maxpoolwithindices",
    "mish": "",
    "multiheadattention": "multiheadattentionforward transformer transformerencoder transformerencoderlayer "
    "transformerencoderlayerfwd transformerdecoder transformerdecoderlayer tritonmultiheadattention",
    "nll": "nllnd",
    "normal": "",
    "onehot": "",
    "outer": "ger",
    "packpaddedsequence": "packsequence padpackedsequence",
    "padpackedsequence": "packpaddedsequence packsequence",
    "prelu": "prelukernel",
    "relu": "",
    "rnn": "rnncell rnntanh rnnrelu rnntanhcell rnnrelucell rnnlayer",
    "scaleddotproductattention": "scaleddotproductattentionmath scaleddotproductflashattention "
    "scaleddotproductflashattentionforcpu scaleddotproductefficientattention scaleddotproductcudnnattention "
    "scaleddotproductfusedattentionoverrideable flashattention efficientattention flexattention",
    "selu": "",
    "sigmoid": "expit",
    "softmax": "softmin gumbelsoftmax",
    "softplus": "",
    "tanh": "",
    "threshold": "",
    "tril": "trilindices",
    "triu": "triuindices",
}
"""Each key that is known without torch, and the keys of what else is the same thing."""

ALIASES = {
    "convolution": "conv",
    "rnncell": "rnn",
    "lstmcell": "lstm",
    "grucell": "gru",
    "expit": "sigmoid",
    "packsequence": "packpaddedsequence",
    "clipgradvalue": "clipgradnorm",
}

METHODS = frozenset(
    {
        "flatten", "ger", "logsoftmax", "logsumexp", "matmul", "mm", "bmm", "mv", "dot", "vdot", "inner",
        "addmm", "addmv", "addbmm", "baddbmm", "normal", "outer", "prelu", "relu", "rmatmul",
        "sigmoid", "softmax", "tanh", "tril", "triu", "broadcastto",
    }
)  # fmt: skip
"""The keys above under which `torch.Tensor` has a method."""

PYTHON_ONLY: dict[str, tuple[str, ...]] = {
    "broadcastshapes": ("torch.broadcast_shapes", "torch.functional.broadcast_shapes"),
    "clipgradnorm": (
        "torch.nn.utils.clip_grad",
        "torch.nn.utils.get_total_norm",
        "torch.nn.utils.clip_grads_with_norm_",
    ),
    "crossentropy": ("torch.nn.functional.cross_entropy",),
    "localresponsenorm": (
        "torch.nn.functional.local_response_norm",
        "torch.nn.modules._functions.CrossMapLRN2d",
    ),
    "multiheadattention": (
        "torch.nn.MultiheadAttention",
        "torch.nn.functional.multi_head_attention_forward",
        "torch.nn.TransformerEncoderLayer",
        "torch.nn.TransformerDecoderLayer",
    ),
    "packpaddedsequence": (
        "torch.nn.utils.rnn.pack_padded_sequence",
        "torch.nn.utils.rnn.pack_sequence",
        "torch.nn.utils.rnn.pad_packed_sequence",
    ),
    "im2col": ("torch.nn.functional.unfold",),
}
"""What is written in Python, wholly or in front of its operators: to be denied there at run time."""

_UNFOLD = frozenset({"torch.nn.functional.unfold", "torch.nn.Unfold", "torch.nn.modules.fold.Unfold"})
_BACKWARD = frozenset({"torch.Tensor.backward", "torch.autograd.backward", "torch.autograd.Variable.backward"})
_SPEC = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


@dataclass(frozen=True)
class Ban:
    """One forbidden thing.

    `keys` are matched against what is reached through torch, and against operators; `paths` are
    dotted names matched with all that lies under them; `methods` are keys of tensor methods, and
    `exact_methods` their names where no key will do; `python` is what the run-time half denies
    outside the dispatcher, and `operators` what it denies by its exact name.
    """

    name: str
    keys: frozenset[str] = frozenset()
    paths: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    exact_methods: frozenset[str] = frozenset()
    python: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bans:
    """What one marker forbids."""

    names: tuple[str, ...]
    bans: tuple[Ban, ...] = field(repr=False)

    @property
    def loops(self) -> bool:
        return LOOPS in self.names

    @property
    def torch(self) -> bool:
        """Whether anything but loops is forbidden, so that the ways round a ban are refused too."""
        return any(ban.name.startswith("torch.") for ban in self.bans)

    def by_path(self, path: str) -> str | None:
        """The forbidden name that the dotted name `path` spells, if any."""
        if path.startswith("operator."):  # `operator.matmul` is `@`
            return self.by_method(f"__{path.partition('.')[2].strip('_')}__")
        for ban in self.bans:
            if under(path, ban.paths) or (ban.keys and any(key in ban.keys for key in _path_keys(path))):
                return ban.name
        return None

    def by_method(self, method: str) -> str | None:
        """The forbidden name that a tensor's method of this name is, if any."""
        for ban in self.bans:
            if method in ban.exact_methods or key_of(method) in ban.methods:
                return ban.name
        return None


def under(path: str, prefixes: Iterable[str]) -> bool:
    """Whether `path` is one of the dotted names, or lies under one."""
    return any(path == prefix or path.startswith(prefix + ".") for prefix in prefixes)


@functools.lru_cache(maxsize=8192)
def key_of(leaf: str) -> str:
    """What all spellings of one thing have in common, from the last part of any of them."""
    # `_masked_softmax` is a softmax, but `masked_fill` is no `fill`
    private = r"|(?<=^_)(masked|sparse|safe|fused|slow|thnn|nnpack)_" if leaf.startswith("_") else ""
    name = re.sub(rf"^_*(native|special|linalg|mkldnn|cudnn|miopen|quantized|thnn|slow)_(?!_){private}", "", leaf)
    name = re.sub(r"_(forward|copy)$", "", name.strip("_"))
    name = re.sub(r"_with_indices$", "", name).replace("_", "").lower()
    name = re.sub(r"^lazy(?=linear|conv|batchnorm)", "", name)
    for suffix in ("loss", "[123]d", "loss"):  # NLLLoss2d, CrossEntropyLoss
        name = re.sub(rf"(?<=.){suffix}$", "", name)
    return name


def _path_keys(path: str) -> list[str]:
    """The keys of the parts of a dotted name that may stand for a function, class or operator.

    A lower-case part inside a path is a module (`torch.nn.utils.rnn.pad_sequence` is no RNN),
    except in `torch.ops`, where an overload may follow.
    """
    root, *parts = path.split(".")
    if root != "torch" or not parts or path in ("torch.Tensor", "torch.Tensor.unfold"):
        return []
    operator = parts[0] == "ops"
    return [
        key_of(part)
        for part, following in zip(parts, [*parts[1:], "__call__"], strict=True)
        if operator or following.startswith("__") or part[0].isupper()
    ]


def parse(names: Sequence[str]) -> Bans:
    """What a marker's names stand for.

    Names of the course's own exercises are known without torch; for others torch is imported,
    to see whether it has them.

    Raises:
        ValueError: a name that stands for nothing, with the nearest that does.
    """
    bans = [_ban(name) for name in names if name != LOOPS]
    return Bans(tuple(names), tuple(bans))


@functools.lru_cache(maxsize=1024)
def _ban(name: str) -> Ban:
    if not isinstance(name, str) or not _SPEC.fullmatch(name):
        raise ValueError(f"forbid: {name!r} is no dotted name; write for example 'torch.softmax' or 'loops'")
    if name in MODULES:
        return _module(name)
    if name in _BACKWARD:
        return Ban(
            name,
            paths=_BACKWARD,
            exact_methods=frozenset({"backward"}),
            python=("torch.Tensor.backward", "torch.autograd.backward"),
        )
    if name == "torch.autograd.grad":
        return Ban(name, paths=frozenset({name}), python=(name,))
    if name == "torch.tensor":  # `torch.Tensor` has the same key
        return Ban(name, paths=frozenset({name}), operators=("lift_fresh",))
    leaf = name.rpartition(".")[2]
    key = key_of(leaf)
    if name in _UNFOLD:  # `Tensor.unfold` is another thing, and no part of it
        key = "im2col"
    key = ALIASES.get(key, key)
    if key in FAMILIES and name.startswith("torch."):
        return _family(name, key)
    return _looked_up(name, leaf, key)


def _module(name: str) -> Ban:
    if name == "numpy":
        python = ("numpy", "torch.from_numpy", "torch.Tensor.numpy")
        paths = frozenset({"numpy", "torch.from_numpy", "torch.Tensor.numpy"})
        return Ban(name, paths=paths, exact_methods=frozenset({"numpy"}), python=python)
    operators = {
        "torch.optim": ("_fused_sgd_", "_fused_adam_", "_fused_adamw_", "_fused_adagrad_"),
        "torch.func": ("_make_dual",),
        "torch.autograd.functional": ("_make_dual",),
    }.get(name, ())
    return Ban(name, paths=frozenset({name, *MODULES[name]}), python=(name,), operators=operators)


def _family(name: str, key: str) -> Ban:
    keys = {key, *FAMILIES[key].split()}
    paths = _UNFOLD if "im2col" in keys else frozenset()
    exact = {"__matmul__", "__rmatmul__", "__imatmul__"} if key == "matmul" else set()
    python = PYTHON_ONLY.get("packpaddedsequence" if key == "padpackedsequence" else key, ())
    if key == "conv":
        python = PYTHON_ONLY["im2col"]
    return Ban(name, frozenset(keys), paths, METHODS & keys, frozenset(exact), python)


def _looked_up(name: str, leaf: str, key: str) -> Ban:
    """A name that only torch can tell about."""
    thing = resolve(name) if name.startswith("torch.") else None
    if thing is None:
        raise ValueError(f"forbid: nothing is called {name!r}{_did_you_mean(name)}")
    if inspect.ismodule(thing):
        return Ban(name, paths=frozenset({name}), python=(name,))
    tensor = importlib.import_module("torch").Tensor
    methods = frozenset({key}) if hasattr(tensor, leaf) or hasattr(tensor, key) else frozenset()
    keys = frozenset({key}) if key != "tensor" else frozenset()
    return Ban(name, keys, frozenset({name}), methods, python=(name,))


def resolve(name: str) -> Any:
    """What a dotted name stands for, None where it stands for nothing."""
    root, *parts = name.split(".")
    try:
        thing = importlib.import_module(root)
    except ImportError:
        return None
    path = root
    for part in parts:
        path = f"{path}.{part}"
        try:
            thing = getattr(thing, part)
        except AttributeError:
            try:
                thing = importlib.import_module(path)
            except ImportError:
                return None
    return thing


def _did_you_mean(name: str) -> str:
    owner, _, leaf = name.rpartition(".")
    known = [LOOPS, *MODULES, "torch.autograd.grad", "torch.Tensor.backward"]
    for module in dict.fromkeys((owner, "torch", "torch.nn", "torch.nn.functional", "torch.special")):
        thing = resolve(module) if module.startswith("torch") else None
        known += [f"{module}.{found}" for found in dir(thing) if thing is not None and found[0] != "_"]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
    if not close and leaf:
        close = [found for found in known if key_of(found.rpartition(".")[2]) == key_of(leaf)][:3]
    return f"; did you mean {' or '.join(repr(match) for match in close)}?" if close else ""
