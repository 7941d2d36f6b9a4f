"""Reads all files back: names, sizes, numbers. Needs only safetensors and numpy."""

import json
from pathlib import Path

import numpy as np
from safetensors import safe_open

GOLDEN = Path(__file__).resolve().parents[2] / "runtime" / "tests" / "golden"
NEEDED = {
    "graphs": ["step.loss", "evaluate.loss"],
    "layers": ["x", "y", "dy", "dx"],
    "merging": ["x_0", "x_1", "y", "dy", "dx_0", "dx_1"],
    "losses": ["y_true", "loss"],
    "metrics": ["y_true_0", "y_pred_0", "y_true_2", "y_pred_2", "results", "result"],
    "optimizers": ["w0", "g", "w"],
    "training": ["x", "y", "losses", "predict", "evaluate", "x_test", "y_test"],
}
LIMIT = 1_500_000

total = 0
for path in sorted(GOLDEN.rglob("*")):
    if not path.is_file():
        continue
    total += path.stat().st_size
    name = path.relative_to(GOLDEN)
    if path.suffix == ".txt":
        assert path.read_text(encoding="utf-8").startswith('Model: "'), name
        continue
    if path.suffix == ".json":
        for graph in json.loads(path.read_text()):
            assert sorted(graph["rows"]) == list(range(len(graph["rows"]))), name
        continue
    with safe_open(path, "numpy") as file:
        metadata = file.metadata()
        json.loads(metadata["case"])
        assert metadata["keras"] and metadata["tensorflow"], name
        tensors = {key: file.get_tensor(key) for key in file.keys()}
    missing = set(NEEDED[name.parts[0]]) - set(tensors)
    assert not missing, f"{name}: no {missing}"
    for key, value in tensors.items():
        assert value.dtype in (np.float32, np.int64) and value.size, f"{name}: {key}"
        assert np.isfinite(value).all(), f"{name}: {key} is not finite"
        if key.startswith(("d_", "new_")) and name.parts[0] == "layers":
            assert value.shape == tensors[key.split("_", 1)[1]].shape, f"{name}: {key}"
    print(f"{path.stat().st_size:7} {name} " + " ".join(f"{k}{list(v.shape)}" for k, v in tensors.items()))
print(f"{total} bytes in all")
assert total <= LIMIT, f"more than {LIMIT} bytes"
