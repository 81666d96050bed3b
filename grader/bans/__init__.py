"""Forbidden calls: what `@pytest.mark.forbid(...)` names, and the two places that enforce it.

    names     the names that a suite may write, and what each of them stands for
    scopes    reads a submission's syntax tree: where each name is bound
    values    what an expression stands for, as far as reading tells
    scan      what each definition of the file uses
    source    the check in the judge: follows one function through the file, runs nothing
    dispatch  the check in the worker: denies operators in torch's C++ dispatcher
    runtime   its other half: what has no operator of its own (functions, modules, attributes)

The source check comes first and gives the better message: a line, and the spelling found there.
The check at run time catches what no reading of the source can, such as a name put together
from the arguments. Neither executes or imports anything that the other depends on; the source
check needs no torch.

Names that a suite may write: `torch.X`, `torch.nn.X`, `torch.nn.functional.X`,
`torch.Tensor.X` and longer paths into torch; a whole module (`torch.optim`, `torch.func`,
`torch.autograd.functional`, `torch.nn.functional`, `numpy`, `pickle`, …); and `loops`. A name
stands for the thing, not for the spelling: see `names.parse`.
"""
