"""Wrong answers to install_check, each a block that replaces definitions of the reference solution.

A block's header names the mistake and the tests that must catch it.
"""

# --- version_parts_as_text: the parts of a split stay text -> test_parse_version_gives_two_numbers
def parse_version(version):
    major, minor = version.split(".")[:2]
    return major, minor


# --- version_three_parts: the third number comes along -> test_parse_version_gives_two_numbers
def parse_version(version):
    return tuple(int(part) for part in version.split("+")[0].split("."))


# --- version_as_decimal: the version is read as a decimal number -> test_parse_version_gives_two_numbers
def parse_version(version):
    return float(".".join(version.split(".")[:2]))


# --- version_list: a list, which compares with no tuple -> test_parse_version_gives_two_numbers
def parse_version(version):
    return [int(part) for part in re.findall(r"\d+", version)[:2]]


# --- version_every_part_a_number: each part is turned into a number, also the build -> test_parse_version_leaves_the_rest_out
def parse_version(version):
    return tuple(int(part) for part in version.split("."))[:2]


# --- version_exactly_three: a split into exactly three parts -> test_parse_version_leaves_the_rest_out
def parse_version(version):
    major, minor, _ = version.split("+")[0].split(".")
    return int(major), int(minor)


# --- version_by_characters: characters are counted -> test_parse_version_leaves_the_rest_out
def parse_version(version):
    return int(version[0]), int(version[2:4])


# --- least_as_text: versions are compared as text -> test_at_least_compares_numbers
def at_least(version, minimum):
    return version >= ".".join(map(str, minimum))


# --- least_as_decimal: versions are compared as decimal numbers -> test_at_least_compares_numbers
def at_least(version, minimum):
    major, minor = parse_version(version)
    return float(f"{major}.{minor}") >= float(f"{minimum[0]}.{minimum[1]}")


# --- least_other_way: the comparison is the wrong way round -> test_at_least_compares_numbers
def at_least(version, minimum):
    return parse_version(version) <= minimum


# --- least_strictly_newer: the minimum itself is refused -> test_at_least_looks_at_the_major_number_first
def at_least(version, minimum):
    return parse_version(version) > minimum


# --- least_each_number: each number has to be as large as the minimum's -> test_at_least_looks_at_the_major_number_first
def at_least(version, minimum):
    major, minor = parse_version(version)
    return major >= minimum[0] and minor >= minimum[1]


# --- least_minor_alone: the minor number decides -> test_at_least_looks_at_the_major_number_first
def at_least(version, minimum):
    return parse_version(version)[1] >= minimum[1]


# --- least_major_alone: the major number decides -> test_at_least_looks_at_the_major_number_first, test_at_least_compares_numbers
def at_least(version, minimum):
    return parse_version(version)[0] >= minimum[0]


# --- device_hard_coded: always CUDA -> test_pick_device_takes_the_best, test_pick_device_asks_each_time
def pick_device(prefer=None):
    return torch.device(prefer or "cuda")


# --- device_name: a name and no torch.device -> test_pick_device_takes_the_best, test_pick_device_follows_the_preference
def pick_device(prefer=None, _right=pick_device):
    return str(_right(prefer))


# --- device_built_for: what PyTorch was built for is taken for what is there -> test_pick_device_takes_the_best, test_pick_device_asks_each_time
def pick_device(prefer=None, _right=pick_device):
    if prefer is None:
        return torch.accelerator.current_accelerator() or torch.device("cpu")
    return _right(prefer)


# --- device_mps_first: MPS comes before CUDA -> test_pick_device_takes_the_best
def pick_device(prefer=None, _right=pick_device):
    if prefer is None and torch.backends.mps.is_available():
        return torch.device("mps")
    return _right(prefer)


# --- device_no_mps: MPS is not asked for -> test_pick_device_takes_the_best, test_pick_device_asks_each_time
def pick_device(prefer=None, _right=pick_device):
    if prefer is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return _right(prefer)


# --- device_kept: the answer of the first call is kept -> test_pick_device_asks_each_time
_kept = {}


def pick_device(prefer=None, _right=pick_device):
    if prefer not in _kept:
        _kept[prefer] = _right(prefer)
    return _kept[prefer]


# --- device_at_import: the device is found when the module is imported -> test_pick_device_asks_each_time, test_pick_device_takes_the_best
_found = pick_device()


def pick_device(prefer=None, _right=pick_device):
    return _found if prefer is None else _right(prefer)


