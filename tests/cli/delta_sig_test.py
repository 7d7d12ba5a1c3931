#!/usr/bin/env python3
"""Function diffs of small real programs, compiled here, as users see them."""
import copy
import hashlib
import html.parser
import json
import pathlib
import shutil
import subprocess
import tarfile
import io
import unittest

from stella_program import PROGRAM, ProgramTest, main

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
try:
    import jsonschema
except ImportError:
    jsonschema = None

AT = ("--computed-at", "2026-11-27T02:21:00Z")
BASE = r"""
#include <stdio.h>
#include <stdlib.h>
int table[64];
__attribute__((noinline)) int helper(int x) { for (int i = 0; i < x; ++i) table[i & 63] += i * 7; return table[x & 63]; }
int stays(int a, int b) { int s = 0; for (int i = a; i < b; ++i) { s += helper(i); if (s > 1000) puts("much"); } return s; }
int immediate(int a) { int s = a; while (s < 500) s = s * 3 + 12; return helper(s); }
int goes(int a) { int *p = malloc(a * sizeof *p); for (int i = 0; i < a; ++i) p[i] = i * i - 3; int r = p[a / 2]; free(p); return r; }
int old_name(const char *s) { int n = 0; for (; *s; ++s) n = n * 31 + (*s | 0x20); return n ^ 0x5a5a; }
"""
TARGET = BASE.replace("s < 500", "s < 501").replace("old_name", "new_name")
COMES = r"""
char comes(char *t, int a, double d) { for (int i = 0; t[i]; ++i) if (t[i] == a) { t[i] = '_'; printf("%s %f", t, d / i); }
  if (d > 3.5) d = d * d - a; return (char)(t[0] + 3 + (int)d); }
"""
FLAGS = ("-O1", "-fPIC", "-shared", "-nostartfiles")


class FunctionDiff(ProgramTest):
    def compile(self, name: str, source: str, *flags: str, compiler: str = "cc") -> pathlib.Path:
        if not shutil.which(compiler):
            self.skipTest(f"{compiler} is not installed")
        self.write(name + ".c", source.encode())
        subprocess.run([compiler, *(flags or FLAGS), "-o", name, name + ".c"], cwd=self.folder, check=True)
        return self.path(name)

    def tool(self, *words):
        subprocess.run(list(map(str, words)), cwd=self.folder, check=True, capture_output=True)

    def programs(self, base: str = BASE, target: str = TARGET):
        return self.compile("old", base), self.compile("new", target)

    def diff(self, old, new, *words, output="p.json") -> dict:
        self.stella("binary", "delta-sig", "diff", "--old", old, "--new", new, "--output", output, "--force", *AT, *words)
        text = self.path(output).read_bytes()
        predicate = json.loads(text)
        canonical = json.dumps(predicate, separators=(",", ":"), sort_keys=True, ensure_ascii=False)
        self.assertEqual(text.decode(), canonical)
        return predicate

    def refused(self, old, new, *words, status: int = 2) -> dict:
        return self.stella_json("binary", "delta-sig", "diff", "--old", old, "--new", new, "--output", "refused.json",
                                *words, status=status)["error"]

    def verify(self, *words, status: int = 0) -> dict:
        return self.stella_json("binary", "delta-sig", "verify", "--predicate", "p.json", *words, status=status)


def changes(predicate: dict) -> dict[str, set[str]]:
    result: dict[str, set[str]] = {}
    for entry in predicate["delta"]:
        result.setdefault(entry["change"], set()).add((entry.get("base") or entry["target"])["name"])
    return result


