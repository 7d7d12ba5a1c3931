#!/usr/bin/env python3
"""The five delta verbs as their users see them."""
import hashlib
import json
import os
import random
import stat
import subprocess

from stella_program import LONG, PROGRAM, ProgramTest, main, some_bytes


class Create(ProgramTest):
    def test_makes_a_folder_with_delta_manifest_and_way_back(self):
        self.created()
        self.assertEqual(self.names(), ["base", "target", "target.delta", "target.delta/delta-manifest.json",
                                        "target.delta/delta.bin", "target.delta/rollback",
                                        "target.delta/rollback/delta.bin"])

    def test_leaves_out_the_way_back_when_told(self):
        _, _, delta = self.created("--no-rollback")
        self.assertFalse((delta / "rollback").exists())
        self.assertIsNone(json.loads((delta / "delta-manifest.json").read_bytes())["rollback"])

    def test_gives_the_same_bytes_for_every_number_of_threads(self):
        base, target = self.pair()
        seen = set()
        for i, threads in enumerate((1, 2, 5)):
            self.stella("delta", "create", "--base", base, "--target", target, "--output", f"d{i}", "--threads", threads)
            seen.add(tuple(hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(self.path(f"d{i}").rglob("*.*"))
                           if p.is_file()))
        self.assertEqual(len(seen), 1)

    def test_binds_its_files_in_the_manifest(self):
        base, target, delta = self.created()
        manifest = json.loads((delta / "delta-manifest.json").read_bytes())
        for entry in (manifest["delta"], manifest["rollback"]):
            data = (delta / entry["file"]).read_bytes()
            self.assertEqual(entry["sha256"], hashlib.sha256(data).hexdigest())
            self.assertEqual(entry["size_bytes"], len(data))
        for name, path in (("base_digest", base), ("target_digest", target)):
            self.assertEqual(manifest[name]["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())

    def test_names_only_operations_that_really_make_the_target(self):
        base, target, delta = self.created()
        manifest = json.loads((delta / "delta-manifest.json").read_bytes())
        old, new = base.read_bytes(), target.read_bytes()
        made = b""
        for op in manifest["ops"]:
            if op["op"] == "COPY":
                made += old[op["base_offset_bytes"]:op["base_offset_bytes"] + op["length"]]
            else:
                added = new[len(made):len(made) + op["length"]]
                self.assertEqual(hashlib.sha256(added).hexdigest(), op["sha256"])
                made += added
        self.assertEqual(made, new)
        for chunk in manifest["changed_chunks"]:
            data = new[chunk["offset_bytes"]:chunk["offset_bytes"] + chunk["size_bytes"]]
            self.assertEqual(hashlib.sha256(data).hexdigest(), chunk["id"])

    def test_refuses_an_output_that_exists_unless_forced(self):
        base, target, _ = self.created()
        error = self.stella_json("delta", "create", "--base", base, "--target", target, status=2)["error"]
        self.assertIn("--force", error["next"])
        self.stella("delta", "create", "--base", base, "--target", target, "--force")

    def test_never_replaces_a_folder_that_is_no_delta(self):
        base, target = self.pair()
        self.write("work/thesis.txt", b"years")
        self.stella("delta", "create", "--base", base, "--target", target, "--output", "work", "--force", status=2)
        self.assertEqual(self.path("work/thesis.txt").read_bytes(), b"years")

    def test_takes_base_and_target_that_are_the_same_file(self):
        base, _ = self.pair()
        result = self.stella_json("delta", "create", "--base", base, "--target", base, "--output", "same")
        self.assertEqual(result["delta"]["add_bytes"], 0)
        self.stella("delta", "apply", "--base", base, "--delta", "same", "--output", "out")
        self.assertEqual(self.path("out").read_bytes(), base.read_bytes())

    def test_works_on_empty_files(self):
        empty, full = self.write("empty", b""), self.write("full", some_bytes(10_000, 3))
        for base, target in ((empty, full), (full, empty), (empty, empty)):
            self.stella("delta", "create", "--base", base, "--target", target, "--output", "d", "--force")
            self.stella("delta", "apply", "--base", base, "--delta", "d", "--output", "out", "--force")
            self.assertEqual(self.path("out").read_bytes(), target.read_bytes())
            self.stella("delta", "verify", "--base", base, "--target", target, "--delta", "d")

    def test_refuses_more_added_bytes_than_allowed(self):
        base, target = self.pair()
        self.stella("delta", "create", "--base", base, "--target", target, "--max-add-bytes", 100, status=2)
        self.assertEqual(self.names(), ["base", "target"])

    def test_has_three_levels_two_chunkers_and_three_sizes(self):
        base, target = self.pair()
        for words in (["--level", "fast"], ["--level", "best"], ["--chunker", "rabin"], ["--chunk-size", "4096"],
                      ["--chunk-size", "16384"]):
            self.stella("delta", "create", "--base", base, "--target", target, "--output", "d", "--force", *words)
            self.stella("delta", "verify", "--base", base, "--target", target, "--delta", "d")
        for words in (["--level", "wild"], ["--chunker", "knife"], ["--chunk-size", "5000"], ["--chunk-size", "-1"],
                      ["--threads", "0"], ["--threads", "x"]):
            self.stella("delta", "create", "--base", base, "--target", target, "--output", "e", *words, status=2)
        self.assertFalse(self.path("e").exists())


class Apply(ProgramTest):
    def test_makes_the_target_with_the_mode_of_the_base(self):
        base, target, delta = self.created()
        os.chmod(base, 0o751)
        for where in (delta, delta / "delta.bin"):
            self.stella("delta", "apply", "--base", base, "--delta", where, "--output", "out", "--force")
            self.assertEqual(self.path("out").read_bytes(), target.read_bytes())
            self.assertEqual(stat.S_IMODE(os.stat(self.path("out")).st_mode), 0o751)

    def test_takes_the_literal_form_with_target(self):
        base, target, _ = self.created()
        expected = target.read_bytes()
        target.unlink()
        self.stella("delta", "apply", "--base", base, "--target", target)
        self.assertEqual(target.read_bytes(), expected)

    def test_writes_to_a_pipe_only_what_is_right(self):
        base, target, delta = self.created()
        done = self.stella("delta", "apply", "--base", base, "--delta", delta, "--output", "-")
        self.assertEqual(done.stdout, target.read_bytes())
        done = self.stella("delta", "apply", "--base", base, "--delta", delta, "--output", "-", "--json")
        self.assertEqual(done.stdout, target.read_bytes())
        self.assertTrue(json.loads(done.stderr)["ok"])
        done = self.stella("delta", "apply", "--base", target, "--delta", delta, "--output", "-", status=1)
        self.assertEqual(done.stdout, b"")

    def test_refuses_another_base_and_says_which_it_wants(self):
        base, target, delta = self.created()
        other = self.write("other", base.read_bytes()[:-1] + b"?")
        error = self.stella_json("delta", "apply", "--base", other, "--delta", delta, "--output", "out", status=1)["error"]
        self.assertEqual(error["code"], "untrusted")
        self.assertIn(hashlib.sha256(base.read_bytes()).hexdigest(), json.dumps(error))
        self.assertFalse(self.path("out").exists())

    def test_refuses_an_output_that_exists_unless_forced(self):
        base, target, delta = self.created()
        self.write("out", b"mine")
        self.stella("delta", "apply", "--base", base, "--delta", delta, "--output", "out", status=2)
        self.assertEqual(self.path("out").read_bytes(), b"mine")
        self.stella("delta", "apply", "--base", base, "--delta", delta, "--output", "out", "--force")
        self.assertEqual(self.path("out").read_bytes(), target.read_bytes())

    def test_can_replace_the_base_itself(self):
        base, target, delta = self.created()
        self.stella("delta", "apply", "--base", base, "--delta", delta, "--output", base, "--force")
        self.assertEqual(base.read_bytes(), target.read_bytes())

    def test_refuses_a_damaged_delta(self):
        base, _, delta = self.created()
        data = bytearray((delta / "delta.bin").read_bytes())
        dice = random.Random(11)
        for _ in range(10_000 if LONG else 40):
            changed = bytearray(data)
            at = dice.randrange(len(data))
            changed[at] ^= 1 << dice.randrange(8)
            self.write("bad.bin", bytes(changed))
            done = subprocess.run([PROGRAM, "delta", "apply", "--base", base, "--delta", "bad.bin", "--output", "out"],
                                  cwd=self.folder, capture_output=True, timeout=60)
            self.assertIn(done.returncode, (1, 2), (at, done.stderr))
            self.assertFalse(self.path("out").exists())
        self.write("bad.bin", bytes(data[:-1]))
        self.stella("delta", "apply", "--base", base, "--delta", "bad.bin", "--output", "out", status=2)


class Rollback(ProgramTest):
    def test_makes_the_base_again(self):
        base, target, delta = self.created()
        expected = base.read_bytes()
        for words in ([], ["--delta", delta], ["--delta", delta / "rollback/delta.bin"], ["--delta", delta / "delta.bin"]):
            self.stella("delta", "rollback", "--target", target, *words, "--output", "back", "--allow-unsigned", "--force")
            self.assertEqual(self.path("back").read_bytes(), expected)
        base.unlink()
        self.stella("delta", "rollback", "--target", target, "--base", base, "--allow-unsigned")
        self.assertEqual(base.read_bytes(), expected)

    def test_refuses_without_a_signed_statement(self):
        _, target, delta = self.created()
        error = self.stella_json("delta", "rollback", "--target", target, "--delta", delta, "--output", "back",
                                 status=1)["error"]
        self.assertIn("--allow-unsigned", error["next"])
        self.assertFalse(self.path("back").exists())

    def test_says_so_when_there_is_no_way_back(self):
        _, target, delta = self.created("--no-rollback")
        for given in (delta, delta / "delta.bin"):
            error = self.stella_json("delta", "rollback", "--target", target, "--delta", given, "--output", "back",
                                     "--allow-unsigned", status=4)["error"]
            self.assertIn("no way back", error["message"])

    def test_speaks_of_the_target_when_it_is_another(self):
        base, _, delta = self.created()
        error = self.stella_json("delta", "rollback", "--target", base, "--delta", delta, "--output", "back",
                                 "--allow-unsigned", status=1)["error"]
        self.assertIn("another target", error["message"])


def made_by_patch_level_99(delta_bin):
    """The same delta with another program version in its parameters (docs/format/delta.md, sections 2 and 3)."""
    data = bytearray(delta_bin[:-32])
    at = 8

    def skip_varint():
        nonlocal at
        while data[at] >= 128:
            at += 1
        at += 1

    for _ in range(2):  # sizes
        skip_varint()
    at += 3 * 32 + 2  # digests; type and version of the section
    skip_varint()  # its size
    at += 2  # level, chunker
    for _ in range(5):  # chunk sizes; major and minor version
        skip_varint()
    data[at] = 99
    return bytes(data) + hashlib.sha256(data).digest()


class Verify(ProgramTest):
    def verify(self, base, target, status):
        return self.stella_json("delta", "verify", "--base", base, "--target", target, "--delta", "target.delta",
                                status=status)

    def test_recomputes_everything(self):
        base, target, delta = self.created()
        self.stella("delta", "verify", "--base", base, "--target", target, "--delta", delta / "delta.bin")
        result = self.verify(base, target, 0)
        self.assertEqual((result["same_build"], result["differences"]), (True, []))

    def test_says_that_base_or_target_are_others(self):
        base, target, _ = self.created()
        other = self.write("other", b"other")
        self.assertIn("$.base_digest", self.verify(other, target, 1)["differences"][0]["where"])
        self.assertIn("$.target_digest", self.verify(base, other, 1)["differences"][0]["where"])

    def test_finds_a_manifest_that_lies(self):
        base, target, delta = self.created()
        path = delta / "delta-manifest.json"
        text = path.read_text()
        path.write_text(text.replace('"unchanged":', '"unchanged":1', 1))
        self.assertEqual(self.verify(base, target, 1)["differences"][0]["where"], "$.members.unchanged")
        path.write_text(text.replace('"materials_delta":{"added":[]', '"materials_delta":{"added":[' + json.dumps({
            "name": "ghost", "path": "x", "purl": "pkg:generic/ghost@1", "sha256": "0" * 64,
            "statement_sha256": "0" * 64, "version": "1"}, separators=(",", ":"), sort_keys=True) + "]", 1))
        self.assertEqual(self.verify(base, target, 1)["differences"][0]["where"], "$.materials_delta.added")

    def test_finds_a_delta_or_way_back_that_was_exchanged(self):
        base, target, delta = self.created()
        for name in ("delta.bin", "rollback/delta.bin"):
            original = (delta / name).read_bytes()
            (delta / name).write_bytes(original[:-1] + bytes([original[-1] ^ 1]))
            self.assertEqual(self.verify(base, target, 1)["differences"][0]["where"], name)
            (delta / name).unlink()
            self.assertEqual(self.verify(base, target, 1)["differences"][0]["found"], "no such file")
            (delta / name).write_bytes(original)

    def test_tries_a_delta_that_another_build_has_packed(self):
        base, target, delta = self.created()
        path = delta / "delta-manifest.json"
        manifest = json.loads(path.read_bytes())
        for where, stated in (("delta.bin", manifest["delta"]), ("rollback/delta.bin", manifest["rollback"])):
            packed = made_by_patch_level_99((delta / where).read_bytes())
            (delta / where).write_bytes(packed)
            stated["sha256"] = hashlib.sha256(packed).hexdigest()
        version, libraries = manifest["tool"].split(", ", 1)
        manifest["tool"] = f"{version.rsplit('.', 1)[0]}.99, {libraries}"
        path.write_text(json.dumps(manifest, separators=(",", ":"), sort_keys=True, ensure_ascii=False))
        self.assertFalse(self.verify(base, target, 0)["same_build"])

    def test_believes_no_build_that_the_deltas_do_not_name(self):
        base, target, delta = self.created()
        path = delta / "delta-manifest.json"
        manifest = json.loads(path.read_bytes())
        manifest["tool"] = "stella 9.9.9, liblzma 9.9.9"
        path.write_text(json.dumps(manifest, separators=(",", ":"), sort_keys=True, ensure_ascii=False))
        self.assertEqual(self.verify(base, target, 1)["differences"][0]["where"], "$.tool")

    def test_refuses_a_manifest_that_is_none(self):
        base, target, delta = self.created()
        (delta / "delta-manifest.json").write_text("{}")
        done = self.stella("delta", "verify", "--base", base, "--target", target, status=2)
        self.assertIn(b"delta-manifest.json: $", done.stderr)
        (delta / "delta-manifest.json").unlink()
        self.stella("delta", "verify", "--base", base, "--target", target, status=4)


class Inspect(ProgramTest):
    def test_accounts_for_every_byte(self):
        _, target, delta = self.created()
        for where in (delta, delta / "delta.bin"):
            result = self.stella_json("delta", "inspect", "--delta", where)
            self.assertEqual(sum(result["packed"].values()), (delta / "delta.bin").stat().st_size)
            self.assertEqual(sum(sum(cell) for cell in result["strip"]), target.stat().st_size)
            self.assertEqual(sum(s["bytes"] for s in result["segments"].values()), target.stat().st_size)
            self.assertIn("core_sha256", result)

    def test_draws_the_anatomy(self):
        _, _, delta = self.created()
        text = self.stella("delta", "inspect", "--delta", delta).stdout.decode()
        for words in ("Along the target", "What the target is made of", "entropy", "Why it is as large as it is"):
            self.assertIn(words, text)
        self.assertNotIn("\x1b", text)

    def test_works_on_a_lone_delta(self):
        _, _, delta = self.created()
        self.write("alone.bin", (delta / "rollback/delta.bin").read_bytes())
        self.assertNotIn("manifest", self.stella_json("delta", "inspect", "--delta", "alone.bin"))

    def test_refuses_a_manifest_of_another_delta(self):
        _, _, delta = self.created()
        (delta / "delta.bin").write_bytes((delta / "rollback/delta.bin").read_bytes())
        self.stella("delta", "inspect", "--delta", delta, status=2)


if __name__ == "__main__":
    main()