# --- device_preference_ignored: the preference counts for nothing -> test_pick_device_follows_the_preference, test_pick_device_keeps_the_number
def pick_device(prefer=None, _right=pick_device):
    return _right()


# --- device_best_first: the preference counts where there is no GPU only -> test_pick_device_follows_the_preference
def pick_device(prefer=None, _right=pick_device):
    if prefer in (None, "cpu", "mps") and torch.cuda.is_available():
        return torch.device("cuda")
    return _right(prefer)


# --- device_drops_the_number: the kind alone is returned -> test_pick_device_keeps_the_number
def pick_device(prefer=None, _right=pick_device):
    return torch.device(_right(prefer).type)


# --- device_always_the_first: every GPU is the first -> test_pick_device_keeps_the_number
def pick_device(prefer=None, _right=pick_device):
    device = _right(prefer)
    return torch.device("cuda", 0) if device.type == "cuda" else device


# --- device_numbers_unknown: only the bare names are known -> test_pick_device_keeps_the_number
def pick_device(prefer=None, _right=pick_device):
    if prefer not in (None, "cpu", "mps", "cuda"):
        raise RuntimeError(f"unknown device {prefer}")
    return _right(prefer)


# --- device_falls_back: another device in place of the preferred one -> test_pick_device_refuses_what_is_not_there, test_pick_device_refuses_a_number_too_large
def pick_device(prefer=None, _right=pick_device):
    try:
        return _right(prefer)
    except RuntimeError:
        return _right()


# --- device_unchecked: the preference is not checked -> test_pick_device_refuses_what_is_not_there, test_pick_device_refuses_a_number_too_large
def pick_device(prefer=None, _right=pick_device):
    return _right() if prefer is None else torch.device(prefer)


# --- device_value_error: another exception than the one asked for -> test_pick_device_refuses_what_is_not_there
def pick_device(prefer=None, _right=pick_device):
    try:
        return _right(prefer)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


# --- device_mps_unchecked: CUDA alone is checked -> test_pick_device_refuses_what_is_not_there
def pick_device(prefer=None, _right=pick_device):
    return torch.device("mps") if prefer == "mps" else _right(prefer)


# --- device_any_accelerator: any accelerator will do for the preferred one -> test_pick_device_refuses_what_is_not_there
def pick_device(prefer=None, _right=pick_device):
    if prefer in ("cuda", "mps") and torch.accelerator.is_available():
        return torch.device(prefer)
    return _right(prefer)


# --- device_count_not_asked: that CUDA is available is enough for every number -> test_pick_device_refuses_a_number_too_large
def pick_device(prefer=None, _right=pick_device):
    if prefer is not None and prefer.startswith("cuda:") and torch.cuda.is_available():
        return torch.device(prefer)
    return _right(prefer)


# --- device_counted_from_one: the number may be as large as the count -> test_pick_device_refuses_a_number_too_large
def pick_device(prefer=None, _right=pick_device):
    if prefer is not None and prefer.startswith("cuda:") and torch.device(prefer).index <= torch.cuda.device_count():
        return torch.device(prefer)
    return _right(prefer)


# --- smoke_version_only: the version is printed, and that is all -> test_smoke_test_of_a_missing_device, test_smoke_test_notices_a_broken_product, test_smoke_test_notices_a_broken_backward_pass, test_smoke_test_notices_numbers_that_are_not_finite
def smoke_test(device):
    print(torch.__version__)
    return {"matmul": True, "backward": True, "finite": True}


# --- smoke_prints: prints and returns nothing -> test_smoke_test_on_the_cpu
def smoke_test(device, _right=smoke_test):
    print(_right(device))


# --- smoke_tensors: values are tensors -> test_smoke_test_on_the_cpu
def smoke_test(device, _right=smoke_test):
    return {key: torch.tensor(value) for key, value in _right(device).items()}


# --- smoke_one_key_missing: a key is left out -> test_smoke_test_on_the_cpu
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    del report["finite"]
    return report


# --- smoke_keys_only_where_true: what fails is left out -> test_smoke_test_of_a_missing_device
def smoke_test(device, _right=smoke_test):
    return {key: value for key, value in _right(device).items() if value}


# --- smoke_on_the_cpu: the device is not looked at -> test_smoke_test_of_a_missing_device
def smoke_test(device, _right=smoke_test):
    return _right("cpu")


