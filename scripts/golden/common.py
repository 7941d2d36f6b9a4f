"""What every script here shares: settings for repeatable numbers, and the writer of one case.

Import this module first: it sets the environment before TensorFlow is loaded.
"""

import json
import os
import struct
import zlib
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# oneDNN adds in another order from one processor to the next.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
tf.config.experimental.enable_op_determinism()
tf.get_logger().setLevel("ERROR")
keras.backend.set_floatx("float32")

GOLDEN = Path(__file__).resolve().parents[2] / "runtime" / "tests" / "golden"


def random_state(name):
    """A generator of its own for each case, so that a new case leaves the others as they are."""
    return np.random.RandomState(zlib.crc32(name.encode()))


def normal(rng, *shape, scale=1.0):
    return (rng.standard_normal(shape) * scale).astype("float32")


def uniform(rng, low, high, *shape):
    return rng.uniform(low, high, shape).astype("float32")


def values(variable):
    """A copy of what a weight holds now."""
    return np.array(keras.ops.convert_to_numpy(variable))


def one_hot(labels, classes):
    return np.eye(classes, dtype="float32")[labels]


def write(family, name, case, tensors):
    """Writes `runtime/tests/golden/<family>/<name>.safetensors`; `case` says what was computed."""
    arrays = {}
    for key, value in tensors.items():
        array = np.array(value)  # a copy: contiguous, and no view into TensorFlow's memory
        assert array.dtype in (np.float32, np.int64), f"{name}: {key} is {array.dtype}"
        assert np.isfinite(array).all(), f"{name}: {key} is not finite"
        arrays[key] = array
    metadata = {
        "case": json.dumps(case, sort_keys=True),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }
    path = GOLDEN / family / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_sorted_header(save(arrays, metadata)))


def _sorted_header(data):
    """The same file with a sorted header: the package writes the metadata in random order."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    header = {"__metadata__": header.pop("__metadata__"), **header}
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data[8 + length :]
