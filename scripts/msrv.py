#!/usr/bin/env python3
"""Checks the oldest supported Rust version that the workspace states.

No dependency of the published crates may ask for a newer one. (That our own code uses nothing newer is clippy's
`incompatible_msrv`, which reads the same number.)
"""

import json
import subprocess
import sys

PUBLISHED = {"addax", "addax-macros"}


def version(text):
    return tuple(int(part) for part in text.split(".")) + (0,) * (3 - text.count(".") - 1)


def main():
    output = subprocess.check_output(["cargo", "metadata", "--format-version", "1", "--locked"])
    metadata = json.loads(output)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}

    roots = [id for id, package in packages.items() if package["name"] in PUBLISHED and package["source"] is None]
    stated = packages[roots[0]]["rust_version"]
    seen, waiting = set(), list(roots)
    while waiting:
        id = waiting.pop()
        if id in seen:
            continue
        seen.add(id)
        for dependency in nodes[id]["deps"]:
            if any(kind["kind"] in (None, "build") for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])

    newer = [
        f"{package['name']} {package['version']} needs Rust {package['rust_version']}"
        for package in (packages[id] for id in sorted(seen))
        if package["rust_version"] and version(package["rust_version"]) > version(stated)
    ]
    if newer:
        sys.exit(f"the workspace states Rust {stated}, but\n" + "\n".join(newer))
    print(f"Rust {stated} is enough for all {len(seen)} packages that say what they need")


if __name__ == "__main__":
    main()
