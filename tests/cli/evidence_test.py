#!/usr/bin/env python3
"""stella attest, trust and policy: what is accepted, what is refused, and what is said about it."""
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from stella_program import PROGRAM, ProgramTest, main

try:
    import jsonschema
    import yaml
except ImportError:
    jsonschema = None

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
IDENTITY = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
WHO = ["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", ISSUER]
AT = ["--at", "2026-10-01T00:00:00Z"]
POLICY = f"""version: 1
trust:
  trusted_root: roots/tsa.pem
  rules:
    - predicate_types: [https://example.com/check/v1]
      signers:
        - identity: {IDENTITY}
          issuer: {ISSUER}
"""


class EvidenceTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.made = pathlib.Path(tempfile.mkdtemp(prefix="stella-evidence-"))
        cls.addClassCleanup(shutil.rmtree, cls.made, ignore_errors=True)
        subprocess.run([os.environ["STELLA_MAKE_EVIDENCE"], cls.made], check=True)

    def setUp(self):
        super().setUp()
        shutil.copytree(self.made, self.folder, dirs_exist_ok=True)

    def environment(self, **more):
        return super().environment(HOME=str(self.folder / "home"), XDG_CONFIG_HOME="", XDG_DATA_HOME="", **more)

    ROOTS = ["--fulcio-root", "roots/fulcio.pem", "--certificate-chain", "roots/chain.pem", "--ct-root", "roots/ct.pem",
             "--rekor-root", "roots/rekor1.pem", "--rekor-root", "roots/rekor2.pem", "--timestamp-root", "roots/tsa.pem"]

    def verify(self, *words, who=WHO, status=0, **more):
        return self.stella_json("attest", "verify", *words, *who, *self.ROOTS, *AT, status=status, **more)

    def check(self, result, name):
        checks = {c["check"]: c for c in result["evidence"][0]["bundles"][0]["checks"]}
        return checks[name]