class Diff(FunctionDiff):
    def test_tells_what_was_changed_from_what_was_only_shifted_or_renamed(self):
        predicate = self.diff(*self.programs())
        self.assertEqual(changes(predicate), {"modified": {"immediate"}, "renamed": {"old_name"}})
        functions = predicate["summary"]["functions"]
        self.assertEqual([functions[k] for k in ("base", "target", "modified", "renamed", "unchanged")], [5, 5, 1, 1, 3])
        shifted = TARGET.replace("int stays", "int first(int a) { return a * 7 - 1; }\nint stays")
        self.assertEqual(changes(self.diff(*self.programs(TARGET, shifted))), {"added": {"first"}})
        self.assertEqual(changes(self.diff(*self.programs(shifted, TARGET))), {"removed": {"first"}})

    def test_states_both_files_with_role_and_digests(self):
        old, new = self.programs()
        predicate = self.diff(old, new, "--arch", self.arch())
        for subject, role, path in zip(predicate["subject"], ("base", "target"), (old, new)):
            self.assertEqual(subject["role"], role)
            self.assertEqual(subject["digest"]["sha256"], hashlib.sha256(path.read_bytes()).hexdigest())
            self.assertEqual((subject["size"], subject["type"], subject["name"]), (path.stat().st_size, "elf", path.name))
        self.assertEqual(set(predicate["tooling"]), {"lifter", "diffAlgorithm", "generator"})
        self.assertEqual(predicate["computedAt"], "2026-11-27T02:21:00Z")

    def arch(self) -> str:
        machine = subprocess.run(["uname", "-m"], capture_output=True, text=True, check=True).stdout.strip()
        return "linux-" + {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)

    def test_matches_by_content_when_one_side_has_no_symbols(self):
        old, new = self.programs()
        shutil.copy(new, self.path("bare"))
        self.tool("strip", "-s", "bare")
        predicate = self.diff(old, self.path("bare"))
        comparison = predicate["summary"]["programs"][0]["comparison"]
        self.assertEqual((comparison["base"]["symbols"], comparison["functions"]["unchanged"] > 1), ("own", True))
        self.assertLess(comparison["functions"]["added"], 3)
        self.verify("--old", old, "--new", "bare")

    def test_gives_the_same_bytes_for_every_number_of_threads_and_at_a_given_epoch(self):
        old, new = self.programs()
        seen = set()
        for i, threads in enumerate((1, 2, 4)):
            self.stella("binary", "delta-sig", "diff", "--old", old, "--new", new, "--output", f"p{i}", "--threads",
                        threads, env={"SOURCE_DATE_EPOCH": "1700000000"})
            seen.add(self.path(f"p{i}").read_bytes())
        self.assertEqual(len(seen), 1)
        self.assertEqual(json.loads(seen.pop())["computedAt"], "2023-11-14T22:13:20Z")
        self.stella("binary", "delta-sig", "diff", "--old", old, "--new", new, "--output", "q", status=2,
                    env={"SOURCE_DATE_EPOCH": "yesterday"})

    def test_binds_blobs_and_the_canonical_sbom(self):
        old, new = self.programs()
        self.write("sbom.json", b'{ "b": 1.0,\n "a": "x" }')
        self.write("sbom.txt", b"PackageName: x\n")
        self.write("patch.bin", b"patch")
        words = ("--sbom", "sbom.json", "--blob", "binary-patch=patch.bin")
        predicate = self.diff(old, new, *words)
        self.assertEqual(predicate["sbomDigest"], "sha256:" + hashlib.sha256(b'{"a":"x","b":1}').hexdigest())
        self.assertEqual(predicate["largeBlobs"], [{"digest": "sha256:" + hashlib.sha256(b"patch").hexdigest(),
                                                   "kind": "binary-patch", "size": 5}])
        unchecked = self.verify("--old", old, "--new", new)["not_checked"]
        self.assertEqual(len([u for u in unchecked if "largeBlobs" in u or "sbomDigest" in u]), 2)
        self.assertEqual(len(self.verify("--old", old, "--new", new, *words)["not_checked"]), 2)
        self.write("patch.bin", b"other")
        self.verify("--old", old, "--new", new, *words, status=1)
        self.assertEqual(self.diff(old, new, "--sbom", "sbom.txt")["sbomDigest"],
                         "sha256:" + hashlib.sha256(b"PackageName: x\n").hexdigest())
        self.refused(old, new, "--blob", "patch.bin")

    def test_pairs_programs_inside_of_packages_by_path_by_content_and_by_name(self):
        old, new = self.programs()
        data = {"old": old.read_bytes(), "new": new.read_bytes()}

        def tar(name, members):
            with tarfile.open(self.path(name), "w:gz") as out:
                for path, content in members.items():
                    info = tarfile.TarInfo(path)
                    info.size = len(content)
                    out.addfile(info, io.BytesIO(content))

        tar("one.tgz", {"bin/app": data["old"], "lib/x.so.1.2": data["old"], "same": data["new"], "a/kept": data["old"]})
        tar("two.tgz", {"bin/app": data["new"], "lib/x.so.1.3": data["new"], "same": data["new"], "b/moved": data["old"],
                        "readme": b"text"})
        predicate = self.diff("one.tgz", "two.tgz")
        summary = predicate["summary"]
        self.assertEqual([(p["base"]["path"], p["target"]["path"]) for p in summary["programs"]],
                         [("bin/app", "bin/app"), ("lib/x.so.1.2", "lib/x.so.1.3")])
        self.assertEqual((summary["programsUnchanged"], summary["functions"]["modified"]), (2, 2))
        self.verify("--old", "one.tgz", "--new", "two.tgz")

    def test_leaves_an_output_that_exists_alone_unless_forced(self):
        old, new = self.programs()
        self.write("refused.json", b"mine")
        self.assertIn("--force", self.refused(old, new)["next"])
        self.assertEqual(self.path("refused.json").read_bytes(), b"mine")