# --- smoke_raises: nothing is caught -> test_smoke_test_of_a_missing_device, test_smoke_test_notices_a_broken_product, test_smoke_test_notices_a_broken_backward_pass
def smoke_test(device):
    x = torch.randn(3, 3, device=device, requires_grad=True)
    y = x @ x
    y.sum().backward()
    finite = bool(y.isfinite().all()) and bool(x.grad.isfinite().all())
    return {"matmul": True, "backward": True, "finite": finite}


# --- smoke_catches_one_kind: RuntimeError alone is caught -> test_smoke_test_of_a_missing_device, test_smoke_test_notices_a_broken_product
def smoke_test(device):
    report = {"matmul": False, "backward": False, "finite": False}
    try:
        x = torch.randn(3, 3, device=device, requires_grad=True)
        y = x @ x
        report["matmul"] = True
        y.sum().backward()
        report["backward"] = True
        report["finite"] = bool(y.isfinite().all()) and bool(x.grad.isfinite().all())
    except RuntimeError:
        pass
    return report


# --- smoke_tensor_before_try: the tensor is made outside of the try -> test_smoke_test_of_a_missing_device
def smoke_test(device, _right=smoke_test):
    torch.ones(2, device=device)
    return _right(device)


# --- smoke_addition: a sum in place of a product -> test_smoke_test_notices_a_broken_product
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    try:
        x = torch.randn(3, 3, device=device)
        report["matmul"] = (x + x).shape == (3, 3)
    except Exception:
        pass
    return report


# --- smoke_product_not_caught: the product is outside of the try -> test_smoke_test_notices_a_broken_product
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    if any(report.values()) or str(device) == "cpu":
        torch.ones(2, 2, device=device) @ torch.ones(2, 2, device=device)
    return report


# --- smoke_requires_grad: that the result asks for a gradient is enough -> test_smoke_test_notices_a_broken_backward_pass
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    try:
        x = torch.randn(3, 3, device=device, requires_grad=True)
        report["backward"] = (x @ x).sum().requires_grad
    except Exception:
        pass
    return report


# --- smoke_backward_not_caught: the backward pass is outside of the try -> test_smoke_test_notices_a_broken_backward_pass
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    if report["matmul"]:
        x = torch.randn(3, 3, device=device, requires_grad=True)
        (x @ x).sum().backward()
    return report


# --- smoke_finite_by_default: finite where nothing raises -> test_smoke_test_notices_numbers_that_are_not_finite
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    try:
        x = torch.randn(3, 3, device=device, requires_grad=True)
        (x @ x).sum().backward()
        report["finite"] = True
    except Exception:
        pass
    return report


# --- smoke_nan_alone: infinity passes for finite -> test_smoke_test_notices_numbers_that_are_not_finite
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    try:
        x = torch.randn(3, 3, device=device)
        report["finite"] = not bool((x @ x).isnan().any())
    except Exception:
        pass
    return report


# --- smoke_infinity_alone: NaN passes for finite -> test_smoke_test_notices_numbers_that_are_not_finite
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    try:
        x = torch.randn(3, 3, device=device)
        report["finite"] = not bool((x @ x).isinf().any())
    except Exception:
        pass
    return report


# --- smoke_finite_product: the gradient is not looked at -> test_smoke_test_notices_numbers_that_are_not_finite
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    try:
        x = torch.randn(3, 3, device=device)
        report["finite"] = bool((x @ x).isfinite().all())
    except Exception:
        pass
    return report


# --- smoke_finite_gradient: the product is not looked at -> test_smoke_test_notices_numbers_that_are_not_finite
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    try:
        x = torch.randn(3, 3, device=device, requires_grad=True)
        (x @ x).sum().backward()
        report["finite"] = bool(x.grad.isfinite().all())
    except Exception:
        pass
    return report


# --- smoke_finite_any: one finite number is enough -> test_smoke_test_notices_numbers_that_are_not_finite
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    try:
        x = torch.randn(3, 3, device=device, requires_grad=True)
        y = x @ x
        y.sum().backward()
        report["finite"] = bool(y.isfinite().any() and x.grad.isfinite().any())
    except Exception:
        pass
    return report


# --- smoke_finite_input: the input is looked at, not what comes out -> test_smoke_test_notices_numbers_that_are_not_finite
def smoke_test(device, _right=smoke_test):
    report = _right(device)
    try:
        x = torch.randn(3, 3, device=device)
        x @ x
        report["finite"] = bool(x.isfinite().all())
    except Exception:
        pass
    return report
