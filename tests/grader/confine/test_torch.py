"""What a submission legitimately does still works."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grader.confine.attempts import attempt

WORKS = {
    "training": """
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
optimizer = torch.optim.AdamW(model.parameters())
from torch.utils.data import DataLoader, TensorDataset
for (x,) in DataLoader(TensorDataset(torch.randn(64, 8)), batch_size=8, shuffle=True, num_workers=0):
    optimizer.zero_grad()
    model(x).square().mean().backward()
    optimizer.step()
""",
    "saving": """
model = torch.nn.Linear(3, 3)
torch.save(model.state_dict(), "model.pt")
model.load_state_dict(torch.load("model.pt", weights_only=True))
model.load_state_dict(torch.load("model.pt", mmap=True))
""",
    "torchvision": """
import torchvision.models
torchvision.models.resnet18()(torch.randn(2, 3, 32, 32)).sum().backward()
""",
    "packed sequences": """
from torch.nn.utils.rnn import pack_padded_sequence
torch.nn.LSTM(3, 4, batch_first=True)(pack_padded_sequence(torch.randn(2, 5, 3), torch.tensor([5, 3]), True))
""",
    "fake tensors": """
from torch._subclasses.fake_tensor import FakeTensorMode
with FakeTensorMode():
    assert torch.nn.Linear(3, 3, device="cuda")(torch.randn(2, 3, device="cuda")).device.type == "cuda"
""",
    "script": """
import warnings; warnings.simplefilter("ignore")
torch.jit.script(torch.nn.Linear(3, 3))(torch.randn(2, 3))
""",
    "compile": "torch.compile(torch.sin, backend='eager')(torch.randn(3)); import sympy, torch.fx",
    "threads": """
import threading
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(4) as pool:
    assert sum(pool.map(lambda n: torch.ones(n).sum().item(), range(10))) == 45
torch.set_num_threads(2)
torch.randn(500, 500) @ torch.randn(500, 500)
torch.randn(4_000_000).exp()
""",
    "gradcheck": "torch.autograd.gradcheck(torch.exp, torch.randn(3, dtype=torch.double, requires_grad=True))",
    "callbacks from C": """
compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
numbers = (ctypes.c_int * 3)(3, 1, 2)
libc.qsort(numbers, 3, 4, compare(lambda a, b: a[0] - b[0]))
assert list(numbers) == [1, 2, 3]
""",
    "the rest": """
import datetime, getpass, importlib, random, time, numpy
random.seed(); numpy.random.default_rng(); torch.seed(); os.urandom(8)
time.sleep(0.01); datetime.datetime.now().astimezone(); time.localtime()
importlib.import_module("torch.distributions").Normal(0.0, 1.0).sample()
getpass.getuser(); os.cpu_count(); os.sched_getaffinity(0)
with torch.profiler.profile(): torch.randn(3)
""",
}


@pytest.mark.parametrize("what", WORKS)
def test_works(what: str, tmp_path: Path) -> None:
    report = "\nexcept Exception:\n    import traceback; result = traceback.format_exc()"
    code = "result = None\ntry:\n" + "".join(f"    {line}\n" for line in WORKS[what].strip().splitlines()) + report
    outcome = attempt(code, tmp_path, memory_bytes=1 << 31)
    assert outcome.result is None and not outcome.error and outcome.signal is None, outcome.result or outcome