class Verify(EvidenceTest):
    def test_an_artifact_alone_finds_its_evidence_beside_it(self):
        result = self.verify("--artifact", "app")
        [evidence] = result["evidence"]
        self.assertEqual(evidence["bundle"], "app.sigstore.json")
        [bundle] = evidence["bundles"]
        self.assertEqual((bundle["signer"], bundle["issuer"]), (IDENTITY, ISSUER))
        self.assertEqual(bundle["time_source"], "timestamp")
        self.assertTrue(all(c["state"] != "failed" for c in bundle["checks"]))

    def test_every_kind_of_evidence(self):
        self.verify("--bundle", "app.sigstore.json")  # about whatever it says
        self.verify("--bundle", "file.sigstore.json", "--artifact", "app")
        digest = subprocess.run(["sha256sum", self.path("app")], capture_output=True, check=True).stdout[:64].decode()
        self.verify("--bundle", "file.sigstore.json", "--artifact", "sha256:" + digest)
        self.verify("--bundle", "logged.sigstore.json", "--artifact", "app", "--require-rekor", who=["--key", "key.pub"])
        self.verify("--bundle", "unlogged.sigstore.json", "--artifact", "app", who=["--key", "key.pub"])

    def test_evidence_in_a_folder_by_name_and_by_digest(self):
        self.write("evidence/app.sigstore.json", self.path("app.sigstore.json").read_bytes())
        self.path("app.sigstore.json").unlink()
        self.verify("--artifact", "app", status=4)
        self.verify("--artifact", "app", "--evidence", "evidence")
        digest = subprocess.run(["sha256sum", self.path("app")], capture_output=True, check=True).stdout[:64].decode()
        self.path("evidence/app.sigstore.json").rename(self.path(f"evidence/sha256-{digest}.sigstore.json"))
        self.verify("--artifact", "app", "--evidence", "evidence")
        self.verify("--artifact", "sha256:" + digest, "--evidence", "evidence")

    def test_the_policy_is_said_before_the_answer(self):
        out = self.stella("attest", "verify", "--artifact", "app", *WHO, *self.ROOTS, *AT).stdout.decode()
        self.assertLess(out.index("Policy"), out.index("Accepted"))
        self.assertIn(IDENTITY + ", by " + ISSUER, out)
        self.assertIn("judged at", out)

    def test_all_that_flags_add_is_said_too(self):
        self.write("added.yaml", POLICY.encode())
        words = ["--bundle", "provenance.sigstore.json", "--artifact", "app", "--policy", "added.yaml", *self.ROOTS, *AT]
        out = self.stella("attest", "verify", *words, "--material", "other", "--min-scts", "1", "--min-timestamps", "1",
                          "--slsa-level", "1", "--max-age-days", "30", "--min-logs", "1", status=1).stdout.decode()
        for line in ("material", "SCTs", "also timestamps", "also SLSA level", "also age", "also log"):
            self.assertRegex(out, rf"(?m)^  {line} ")

    def test_a_digest_is_never_a_file_of_that_name(self):
        digest = "sha256:" + hashlib.sha256(self.path("other").read_bytes()).hexdigest()
        self.write(digest, self.path("app").read_bytes())
        result = self.verify("--bundle", "app.sigstore.json", "--artifact", digest, status=1)
        self.assertEqual(self.check(result, "subject")["expected"], digest)
        self.verify("--bundle", "app.sigstore.json", "--artifact", "./" + digest)
        error = self.verify("--bundle", "app.sigstore.json", "--artifact", "sha256:12", status=2)["error"]
        self.assertIn("./sha256:12", error["next"])

    def test_what_does_not_count_against_it_is_not_marked_as_failed(self):
        out = self.stella("attest", "verify", "--bundle", "unlogged.sigstore.json", "--artifact", "app", "--key", "key.pub",
                          *self.ROOTS, *AT).stdout.decode()
        self.assertIn("! log-threshold", out)
        self.assertNotIn("✗", out)

    def test_a_batch_says_what_was_expected_and_found(self):
        self.write("refused.tsv", b"app.sigstore.json\tother\napp.sigstore.json\tnowhere\n")
        out = self.stella("attest", "verify", "--batch", "refused.tsv", *WHO, *self.ROOTS, *AT, status=1).stdout.decode()
        self.assertRegex(out, "other: subject: .*; expected sha256:.*; found sha256:")
        self.assertIn("nowhere: nowhere: cannot open the file", out)
        self.verify("--batch", "refused.tsv", "--artifact", "app", status=2)

    def test_what_to_do_next_can_be_done(self):
        words = ["attest", "verify", "--artifact", "app", *WHO, *AT, "--json"]  # by the public instance's roots alone
        checks = {c["check"]: c for c in json.loads(self.stella(*words, status=1).stdout)["evidence"][0]["bundles"][0]["checks"]}
        self.assertIn("--timestamp-root", checks["signing-time"]["next"])
        self.assertIn("--rekor-root", checks["log-threshold"]["next"])
        self.write("kept/trusted.json", b"{")
        error = self.stella_json(*words[:-1], "--trust-dir", "kept", status=2)["error"]
        self.assertIn("trust update", error["next"])
        error = self.verify("--artifact", "app", "--rekor-checkpoint", "app", status=2)["error"]
        self.assertIn("app", error["where"])

    def test_refusals_name_the_check_what_was_expected_and_what_was_found(self):
        wrong = IDENTITY.replace("main", "other")
        result = self.verify("--artifact", "app", status=1,
                             who=["--certificate-identity", wrong, "--certificate-oidc-issuer", ISSUER])
        identity = self.check(result, "identity")
        self.assertEqual((identity["state"], identity["expected"], identity["found"]), ("failed", wrong, IDENTITY))
        result = self.verify("--artifact", "app", status=1,
                             who=["--certificate-identity", IDENTITY, "--certificate-oidc-issuer", "https://x.test"])
        self.assertEqual(self.check(result, "identity")["found"], ISSUER)
        result = self.verify("--bundle", "app.sigstore.json", "--artifact", "other", status=1)
        self.assertEqual(self.check(result, "subject")["state"], "failed")
        result = self.verify("--artifact", "app", "--predicate-type", "https://y.test/v1", status=1)
        self.assertEqual(self.check(result, "predicate-type")["state"], "failed")
        result = self.verify("--bundle", "unlogged.sigstore.json", "--artifact", "app", "--require-rekor",
                             who=["--key", "key.pub"], status=1)
        self.assertEqual(self.check(result, "log-threshold")["state"], "failed")
        self.verify("--bundle", "unlogged-keyless.sigstore.json", "--artifact", "app", status=1)
        self.verify("--artifact", "app", "--max-age-days", "3", status=1)
        self.verify("--artifact", "app", "--max-age-days", "30")
        self.verify("--artifact", "app", "--min-logs", "2", status=1)

    def test_an_empty_value_switches_nothing_off(self):
        for flag in ("--artifact", "--policy", "--predicate-type", "--rekor-checkpoint", "--witness-policy", "--at",
                     "--builder-id", "--material", "--require", "--trust-dir", "--trusted-root"):
            error = self.verify("--bundle", "app.sigstore.json", flag, "", status=2)["error"]
            self.assertIn(flag, error["message"])
        pathlib.Path(self.folder, "lines").write_text("app.sigstore.json\t\n")
        self.assertIn("no artifact", self.verify("--batch", "lines", status=2)["error"]["message"])

    def test_provenance(self):
        words = ["--bundle", "provenance.sigstore.json", "--artifact", "app"]
        self.verify(*words, "--builder-id", "https://b.test/builder", "--material", "other")
        self.verify(*words, "--builder-id", "https://b.test/.*", "--predicate-type", "https://slsa.dev/provenance/v1")
        self.verify(*words, "--builder-id", "https://c.test/builder", status=1)
        self.verify(*words, "--material", "app", status=1)
        self.verify(*words, "--slsa-level", "3", status=1)
        # A signature over a file says nothing of any of this.
        for demand in (["--predicate-type", "https://slsa.dev/provenance/v1"], ["--builder-id", "https://b.test/builder"],
                       ["--slsa-level", "1"], ["--material", "other"]):
            self.verify("--bundle", "file.sigstore.json", "--artifact", "app", *demand, status=1)

    def test_nobody_is_trusted_by_default(self):
        error = self.verify("--artifact", "app", who=[], status=2)["error"]
        self.assertIn("--certificate-identity", error["expected"])
        self.assertIn("policy.yaml", error["expected"])
        self.verify("--artifact", "app", who=WHO[:2], status=2)
        self.verify("--artifact", "app", who=WHO[2:], status=2)

    def test_a_pattern_that_matches_everything_is_refused(self):
        for pattern in (".*", ".*.*", ""):
            self.verify("--artifact", "app", who=["--certificate-identity", pattern, *WHO[2:]], status=2)
        for pattern in (".*", ".+", "(.|x)*", "", "(?s).*", "[^a]*", "(" * 2000):
            self.verify("--artifact", "app", who=["--certificate-identity-regexp", pattern, *WHO[2:]], status=2)
        self.verify("--artifact", "app",
                    who=["--certificate-identity-regexp", r"https://github\.com/acme/app/.*@refs/heads/main", *WHO[2:]])

    def test_broken_bundles(self):
        good = self.path("app.sigstore.json").read_bytes()
        for name, data in {"empty": b"", "bom": b"\xef\xbb\xbf" + good, "latin1": good[:-2] + b"\xe9}", "half": good[:-5],
                           "trailing": good + b" x", "list": b"[]", "number": b"7", "deep": b"[" * 100_000}.items():
            self.write(name, data)
            self.verify("--bundle", name, "--artifact", "app", status=2)
        for name, data in {"crlf": good + b"\r\n", "blank": good + b"\n\n"}.items():
            self.write(name, data)
            self.verify("--bundle", name, "--artifact", "app")
        with open(self.path("huge"), "wb") as file:
            file.truncate(200 << 20)
        self.verify("--bundle", "huge", "--artifact", "app", status=2)
        self.verify("--bundle", ".", "--artifact", "app", status=2)
        self.verify("--bundle", "nowhere", "--artifact", "app", status=4)
        self.verify("--bundle", "app.sigstore.json", "--artifact", "nowhere", status=4)
        self.verify(status=2)

    def test_one_good_bundle_of_several_suffices(self):
        good, other = self.path("app.sigstore.json").read_bytes(), self.path("provenance.sigstore.json").read_bytes()
        self.write("both.jsonl", other + b"\n" + good + b"\n")
        result = self.verify("--bundle", "both.jsonl", "--artifact", "app", "--predicate-type",
                             "https://example.com/check/v1")
        self.assertEqual([b["accepted"] for b in result["evidence"][0]["bundles"]], [False, True])

    def test_batch(self):
        lines = ["# a comment", "app.sigstore.json\tapp", "\tapp", "", "file.sigstore.json\tapp", "app.sigstore.json"]
        self.write("good.tsv", "\n".join(lines).encode())
        result = self.verify("--batch", "good.tsv")
        self.assertEqual(len(result["evidence"]), 4)
        self.write("bad.tsv", "\n".join(lines + ["app.sigstore.json\tother", "nowhere\tapp"] * 20).encode())
        result = self.verify("--batch", "bad.tsv", status=1)
        self.assertEqual(sum(e["accepted"] for e in result["evidence"]), 4)
        self.assertEqual(result["evidence"][-1]["error"]["code"], "not_found")
        one, many = (self.stella("attest", "verify", "--batch", "bad.tsv", *WHO, *self.ROOTS, *AT, "--json", "--threads",
                                 n, status=1).stdout for n in (1, 7))
        self.assertEqual(one, many)
        self.assertEqual(len(self.verify("--batch", "-", input=b"\tapp\n")["evidence"]), 1)
        self.write("none.tsv", b"# nothing\n")
        self.verify("--batch", "none.tsv", status=2)

    def test_explain(self):
        checks = self.stella_json("attest", "verify", "--explain")["checks"]
        self.assertIn("log-inclusion", [c["check"] for c in checks])
        self.assertIn("log-inclusion", self.stella("attest", "verify", "--explain").stdout.decode())

    def test_memory_stays_flat_over_a_large_artifact(self):
        with open(self.path("large"), "wb") as file:
            file.truncate(300 << 20)
        words = [PROGRAM, "attest", "verify", "--bundle", "app.sigstore.json", "--artifact", "large", *WHO, *self.ROOTS]
        script = "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);" \
                 "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
        done = subprocess.run(["python3", "-c", script, *words], cwd=self.folder, capture_output=True, check=True,
                              env=self.environment())
        self.assertLess(int(done.stdout), 64 << 10, "KiB")


