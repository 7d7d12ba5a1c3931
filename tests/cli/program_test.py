#!/usr/bin/env python3
"""What holds for every verb: help, errors, environment, terminals, wrong input."""
import json
import os
import pty
import re
import subprocess

from stella_program import PROGRAM, ProgramTest, main


class Usage(ProgramTest):
    def test_says_its_version_and_that_of_its_libraries(self):
        result = self.stella_json("version")
        self.assertRegex(result["version"], r"^\d+\.\d+\.\d+$")
        self.assertLessEqual({"LLVM", "OpenSSL", "liblzma", "libzstd"}, set(result["libraries"]))
        for words in (["version"], ["--version"]):
            self.assertTrue(self.stella(*words).stdout.startswith(b"stella " + result["version"].encode()))

    def test_teaches_with_examples(self):
        for words in ([], ["delta"], ["delta", "create"], ["delta", "apply"]):
            self.assertIn(b"stella", self.stella(*words, "--help").stdout)
        for verb in ("create", "verify", "apply", "rollback", "inspect"):
            self.assertIn(b"Examples:", self.stella("delta", verb, "--help").stdout)

    def test_refuses_what_it_does_not_know(self):
        for words in ([], ["delta"], ["frobnicate"], ["delta", "create"], ["delta", "create", "--base", "x"],
                      ["delta", "inspect", "--delta", "x", "--wrong"], ["version", "more"]):
            done = self.stella(*words, status=2)
            self.assertEqual(done.stdout, b"")
            self.assertIn(b"--help", done.stderr)
        self.assertIn("--base", self.stella_json("delta", "create", status=2)["error"]["message"])

    def test_prints_nothing_when_quiet(self):
        base, target = self.pair()
        done = self.stella("delta", "create", "--base", base, "--target", target, "--quiet")
        self.assertEqual((done.stdout, done.stderr), (b"", b""))
        done = self.stella("delta", "create", "--base", base, "--target", target, "--quiet", status=2)
        self.assertIn(b"error", done.stderr)


class Environment(ProgramTest):
    def test_takes_threads_from_the_environment_and_refuses_nonsense(self):
        base, target = self.pair()
        words = ["delta", "create", "--base", base, "--target", target, "--force"]
        self.stella(*words, env={"STELLAOPS_THREADS": "1"})
        self.stella(*words, "--threads", "2", env={"STELLAOPS_THREADS": "1"})
        for wrong in ("0", "-1", "many", "2 ", "9999999999"):
            done = self.stella(*words, status=2, env={"STELLAOPS_THREADS": wrong})
            self.assertIn(b"STELLAOPS_THREADS", done.stderr)

    def test_says_more_when_asked(self):
        base, target = self.pair()
        words = ["delta", "create", "--base", base, "--target", target, "--force"]
        self.assertEqual(self.stella(*words).stderr, b"")
        self.assertIn(b"debug:", self.stella(*words, "--verbose").stderr)
        self.assertIn(b"debug:", self.stella(*words, env={"STELLAOPS_LOG_LEVEL": "debug"}).stderr)
        self.assertEqual(self.stella(*words, env={"STELLAOPS_LOG_LEVEL": "info"}).stderr, b"")
        self.stella(*words, status=2, env={"STELLAOPS_LOG_LEVEL": "loud"})

    def on_a_terminal(self, words, **env):
        """What is seen on a terminal."""
        leader, follower = pty.openpty()
        child = subprocess.Popen([PROGRAM, *map(str, words)], cwd=self.folder, stdout=follower, stderr=follower,
                                 env=self.environment(TERM="xterm", **env))
        os.close(follower)
        seen = b""
        while True:
            try:
                block = os.read(leader, 65536)
            except OSError:
                break
            if not block:
                break
            seen += block
        os.close(leader)
        self.assertEqual(child.wait(), 0, seen)
        return seen.decode()

    def test_draws_bars_and_colours_on_terminals_only(self):
        base, target = self.pair(3_000_000)
        words = ["delta", "create", "--base", base, "--target", target, "--force"]
        seen = self.on_a_terminal(words)
        self.assertIn("reading", seen)
        self.assertIn("\x1b[32m", seen)
        self.assertNotIn("\x1b[32m", self.on_a_terminal(words, NO_COLOR="1"))
        self.assertNotIn("reading", self.on_a_terminal([*words, "--quiet"]))

    def test_ends_with_74_when_its_answer_cannot_be_written(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "version"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 74)
        self.assertIn(b"standard output", done.stderr)


