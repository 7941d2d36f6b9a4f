"""Writes all golden files, each subject in a process of its own, and reads them back."""

import subprocess
import sys
from pathlib import Path

for subject in ("layers", "merging", "graphs", "losses", "metrics", "optimizers", "training", "summary", "check"):
    print(f"-- {subject}", flush=True)
    script = Path(__file__).with_name(f"{subject}.py")
    subprocess.run([sys.executable, "-B", script], check=True)