class Offline(EvidenceTest):
    def test_no_socket_is_opened(self):
        if not shutil.which("strace"):
            self.skipTest("strace is missing")
        done = subprocess.run(["strace", "-f", "-e", "trace=network", "-o", "trace", PROGRAM, "attest", "verify",
                               "--artifact", "app", "--offline", *WHO, *self.ROOTS, *AT], cwd=self.folder,
                              capture_output=True, env=self.environment())
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("socket(", self.path("trace").read_text())

    def test_it_works_without_any_interface(self):
        prefix = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
        if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
            self.skipTest("no network namespace can be made here")
        done = subprocess.run([*prefix, PROGRAM, "attest", "verify", "--artifact", "app", "--offline", *WHO, *self.ROOTS,
                               *AT], cwd=self.folder, capture_output=True, env=self.environment())
        self.assertEqual(done.returncode, 0, done.stderr)


class Inspect(EvidenceTest):
    def test_everything_is_marked_as_unverified(self):
        out = self.stella("attest", "inspect", "--artifact", "app").stdout.decode()
        self.assertTrue(out.startswith("Unverified"), out)
        self.assertIn(IDENTITY, out)
        result = self.stella_json("attest", "inspect", "--bundle", "app.sigstore.json", "--show-cert", "--show-entry",
                                  "--show-timestamps")
        self.assertIs(result["verified"], False)
        [bundle] = result["bundles"]
        self.assertIn("BEGIN CERTIFICATE", bundle["certificate"]["pem"])
        self.assertEqual(bundle["log_entries"][0]["body"]["kind"], "hashedrekord")
        self.assertIn("imprint", bundle["timestamps"][0])

    def test_text_from_a_bundle_cannot_steer_the_terminal(self):
        bundle = json.loads(self.path("unlogged.sigstore.json").read_bytes())
        bundle["verificationMaterial"]["publicKey"]["hint"] = "\x1b[2Jhidden"
        self.write("hint.json", json.dumps(bundle).encode())
        self.assertNotIn(b"\x1b", self.stella("attest", "inspect", "--bundle", "hint.json").stdout)