class WrongInput(ProgramTest):
    def create(self, base, target, status):
        error = self.stella_json("delta", "create", "--base", base, "--target", target, "--output", "d",
                                 status=status)["error"]
        self.assertFalse(self.path("d").exists())
        self.assertEqual([n for n in self.names() if ".stella-" in n], [])
        return error

    def test_names_the_file_that_is_not_there(self):
        base, _ = self.pair()
        error = self.create(base, "nowhere", 4)
        self.assertEqual(error["code"], "not_found")
        self.assertIn("nowhere", error["where"])

    def test_refuses_folders_pipes_and_devices_without_waiting_for_them(self):
        base, _ = self.pair()
        self.path("folder").mkdir()
        os.mkfifo(self.path("fifo"))
        for wrong in ("folder", "fifo", "/dev/null", "/dev/full"):
            self.create(base, wrong, 2)
            self.create(wrong, base, 2)
            self.stella("delta", "apply", "--base", wrong, "--delta", "fifo", "--output", "out", status=2)
            self.stella("delta", "inspect", "--delta", "fifo", status=2)

    def test_names_a_file_that_must_not_be_read(self):
        base, target = self.pair()
        os.chmod(target, 0)
        if os.access(target, os.R_OK):
            # Root reads everything; a user without rights does not.
            os.chmod(self.folder, 0o777)
            words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM, "delta", "create",
                     "--base", str(base), "--target", str(target), "--output", str(self.path("d"))]
            done = subprocess.run(words, capture_output=True)
            self.assertEqual(done.returncode, 74, done.stderr)
            self.assertIn(b"Permission denied", done.stderr)
        else:
            self.create(base, target, 74)

    def test_refuses_outputs_where_nothing_can_be_written(self):
        base, target, delta = self.created()
        words = ["delta", "apply", "--base", base, "--delta", delta, "--output"]
        self.stella(*words, "nowhere/out", status=4)
        self.stella(*words, "/dev/full", status=2)
        self.stella(*words, "/dev/full", "--force", status=2)
        self.stella(*words, "/proc/out", status=4)
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, *map(str, words), "-"], cwd=self.folder, stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 74)

    def test_keeps_control_characters_of_names_from_the_terminal(self):
        done = self.stella("delta", "inspect", "--delta", "x\x1b[2Jy", status=4)
        self.assertNotIn(b"\x1b", done.stderr)
        self.assertNotIn(b"\x1b", self.stella("delta", "inspect", "--delta", "x\x1b[2Jy", "--json", status=4).stdout)

    def test_takes_delta_bins_that_are_none(self):
        for name, data in (("empty", b""), ("text", b"hello"), ("zeros", bytes(1000))):
            self.write(name, data)
            self.stella("delta", "inspect", "--delta", name, status=2)
            self.stella("delta", "apply", "--base", "empty", "--delta", name, "--output", "out", status=2)


class Errors(ProgramTest):
    def test_say_what_where_expected_found_and_what_next(self):
        base, target, delta = self.created()
        done = self.stella("delta", "apply", "--base", target, "--delta", delta, "--output", "out", status=1)
        text = done.stderr.decode()
        for word in ("error:", "where", "expected", "found", "next"):
            self.assertTrue(re.search(word, text), text)
        result = self.stella_json("delta", "apply", "--base", target, "--delta", delta, "--output", "out", status=1)
        self.assertEqual(result["verb"], "delta apply")
        self.assertLessEqual({"code", "message", "where", "expected", "found", "next"}, set(result["error"]), json.dumps(result))


if __name__ == "__main__":
    main()