class WrongInput(FunctionDiff):
    def test_refuses_what_is_no_program(self):
        old, _ = self.programs()
        text = self.write("text", b"not a program" * 50)
        self.assertEqual(self.refused(old, text)["code"], "invalid_argument")
        self.assertEqual(self.refused(text, text)["code"], "unsupported")
        self.assertEqual(self.refused(old, "missing", status=4)["code"], "not_found")
        self.refused(old, self.write("elf", b"\x7fELF" + bytes(100)))

    def test_refuses_another_machine_and_another_format(self):
        old, new = self.programs()
        self.assertEqual(self.refused(old, new, "--arch", "windows-amd64")["expected"], "windows-amd64")
        self.assertIn("linux-amd64", self.refused(old, new, "--arch", "vax")["expected"])
        other = bytearray(new.read_bytes())
        other[18] = 183 if other[18] == 62 else 62  # e_machine: AArch64 or x86-64
        self.assertEqual(self.refused(old, self.write("other", bytes(other)))["code"], "invalid_argument")
        header = b"MZ" + bytes(58) + (64).to_bytes(4, "little") + b"PE\0\0"
        pe = header + (0x8664).to_bytes(2, "little") + bytes(14) + (0xf0).to_bytes(2, "little") + bytes(2)
        self.refused(old, self.write("pe", pe + (0x20b).to_bytes(2, "little") + bytes(0x400)))

    def test_takes_archives_objects_and_programs_without_sections(self):
        for name, source in (("old", BASE), ("new", TARGET)):
            self.compile(f"{name}.o", source, "-O1", "-c")
            self.tool("ar", "rc", f"{name}.a", f"{name}.o")
        self.assertEqual(changes(self.diff("old.o", "new.o")), {"modified": {"immediate"}, "renamed": {"old_name"}})
        shutil.copy(self.path("new.o"), self.path("x.o"))
        self.tool("ar", "rc", "two.a", "x.o")
        shutil.copy(self.path("old.o"), self.path("x.o"))
        self.tool("ar", "rc", "one.a", "x.o")
        self.assertEqual(changes(self.diff("one.a", "two.a")), {"modified": {"immediate"}, "renamed": {"old_name"}})
        old, new = self.programs()
        for path in (old, new):
            bare = bytearray(path.read_bytes())
            bare[40:48] = bytes(8)  # e_shoff
            bare[58:64] = bytes(6)  # e_shentsize, e_shnum, e_shstrndx
            path.write_bytes(bare)
        self.assertGreater(self.diff(old, new)["summary"]["functions"]["base"], 0)

    def test_says_that_a_debug_only_file_has_no_code(self):
        if not shutil.which("objcopy"):
            self.skipTest("objcopy is not installed")
        old, _ = self.programs()
        self.tool("objcopy", "--only-keep-debug", old, "only.debug")
        summary = self.diff(old, "only.debug")["summary"]
        self.assertGreater(summary["programs"][0]["comparison"]["target"]["unanalysed"]["count"], 0)


