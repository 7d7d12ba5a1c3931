"""Runs the real program in a folder of its own. Every test case starts with an empty one."""
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["STELLA_PROGRAM"]
LONG = bool(os.environ.get("STELLA_LONG"))


def some_bytes(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


class ProgramTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stella-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def path(self, name: str) -> pathlib.Path:
        return self.folder / name

    def write(self, name: str, data: bytes) -> pathlib.Path:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def names(self) -> list[str]:
        return sorted(str(p.relative_to(self.folder)) for p in self.folder.rglob("*"))

    def environment(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("STELLAOPS_")}
        return {**kept, "LC_ALL": "C.UTF-8", **more}

    def stella(self, *words, status: int = 0, env: dict | None = None, **more) -> subprocess.CompletedProcess:
        """Runs `stella words…` and expects an exit status."""
        done = subprocess.run([PROGRAM, *map(str, words)], cwd=self.folder, capture_output=True, timeout=120,
                              env=self.environment(**(env or {})), **more)
        self.assertEqual(done.returncode, status, (words, done.stdout[-2000:], done.stderr[-2000:]))
        return done

    def stella_json(self, *words, status: int = 0, **more) -> dict:
        """The same with --json: standard output must be exactly one object that says the same as the status."""
        done = self.stella(*words, "--json", status=status, **more)
        result = json.loads(done.stdout)
        self.assertEqual(result["ok"], status == 0)
        if "error" in result:
            self.assertEqual(result["exit_status"], status)
        return result

    def pair(self, size: int = 300_000, seed: int = 1) -> tuple[pathlib.Path, pathlib.Path]:
        """A base, and a target with one stretch changed and one inserted."""
        data = some_bytes(size, seed)
        target = data[:1000] + b"changed" + data[1007:size // 2] + some_bytes(5000, seed + 1) + data[size // 2:]
        return self.write("base", data), self.write("target", target)

    def created(self, *words):
        base, target = self.pair()
        self.stella("delta", "create", "--base", base, "--target", target, *words)
        return base, target, self.path("target.delta")


def main():
    unittest.main(verbosity=1)
