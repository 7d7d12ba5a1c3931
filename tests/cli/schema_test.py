#!/usr/bin/env python3
"""The manifest against its schema, by a validator that we did not write, and its core by another JSON writer."""
import hashlib
import json
import os
import pathlib
import subprocess
import tarfile
import io
import unittest

from stella_program import ProgramTest, main, some_bytes

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
try:
    import jsonschema
except ImportError:
    jsonschema = None


def tar_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


@unittest.skipUnless(jsonschema, "python3-jsonschema is not installed")
class Schema(ProgramTest):
    def setUp(self):
        super().setUp()
        self.schema = json.loads((ROOT / "schemas/delta-manifest.schema.json").read_bytes())
        jsonschema.Draft7Validator.check_schema(self.schema)
        self.validator = jsonschema.Draft7Validator(self.schema)

    def manifest_of(self, base: bytes, target: bytes) -> dict:
        self.write("base", base)
        self.write("target", target)
        result = self.stella_json("delta", "create", "--base", "base", "--target", "target", "--output", "d", "--force")
        text = self.path("d/delta-manifest.json").read_bytes()
        manifest = json.loads(text)
        core = {k: v for k, v in manifest.items() if k not in ("attestations", "score_inputs")}
        canonical = json.dumps(core, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        self.assertEqual(hashlib.sha256(canonical).hexdigest(), result["core_sha256"])
        return manifest

    def test_accepts_manifests_of_all_kinds(self):
        old = tar_of({"same": b"1", "gone": b"2", "changed": b"3", "package.json": b'{"name":"x","version":"1.0.0"}'})
        new = tar_of({"same": b"1", "new": b"2", "changed": b"4", "package.json": b'{"name":"x","version":"2.0.0"}'})
        program = pathlib.Path(os.environ["STELLA_PROGRAM"]).read_bytes()[:400_000]
        cases = [(b"", b""), (some_bytes(9999, 1), b""), (old, new), (program, program[:5000] + b"x" + program[5001:])]
        for base, target in cases:
            self.validator.validate(self.manifest_of(base, target))
        manifest = self.manifest_of(old, new)
        self.assertEqual(manifest["artifact_type"], "tar")
        members = manifest["members"]
        self.assertEqual([[m["path"] for m in members[k]] for k in ("added", "removed", "changed")],
                         [["new"], ["gone"], ["changed", "package.json"]])
        changed = manifest["materials_delta"]["changed"]
        self.assertEqual([(c["base"]["purl"], c["target"]["purl"]) for c in changed],
                         [("pkg:npm/x@1.0.0", "pkg:npm/x@2.0.0")])

    def test_refuses_what_the_program_refuses(self):
        full = json.loads((ROOT / "fuzz/corpus/manifest/full.json").read_bytes())
        self.validator.validate(full)
        for key in full:
            self.assertFalse(self.validator.is_valid({k: v for k, v in full.items() if k != key}), key)
        self.assertFalse(self.validator.is_valid({**full, "more": 1}))
        for path in ("members.added.0", "members.removed.0", "ops.0", "ops.1", "materials_delta.changed.0.base",
                     "anatomy.parts.0", "changed_chunks.0", "delta", "rollback", "chunking.base"):
            changed = json.loads(json.dumps(full))
            at = changed
            for step in path.split("."):
                at = at[int(step)] if step.isdigit() else at[step]
            at["more"] = 1
            self.assertFalse(self.validator.is_valid(changed), path)


class RealTools(ProgramTest):
    def test_finds_the_same_payload_in_a_zip_packed_again(self):
        for name in ("a.txt", "b/c.txt"):
            self.write("tree/" + name, some_bytes(3000, len(name)))
        for archive, level, order in (("one.zip", "-6", ["a.txt", "b/c.txt"]), ("two.zip", "-1", ["b/c.txt", "a.txt"])):
            try:
                subprocess.run(["zip", "-q", level, f"../{archive}", *order], cwd=self.path("tree"), check=True)
            except FileNotFoundError:
                self.skipTest("zip is not installed")
            os.utime(self.path("tree/a.txt"), (1e9, 1e9))
        self.stella("delta", "create", "--base", "one.zip", "--target", "two.zip")
        manifest = json.loads(self.path("two.zip.delta/delta-manifest.json").read_bytes())
        self.assertEqual(manifest["artifact_type"], "zip")
        self.assertTrue(manifest["members"]["payload_equal"])
        self.assertEqual(manifest["members"]["changed"], [])


if __name__ == "__main__":
    main()