class Verify(FunctionDiff):
    def setUp(self):
        super().setUp()
        self.old, self.new = self.programs(BASE, TARGET + COMES)
        self.predicate = self.diff(self.old, self.new)

    def write_edited(self, predicate: dict):
        self.write("p.json", json.dumps(predicate).encode())

    def leaves(self, value, path=()):
        if isinstance(value, dict):
            for key in value:
                yield from self.leaves(value[key], path + (key,))
        elif isinstance(value, list):
            for i, element in enumerate(value[:2]):
                yield from self.leaves(element, path + (i,))
        else:
            yield path, value

    def test_accepts_what_it_computes_again(self):
        self.assertEqual(self.verify("--old", self.old, "--new", self.new)["differences"], [])
        self.verify("--schema-only")
        self.stella("binary", "delta-sig", "verify", "--predicate", "p.json", status=2)

    def test_catches_every_field_that_was_edited(self):
        free = {("computedAt",), ("subject", 0, "name"), ("subject", 1, "name")}
        free |= {("tooling", "generator", key) for key in ("name", "version")}
        seen = set()
        for path, value in self.leaves(self.predicate):
            field = tuple(step for step in path if isinstance(step, str))
            if field in seen and path[0] == "delta":
                continue  # another element of the list
            seen.add(field)
            edited = copy.deepcopy(self.predicate)
            at = edited
            for step in path[:-1]:
                at = at[step]
            last = path[-1]
            if isinstance(value, bool):
                at[last] = not value
            elif isinstance(value, int):
                at[last] = value + 1
            elif path[-1] in ("sha256", "blake3", "strictHash", "looseHash"):
                at[last] = ("0" if value[0] != "0" else "1") + value[1:]
            elif last == "address":
                at[last] = hex(int(value, 16) + 1)
            elif last == "kind":
                at[last] = "position" if value != "position" else "name"
            elif last == "symbols":
                at[last] = "debug file"
            elif path == ("computedAt",):
                at[last] = "2026-11-27T02:21:01Z"
            else:
                at[last] = value + "x"
            self.write_edited(edited)
            done = self.stella_any("verify", "--predicate", "p.json", "--old", self.old, "--new", self.new)
            if path in free:
                self.assertEqual(done.returncode, 0, path)
            else:
                self.assertIn(done.returncode, (1, 2), path)

    def stella_any(self, *words):
        return subprocess.run([PROGRAM, "binary", "delta-sig", *map(str, words)], cwd=self.folder, capture_output=True,
                              timeout=60, env=self.environment(), check=False)

    def test_names_the_place_of_a_number_that_is_wrong(self):
        edited = copy.deepcopy(self.predicate)
        entry = next(i for i, d in enumerate(edited["delta"]) if d["change"] == "modified")
        edited["delta"][entry]["match"]["similarityPerMille"] -= 1
        self.write_edited(edited)
        result = self.verify("--old", self.old, "--new", self.new, status=1)
        self.assertEqual([d["where"] for d in result["differences"]], [f"$.delta[{entry}].match.similarityPerMille"])

    def test_says_which_file_is_another_one(self):
        result = self.verify("--old", self.old, "--new", self.old, status=1)
        self.assertEqual([d["where"] for d in result["differences"]], ["$.subject[1].digest.sha256"])

    def test_lists_all_fields_that_are_missing(self):
        self.write_edited({"delta": [{"change": "added"}], "more": 1})
        found = self.verify("--schema-only", status=2)["error"]["found"]
        for place in ("$.computedAt", "$.subject", "$.summary", "$.tooling", "$.delta[0].program", "$.delta[0].target",
                      "$.more"):
            self.assertIn(place + ":", found)

    @unittest.skipUnless(jsonschema, "python3-jsonschema is not installed")
    def test_agrees_with_the_schema_on_what_is_valid(self):
        schema = json.loads((ROOT / "schemas/delta-sig-v1.schema.json").read_bytes())
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        validator.validate(self.predicate)
        full = json.loads((ROOT / "fuzz/corpus/delta_sig/full.json").read_bytes())
        validator.validate(full)
        self.write_edited(full)
        self.verify("--schema-only")
        seen: set = set()
        wrongs: list = []
        for path, _ in self.leaves(full):
            for depth in range(1, len(path) + 1):
                part = path[:depth]
                if part in seen:
                    continue
                seen.add(part)
                for wrong in (None, [], {}, -1, "", "\x00", 1.5, "remove"):
                    edited = copy.deepcopy(full)
                    at = edited
                    for step in part[:-1]:
                        at = at[step]
                    if wrong == "remove":
                        if isinstance(part[-1], int):
                            continue
                        del at[part[-1]]
                    else:
                        at[part[-1]] = wrong
                    if not validator.is_valid(edited):
                        wrongs.append(edited)
        # One process for each would take minutes: a sample of them.
        self.assertGreater(len(wrongs), 1000)
        for edited in wrongs[::23]:
            self.write_edited(edited)
            self.assertEqual(self.stella_any("verify", "--predicate", "p.json", "--schema-only").returncode, 2, edited)


