"""The check in the judge: what a function reaches in its file, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from grader.bans.source import check
from tests.grader.bans.cases import CASES, PRELUDE, VALUES, Case

SOFTMAX = ("torch.softmax",)
HEADER = "import torch, torch.nn as nn, torch.nn.functional as F\n"
FIRST = HEADER.count("\n") + 1


def found(source: str, *names: str, function: str = "f") -> tuple[int, str] | None:
    violation = check((HEADER + source).encode(), function, names or SOFTMAX)
    return (violation.line - FIRST + 1, violation.spelling) if violation else None


def cases(*groups: str) -> list[Any]:
    return [
        pytest.param(case, expression, id=f"{case.name}-{expression}"[:90])
        for case in CASES
        for group in groups
        for expression in getattr(case, group)
    ]


@pytest.mark.parametrize(("case", "expression"), cases("stopped", "mentions"))
def test_sees_every_spelling(case: Case, expression: str) -> None:
    source = f"{PRELUDE}{VALUES}\ndef answer():\n    return {expression}\n"
    violation = check(source.encode(), "answer", case.forbid)
    assert violation is not None
    assert violation.name in case.forbid
    assert violation.line == source.count("\n")


@pytest.mark.parametrize(("case", "expression"), cases("allowed", "unseen"))
def test_leaves_alternatives_alone(case: Case, expression: str) -> None:
    source = f"{PRELUDE}{VALUES}\ndef answer():\n    return {expression}\n"
    assert check(source.encode(), "answer", case.forbid) is None


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def g(x): return F.softmax(x)\ndef f(x): return g(x)", (1, "F.softmax")),
        (
            "class G(nn.Module):\n    def forward(self, x): return x.softmax(1)\ndef f(x): return G()(x)",
            (2, "x.softmax"),
        ),
        ("class G:\n    def h(self, x): return x.softmax(1)\nclass f(G): pass", (2, "x.softmax")),
        ("class f(nn.Softmax): pass", (1, "nn.Softmax")),
        ("class f:\n    act = torch.softmax", (2, "torch.softmax")),
        ("def d(g): return torch.softmax\n@d\ndef f(x): return x", (1, "torch.softmax")),
        ("def f(x, s=torch.softmax): return s(x, 1)", (1, "torch.softmax")),
        ("f = torch.softmax", (1, "torch.softmax")),
        ("f = lambda x: torch.softmax(x, 1)", (1, "torch.softmax")),
        ("from torch import softmax as f", (1, "from torch import softmax as f")),
        ("from torch import softmax as s\ndef f(x): return s(x, 1)", (2, "s")),
        ("from torch import *\ndef f(x): return softmax(x, 1)", (2, "softmax")),
        ("from torch.nn import *\ndef f(x): return functional.softmax(x, 1)", (2, "functional.softmax")),
        ("s = torch.softmax\nt = s\ndef f(x): return t(x, 1)", (1, "torch.softmax")),
        ("G = nn.functional\ndef f(x): return G.softmax(x)", (2, "G.softmax")),
        ("s, t = torch.softmax, 1\ndef f(x): return s(x, t)", (1, "torch.softmax")),
        ("T = {'a': torch.softmax}\ndef f(x): return T['a'](x, 1)", (1, "torch.softmax")),
        ("T = {}\nT['a'] = torch.softmax\ndef f(x): return T['a'](x, 1)", (2, "torch.softmax")),
        ("T = []\nT.append(torch.softmax)\ndef f(x): return T[0](x, 1)", (2, "torch.softmax")),
        ("class G: pass\nG.s = torch.softmax\ndef f(x): return G.s(x, 1)", (2, "torch.softmax")),
        ("class G: pass\nsetattr(G, 's', torch.softmax)\ndef f(x): return G.s(x, 1)", (2, "torch.softmax")),
        ("torch.mine = torch.softmax\ndef f(x): return torch.mine(x, 1)", (1, "torch.softmax")),
        ("torch.Tensor.mine = lambda x: x.softmax(1)\ndef f(x): return x.mine()", (1, "x.softmax")),
        ("def f(x): return x\nglobals()['f'] = torch.softmax", (2, "torch.softmax")),
        ("def f(x): return x\nglobals().update(f=torch.softmax)", (2, "torch.softmax")),
        ("def f(x): return x\nexec('f = torch.softmax')", (2, "torch.softmax")),
        ("def __getattr__(name): return torch.softmax", (1, "torch.softmax")),
        ("def g():\n    global s\n    s = torch.softmax\ng()\ndef f(x): return s(x, 1)", (3, "torch.softmax")),
        (
            "try:\n    from torch import softmax\nexcept ImportError:\n    softmax = None\ndef f(x): return softmax(x)",
            (5, "softmax"),
        ),
        (
            "if torch.cuda.is_available():\n    def f(x): return x\nelse:\n    def f(x): return x.softmax(1)",
            (4, "x.softmax"),
        ),
        ("class X(nn.Softmax): pass\nclass X(X): pass\nf = X", (1, "nn.Softmax")),
        ("from torch import softmax\n_old = softmax\ndef softmax(x): return _old(x, 1)\nf = softmax", (2, "softmax")),
        ("def f(x):\n    from torch import softmax\n    return softmax(x, 1)", (2, "from torch import softmax")),
        ("def f(x):\n    import torch.nn.functional as G\n    return G.softmax(x)", (3, "G.softmax")),
        ("def f(x):\n    s = getattr(F, 'softmax')\n    return s(x)", (2, "getattr(F, 'softmax')")),
        ("def f(x):\n    def g(): return x.softmax(1)\n    return g()", (2, "x.softmax")),
        ("def f(x): return [y.softmax(0) for y in x]", (1, "y.softmax")),
        ("class f(nn.Module):\n    def forward(self, x): return self.w.softmax(1)", (2, "self.w.softmax")),
        ("class f(torch.Tensor):\n    def g(self): return self.softmax(1)", (2, "self.softmax")),
        (
            "class f:\n    def __init__(self): self.F = F\n    def g(self, x): return self.F.softmax(x)",
            (3, "self.F.softmax"),
        ),
        ("def f(x): return nn.init.torch.softmax(x, 1)", (1, "nn.init.torch.softmax")),
        ("def f(x): return (torch\n    .softmax)(x, 1)", (1, "torch.softmax")),
        ("import sys\ndef f(x): return sys.modules['torch'].softmax(x, 1)", (2, "sys.modules['torch'].softmax")),
        ("def f(x):\n    match x:\n        case torch.Tensor(): return x.softmax(1)", (3, "x.softmax")),
        ("async def f(x): return x.softmax(1)", (1, "x.softmax")),
    ],
)
def test_follows(source: str, expected: tuple[int, str]) -> None:
    assert found(source) == expected


def test_sees_what_only_a_star_brings() -> None:
    violation = check(b"from torch.nn.functional import *", "softmax", SOFTMAX)
    assert violation is not None
    assert (violation.line, violation.spelling) == (1, "softmax")


@pytest.mark.parametrize(
    "source",
    [
        "def g(x): return F.softmax(x)\ndef f(x): return x.exp()",
        "from torch import softmax\ndef f(x): return x.exp()",
        "def softmax(x): return x.exp()\ndef f(x): return softmax(x)",
        "from torch import softmax\ndef softmax(x): return x.exp()\ndef f(x): return softmax(x)",
        "from torch import *\ndef softmax(x): return x.exp()\ndef f(x): return softmax(x)",
        "def f(x): return x.softmax(1)\ndef f(x): return x.exp()",
        "def f(x):\n    '''Like torch.softmax.'''\n    # torch.softmax(x)\n    return x.exp()",
        "class f(nn.Module):\n    def softmax(self, x): return x\n    def forward(self, x): return self.softmax(x)",
        "class G:\n    def softmax(self, x): return x\nclass f(G):\n    def forward(self, x): return self.softmax(x)",
        "class G:\n    def softmax(self, x): return x\ndef f(x):\n    g = G()\n    return g.softmax(x)",
        "class f:\n    def __init__(self, act): self.softmax = act\n    def forward(self, x): return self.softmax(x)",
        "def f(x: nn.Softmax) -> nn.Softmax:\n    y: nn.Softmax = x\n    return y",
        "def f(x): return isinstance(x, nn.Softmax)",
        "def f(x, softmax): return softmax(x)",
        "def f(x):\n    softmax = x.exp()\n    return softmax",
        "def f(x): return x.exp()\nif __name__ == '__main__':\n    print(f(1), torch.softmax(1, 1))",
        "def f(x): return x.exp()\nprint(torch.allclose(f(torch.ones(3)), torch.ones(3).softmax(0)))",
        "def f(x):\n    x.softmax = 1\n    return x",
        "def f(x): return getattr(x, 'ex' + 'p')()",
        "x = 1",
        "f: int",
    ],
)
def test_does_not_follow(source: str) -> None:
    assert found(source) is None


@pytest.mark.parametrize(
    ("expression", "loops"),
    [
        ("[i for i in x]", True),
        ("sum(i for i in x)", True),
        ("{i for i in x}", True),
        ("{i: i for i in x}", True),
        ("'for i in x: while True'", False),
        ("list(map(abs, x))", False),
    ],
)
def test_loops_in_expressions(expression: str, loops: bool) -> None:
    assert (found(f"def f(x): return {expression}", "loops") is not None) is loops


@pytest.mark.parametrize("statement", ["for i in x: pass", "while x: pass", "if x:\n        for i in x: pass"])
def test_loop_statements(statement: str) -> None:
    assert found(f"def g(x):\n    {statement}\ndef f(x): return g(x)", "loops") is not None
    assert found(f"def g(x):\n    {statement}\ndef f(x): return x", "loops") is None


@pytest.mark.parametrize(
    "detour",
    [
        "import scipy.special\ndef f(x): return scipy.special.softmax(x)",
        "from scipy.special import softmax as s\ndef f(x): return s(x)",
        "def f(x): return torch._decomp.decomposition_table",
        "from torch._refs import exp\ndef f(x): return exp(x)",
        "import gc\ndef f(x): return gc.get_objects()",
        "import ctypes\ndef f(x): return ctypes.pythonapi",
        "import sys\ndef f(x): return sys._getframe(1).f_locals",
        "def f(x):\n    try: raise ValueError\n    except ValueError as e: return e.__traceback__.tb_frame",
        "K = torch.library.get_kernel('aten::_softmax', 'CPU')\ndef f(x): return K.call_boxed(x)",
        "from grader.bans import dispatch\ndef f(x): return dispatch._active",
    ],
)
def test_refuses_ways_round(detour: str) -> None:
    violation = check((HEADER + detour).encode(), "f", SOFTMAX)
    assert violation is not None
    assert "a way round torch.softmax" in violation.message
    assert found(detour, "loops") is None, "where torch is not forbidden there is nothing to go round"


def test_frees_memory() -> None:
    assert found("import gc\ndef f(x): return gc.collect()") is None


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ("def f(x): return F.softmax(x)", "torch.softmax", "`F.softmax` is torch.softmax, which"),
        ("def f(x): return F.softmin(x)", "torch.softmax", "`F.softmin` does the work of torch.softmax, which"),
        ("import numpy as np\ndef f(x): return np.exp(x)", "numpy", "`np.exp` is part of numpy, which"),
        ("def f(x):\n    while x: pass", "loops", "`while` is a loop, and"),
    ],
)
def test_tells_the_student(source: str, name: str, message: str) -> None:
    violation = check((HEADER + source).encode(), "f", [name])
    assert violation is not None
    assert str(violation) == violation.message
    assert violation.message.startswith(f"line {violation.line}: {message}")


@pytest.mark.parametrize(
    "source",
    [
        b"# -*- coding: latin-1 -*-\ndef f(x): return '\xe4'\n",
        b"\xef\xbb\xbfdef f(x): return x\n",
        b"f = " + b"+".join([b"1"] * 900),
        b"def f(x):\n  " + b"x.a" + b".b" * 300,
        b"def f(x):\n" + b"".join(b"  x = x.a.b(x)\n" for _ in range(300)),
        b"x = x\nf = f\nclass f(f): f = f\ndef f(): return f\n",
        b"(a := 1)\nfor f, *b in []: pass\nwith a as (f, c): del f\n",
        b"lambda *a, f=1, **k: f\nimport a.b.c\nfrom . import f\n",
        b"match 1:\n  case {'a': f, **r}: pass\n  case [f, *_]: pass\ntry: pass\nexcept* ValueError as f: pass\n",
        b"@(lambda g: g)\nclass f(metaclass=type, **{}):\n  f: int\n  global g\n  def g(self, /, a, *, b): x = 1\n",
        b"def f():\n  x = 1\n  def g():\n    nonlocal x\n    x = x\n  yield from (await_ for await_ in [])\n",
        b"getattr()\nf = getattr(1, f'{2!r:>{3}}')\nsetattr()\nglobals()[1] = 2\n__import__()\neval('(')\n",
        b"\0",
    ],
)
def test_reads_any_file(source: bytes) -> None:
    assert check(source, "f", [*SOFTMAX, "loops"]) is None or b"for await_" in source or b"while" in source


def test_knows_its_names() -> None:
    with pytest.raises(ValueError, match=r"did you mean 'torch\.softmax'"):
        check(b"", "f", ["torch.sofmax"])
