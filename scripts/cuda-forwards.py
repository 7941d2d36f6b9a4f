#!/usr/bin/env python3
"""Writes runtime/src/gpu/nvidia/{forward,codes}.rs from the sources of cudarc.

cudarc declares the functions of CUDA as `extern "C"` and expects to be linked with CUDA's libraries. Addax defines them
itself, each looking its namesake up in the library at its first use, so that a program starts on a machine without CUDA.
This script lists all functions that cudarc's own layers name, and those that Addax calls besides.
"""

import pathlib
import re
import subprocess

CUDARC = "cudarc-0.9.15"
OUTPUT = pathlib.Path(__file__).parent.parent / "runtime/src/gpu/nvidia"

# Module of cudarc -> (our library, the files that use its functions, what Addax calls besides).
LIBRARIES = {
    "driver": (
        "DRIVER",
        ["result.rs", "mod.rs", "safe/*.rs"],
        "cuMemHostAlloc cuMemFreeHost cuStreamBeginCapture_v2 cuStreamEndCapture cuGraphInstantiateWithFlags cuGraphLaunch"
        " cuGraphExecDestroy cuGraphDestroy cuEventSynchronize cuDriverGetVersion cuDeviceGetName",
    ),
    "cublas": ("CUBLAS", ["result.rs", "safe.rs", "half.rs"], "cublasSgemm_v2 cublasSetWorkspace_v2 cublasSetMathMode"),
    "nvrtc": ("NVRTC", ["result.rs", "safe.rs"], ""),
}
# These answer in words and are written by hand.
BY_HAND = {"cuGetErrorName", "cuGetErrorString"}


def registry():
    output = subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--features", "addax/cuda"], text=True)
    match = re.search(rf'"manifest_path":"([^"]*{CUDARC})/Cargo.toml"', output)
    return pathlib.Path(match.group(1)) / "src"


def functions(folder, files, besides):
    declared = set(re.findall(r"pub fn (\w+)", (folder / "sys.rs").read_text()))
    declared = {name for name in declared if name.startswith(("cu", "nvrtc"))}
    used = set(besides.split())
    for pattern in files:
        for file in folder.glob(pattern):
            used |= set(re.findall(r"\b\w+\b", file.read_text())) & declared
    return sorted(used - BY_HAND)


def signature(text, name):
    arguments = re.search(rf"pub fn {name}\((.*?)\) -> \w+;", text, re.S).group(1)
    arguments = " ".join(arguments.split()).rstrip(",")
    return re.sub(r"(::)?core::ffi::", "", arguments)


def main():
    root = registry()
    lines = [
        "//! The functions of CUDA that cudarc and Addax call. Written by `scripts/cuda-forwards.py`.",
        "",
        "use super::library::{CUBLAS, DRIVER, NVRTC, forward};",
        "use core::ffi::*;",
        "",
    ]
    for module, (library, files, besides) in LIBRARIES.items():
        folder = root / module
        text = (folder / "sys.rs").read_text()
        lines += [f"mod {module} {{", "    use super::*;", f"    use cudarc::{module}::sys::*;", ""]
        lines += ["    forward! {", f"        {library};"]
        for name in functions(folder, files, besides):
            lines.append(f"        fn {name}({signature(text, name)});")
        lines += ["    }", "}", ""]
    codes = re.search(r"pub enum cudaError_enum \{(.*?)\n\}", (root / "driver/sys.rs").read_text(), re.S).group(1)
    numbers = re.findall(r"= (\d+)", codes)
    write("forward.rs", lines)
    lines = [
        "//! What CUDA's driver answers. Written by `scripts/cuda-forwards.py`.",
        "",
        "/// The codes that cudarc has a name for. Its enum may hold no other.",
        f"pub(super) const DRIVER_CODES: &[u32] = &[{', '.join(numbers)}];",
        "",
    ]
    write("codes.rs", lines)


def write(name, lines):
    (OUTPUT / name).write_text("\n".join(lines))
    subprocess.check_call(["rustfmt", "--edition", "2024", str(OUTPUT / name)])


if __name__ == "__main__":
    main()
