"""The second reader against the deltas in tests/golden and against fresh ones of the program itself."""
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

import delta_reader

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden" / "delta"
PROGRAM = os.environ.get("STELLA_PROGRAM")


def has_zstandard():
    try:
        import zstandard  # noqa: F401
        return True
    except ImportError:
        return False


def sources(version):
    """A C program; version 2 has one more function in the midst, and a longer table."""
    functions = []
    for i in range(300):
        if version == 2 and i in (90, 91):
            functions.append(f'int extra{i}(int x) {{ puts("fresh {i}"); return x * {i} + f{i - 1}(x); }}')
        calls = " + ".join(f"f{(i * 7 + k) % i}(x + {k})" for k in range(3)) if i else "1"
        functions.append(f'int f{i}(int x) {{ if (x > {i}) {{ printf("{i} %d\\n", x); return x; }} return {calls}; }}')
    table = ", ".join(f"f{i}" for i in range(0, 300, 2 if version == 1 else 1))
    return ("#include <stdio.h>\n" + "\n".join(functions) +
            f"\nint (*table[])(int) = {{ {table} }};\nint main(int n, char **v) {{ return table[n & 63](n); }}\n")


class SecondReader(unittest.TestCase):
    def test_reads_golden_deltas(self):
        names = sorted(path.name[:-len(".delta.bin")] for path in GOLDEN.glob("*.delta.bin"))
        self.assertGreater(len(names), 5)
        for name in names:
            if "zstd" in name and not has_zstandard():
                continue
            with self.subTest(name):
                # It compares both digests itself.
                delta_reader.apply((GOLDEN / f"{name}.base").read_bytes(), (GOLDEN / f"{name}.delta.bin").read_bytes())

    def test_refuses_damage(self):
        base, delta = ((GOLDEN / f"v1-edits.{end}").read_bytes() for end in ("base", "delta.bin"))
        for damaged in [delta[:-1]] + [delta[:i] + bytes([delta[i] ^ 1]) + delta[i + 1:] for i in range(0, len(delta), 97)]:
            with self.assertRaises(delta_reader.Refused):
                delta_reader.apply(base, damaged)
        with self.assertRaises(delta_reader.Refused):
            delta_reader.apply(base + b"X", delta)

    def check(self, folder, base, target, level):
        (folder / "base").write_bytes(base)
        (folder / "target").write_bytes(target)
        subprocess.run([PROGRAM, "delta", "create", "--base", folder / "base", "--target", folder / "target",
                        "--output", folder / "delta", "--level", level, "--no-rollback", "--quiet"], check=True)
        delta = (folder / "delta" / "delta.bin").read_bytes()
        self.assertEqual(delta_reader.apply(base, delta), target)
        return len(delta)

    @unittest.skipUnless(PROGRAM, "STELLA_PROGRAM is not set")
    def test_reads_what_the_program_writes(self):
        numbers = random.Random(1)
        text = b"".join(b"line %d of %d\n" % (i, numbers.randrange(1000)) for i in range(3000))
        pairs = [(text, text[:20000] + b"inserted" + text[20100:]), (text, b""), (b"", text[:3000]),
                 (text, numbers.randbytes(5000)), (text[::-1], text[::-1])]
        for level in ("default", "best"):
            for base, target in pairs:
                with self.subTest(level), tempfile.TemporaryDirectory() as folder:
                    self.check(pathlib.Path(folder), base, target, level)

    @unittest.skipUnless(PROGRAM, "STELLA_PROGRAM is not set")
    def test_reads_a_delta_of_programs(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            built = []
            for version in (1, 2):
                source, output = folder / f"{version}.c", folder / f"program{version}"
                source.write_text(sources(version))
                subprocess.run(["cc", "-O1", "-o", output, source], check=True)
                built.append(output.read_bytes())
            self.assertLess(self.check(folder, built[0], built[1], "best") * 5, len(built[1]))


if __name__ == "__main__":
    unittest.main()