class Policy(EvidenceTest):
    def setUp(self):
        super().setUp()
        pems = b"".join(self.path(f"roots/{name}.pem").read_bytes() for name in ("chain", "rekor1", "rekor2"))
        self.write("roots/all.pem", pems)

    def verify_by_policy(self, *words, status=0):
        return self.stella_json("attest", "verify", *words, *self.ROOTS, *AT, status=status)

    def test_the_policy_beside_is_found_and_obeyed(self):
        self.write("policy.yaml", POLICY.encode())
        self.verify_by_policy("--artifact", "app")
        result = self.verify_by_policy("--bundle", "file.sigstore.json", "--artifact", "app", status=1)
        self.assertEqual(self.check(result, "identity")["found"], "file-signature")
        self.path("policy.yaml").rename(self.path("elsewhere.yaml"))
        self.verify_by_policy("--artifact", "app", status=2)
        self.verify_by_policy("--artifact", "app", "--policy", "elsewhere.yaml")
        self.verify_by_policy("--artifact", "app", "--policy", "elsewhere.yaml", *WHO, status=2)
        self.path("home/.config/stellaops").mkdir(parents=True)
        self.path("elsewhere.yaml").rename(self.path("home/.config/stellaops/policy.yaml"))
        shutil.copytree(self.path("roots"), self.path("home/.config/stellaops/roots"))
        self.verify_by_policy("--artifact", "app")

    def test_a_policy_that_cannot_be_read_hides_behind_no_other(self):
        self.path("home/.config/stellaops").mkdir(parents=True)
        self.write("home/.config/stellaops/policy.yaml", POLICY.encode())
        shutil.copytree(self.path("roots"), self.path("home/.config/stellaops/roots"))
        self.verify_by_policy("--artifact", "app")
        self.path("policy.yaml").symlink_to("nowhere.yaml")
        error = self.verify_by_policy("--artifact", "app", status=4)["error"]
        self.assertIn("policy.yaml", error["where"])

    def test_flags_only_add_to_it(self):
        self.write("policy.yaml", POLICY.encode())
        self.verify_by_policy("--artifact", "app", "--max-age-days", "3", status=1)
        self.write("policy.yaml", (POLICY + "      max_age_days: 3\n").encode())
        self.verify_by_policy("--artifact", "app", "--max-age-days", "300", status=1)

    def test_mistakes_have_lines(self):
        for text, line in ((POLICY.replace("signers", "singers"), 5), (POLICY + "  rules: []\n", 9),
                           (POLICY.replace(IDENTITY, "'.*'"), 7), (POLICY.replace("roots/tsa.pem", "nowhere"), 3)):
            self.write("policy.yaml", text.encode())
            error = self.verify_by_policy("--artifact", "app", status=2)["error"]
            self.assertIn(f"line {line}", error["where"], text)

    @unittest.skipUnless(jsonschema, "python3-jsonschema and python3-yaml are not installed")
    def test_program_and_schema_agree(self):
        schema = json.loads((ROOT / "schemas/policy.schema.json").read_bytes())
        jsonschema.Draft7Validator.check_schema(schema)
        validator = jsonschema.Draft7Validator(schema)
        corpus = ROOT / "fuzz/corpus/policy"
        good = [POLICY, (corpus / "full").read_text(), self.stella("policy", "init", "--output", "-").stdout.decode()]
        self.write("key.pub", self.path("key.pub").read_bytes())
        bad = [good[1].replace(a, b) for a, b in (
            ("version: 1", "version: 2"), ("slsa_level: 2", "slsa_level: 4"), ("logs: 1", "logs: -1"),
            ("require_log: true", "require_log: 'true'"), ("max_age_days: 9", "max_age_days: soon"),
            ("timestamps: 1", "time_stamps: 1"), ("keys: [key.pub]", "keys: []"), ("      keys: [key.pub]", ""),
            ("identity: repo", "name: repo"), ("predicate_types: [any-other]", "predicate_types: []"),
            ("attestation: {max_age_days: 30}", "attestation: {max_age: 30}"), ("trust:", "trusts:"))]
        for text, status in [(t, 1) for t in good] + [(t, 2) for t in bad]:
            self.write("policy.yaml", text.encode())
            errors = list(validator.iter_errors(yaml.safe_load(text)))
            self.assertEqual(bool(errors), status == 2, (text, errors))
            if text is not POLICY:
                self.stella("attest", "verify", "--artifact", "app", *self.ROOTS, *AT, status=status)

    def test_a_first_policy(self):
        self.stella("policy", "init")
        first = self.path("policy.yaml").read_bytes()
        self.stella("policy", "init", status=2)
        self.stella("policy", "init", "--force")
        self.assertEqual(self.stella("policy", "init", "--output", "-").stdout, first)
        self.verify_by_policy("--artifact", "app", status=1)  # it trusts others