class Show(FunctionDiff):
    def setUp(self):
        super().setUp()
        self.old, self.new = self.programs(BASE, TARGET + COMES)
        self.predicate = self.diff(self.old, self.new)

    def show(self, *words, status: int = 0) -> dict:
        return self.stella_json("binary", "delta-sig", "show", "p.json", *words, status=status)

    def test_filters_and_sorts(self):
        self.assertEqual(self.show()["functions"], self.predicate["delta"])
        self.assertEqual({d["change"] for d in self.show("--kind", "modified")["functions"]}, {"modified"})
        self.assertEqual(len(self.show("--name", "immed")["functions"]), 1)
        self.assertEqual(self.show("--section", ".data")["functions"], [])
        self.assertEqual(len(self.show("--limit", "1")["functions"]), 1)
        names = [(d.get("target") or d["base"])["name"] for d in self.show("--sort", "name")["functions"]]
        self.assertEqual(names, sorted(names))
        self.show("--sort", "colour", status=2)
        self.show("--kind", "lost", status=2)

    def test_marks_only_the_lines_that_changed(self):
        text = self.stella("binary", "delta-sig", "show", "p.json", "--function", "immediate", "--old", self.old, "--new",
                           self.new).stdout.decode()
        marked = [line for line in text.splitlines()[1:] if line.startswith("- ")]
        entry = next(d for d in self.predicate["delta"] if d["change"] == "modified")
        self.assertEqual(len(marked), entry["code"]["instructionsRemoved"])
        self.assertLess(len(marked), len(text.splitlines()) - 2)
        self.show("--function", "immediate", status=2)
        self.show("--function", "nobody", "--old", self.old, "--new", self.new, status=4)
        self.show("--function", "immediate", "--old", self.new, "--new", self.new, status=1)

    def test_writes_a_page_that_needs_nothing_else(self):
        edited = copy.deepcopy(self.predicate)
        name = "</script><script>alert(1)</script>\"'&"
        edited["delta"][0]["target"]["name"] = name
        edited["subject"][1]["name"] = name
        self.write("p.json", json.dumps(edited).encode())
        self.show("--html", "page.html")
        page = self.path("page.html").read_text()
        seen = Page()
        seen.feed(page)
        self.assertEqual((seen.scripts, seen.links, seen.texts.count(name) >= 2), (1, [], True))
        self.show("--html", "page.html", status=2)
        self.show("--html", "page.html", "--force")


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.scripts, self.links, self.texts = 0, [], []

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == "script"
        self.links += [value for key, value in attributes if key in ("src", "href", "action") or "://" in (value or "")]
        self.links += [key for key, _ in attributes if key.startswith("on")]

    def handle_data(self, data):
        self.texts += [data] + data.split(" → ")


class Manifest(FunctionDiff):
    def test_of_a_delta_says_which_functions_changed(self):
        old, new = self.programs()
        self.stella("delta", "create", "--base", old, "--target", new)
        manifest = json.loads(self.path("new.delta/delta-manifest.json").read_bytes())
        changed = manifest["functions_changed"]
        self.assertEqual([changed[k]["count"] for k in ("modified", "renamed", "added", "removed", "moved")], [1, 1, 0, 0, 0])
        self.assertEqual(changed["modified"]["top"][0]["name"], "immediate")
        data = self.path("new.delta/functions.json").read_bytes()
        self.assertEqual(changed["file"]["sha256"], hashlib.sha256(data).hexdigest())
        predicate = self.diff(old, new)
        self.assertEqual(json.loads(data), {k: predicate[k] for k in ("delta", "summary", "tooling")})
        self.stella("delta", "verify", "--base", old, "--target", new)
        self.path("new.delta/functions.json").write_bytes(data.replace(b"immediate", b"immediatf"))
        self.stella("delta", "verify", "--base", old, "--target", new, status=1)


if __name__ == "__main__":
    main()