class Trust(EvidenceTest):
    def test_init_update_show_export(self):
        self.stella("trust", "update", status=4)
        self.stella("trust", "init", "--root", "tuf1/1.root.json", "--url", "tuf1")
        self.stella("trust", "show", status=4)
        result = self.stella_json("trust", "update", "--offline")
        self.assertEqual((result["root_version"], result["timestamp_version"]), (2, 2))
        self.assertEqual([t["path"] for t in result["targets"]], ["trusted_root.json"])
        self.stella_json("trust", "update", "--url", "tuf2", "--target", "more.json")
        self.assertEqual(len(self.stella_json("trust", "show")["targets"]), 2)
        self.stella("trust", "update", status=1)  # the first mirror is behind: a rollback
        self.stella("trust", "export", "--target", "more.json", "--output", "more.json")
        self.assertEqual(self.path("more.json").read_bytes(), b"{}")
        self.stella("trust", "export", "--target", "more.json", "--output", "more.json", status=2)
        self.assertEqual(self.stella("trust", "export", "--target", "more.json", "--output", "-").stdout, b"{}")
        self.stella("trust", "export", "--target", "none", "--output", "x", status=4)

    def test_verification_uses_it_and_refuses_it_when_damaged(self):
        self.stella("trust", "init", "--root", "tuf1/1.root.json", "--url", "tuf1", "--trust-dir", "trust")
        self.stella("trust", "update", "--trust-dir", "trust")
        words = ["--artifact", "app", "--trust-dir", "trust"]
        result = self.stella_json("attest", "verify", *words, *WHO, *AT, status=1)  # signed by another instance
        self.assertIn("trust, version 2", {p["what"]: p["is"] for p in result["policy"]}["trusted root"])
        path = self.path("trust/trusted.json")
        path.write_bytes(path.read_bytes().replace(b"ab", b"ac"))
        self.stella("attest", "verify", *words, *WHO, *AT, "--json", status=1)

    def test_offline_forbids_the_network(self):
        self.stella("trust", "init")
        self.stella("trust", "update", "--offline", status=5)

    def test_a_first_root_that_is_none(self):
        self.write("root.json", b"{}")
        self.stella("trust", "init", "--root", "root.json", "--url", "tuf1", status=2)
        self.stella("trust", "init", "--root", "tuf1/1.root.json", status=2)


if __name__ == "__main__":
    main()
