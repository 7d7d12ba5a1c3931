#!/usr/bin/env python3
"""Full disks, signals and broken disks: what is visible afterwards is whole, or is not there."""
import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import time
import unittest

from stella_program import LONG, PROGRAM, ProgramTest, main, some_bytes

KILLS = 300 if LONG else 12
FILE_LIMIT_BYTES = 50_000


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT_BYTES, FILE_LIMIT_BYTES))


class FaultTest(ProgramTest):
    def big_pair(self):
        data = some_bytes(2_000_000, 5)
        new = data[:500_000] + some_bytes(300_000, 6) + data[600_000:]
        return self.write("base", data), self.write("target", new)

    def leftovers(self):
        return [n for n in self.names() if ".stella-" in n]

    def create_words(self):
        return ["delta", "create", "--base", "base", "--target", "target", "--output", "d", "--level", "fast"]

    def assert_delta_whole_or_absent(self):
        """fsck of a delta's folder."""
        if self.path("d").exists():
            self.stella("delta", "verify", "--base", "base", "--target", "target", "--delta", "d")
            return True
        return False

    def assert_output_whole_or_absent(self):
        if self.path("out").exists():
            self.assertEqual(self.path("out").read_bytes(), self.path("target").read_bytes())
            return True
        return False


class FullDisk(FaultTest):
    def test_leaves_nothing_when_files_cannot_grow(self):
        self.big_pair()
        self.stella(*self.create_words())
        shutil.move(self.path("d"), self.path("good"))
        done = self.stella(*self.create_words(), status=74, preexec_fn=limit_file_size)
        self.assertIn(b"File too large", done.stderr)
        self.stella("delta", "apply", "--base", "base", "--delta", "good", "--output", "out", status=74,
                    preexec_fn=limit_file_size)
        self.assertEqual(self.names(), ["base", "good", "good/delta-manifest.json", "good/delta.bin", "good/rollback",
                                        "good/rollback/delta.bin", "target"])

    def test_is_not_tried_by_a_small_delta_of_a_huge_target(self):
        self.big_pair()
        self.stella(*self.create_words())
        delta = self.path("d/delta.bin").read_bytes()
        at = 8  # behind magic, version and flags: the sizes of base and target as varints
        while delta[at] & 0x80:
            at += 1
        end = at + 1
        while delta[end] & 0x80:
            end += 1
        huge = delta[:at + 1] + b"\x80" * 8 + b"\x20" + delta[end + 1:-32]  # 2^61
        self.write("huge.bin", huge + hashlib.sha256(huge).digest())
        for output in ("out", "-"):
            done = self.stella("delta", "apply", "--base", "base", "--delta", "huge.bin", "--output", output, status=74)
            self.assertIn(b"2305843009213693952 bytes", done.stderr)
        self.assertFalse(self.path("out").exists())

    def test_leaves_nothing_on_a_file_system_that_is_full(self):
        self.big_pair()
        self.path("small").mkdir()
        script = ('mount -t tmpfs -o size=128k tmpfs small || exit 99; "$0" delta create --base base --target target '
                  '--output small/d; status=$?; ls -A small; exit $status')
        done = subprocess.run(["unshare", "-m", "sh", "-c", script, PROGRAM], cwd=self.folder, capture_output=True)
        if done.returncode in (1, 99) and b"small/d" not in done.stderr:
            self.skipTest("no file system can be mounted here")
        self.assertEqual((done.returncode, done.stdout), (74, b""), done.stderr)
        self.assertIn(b"free some space", done.stderr)


class Signals(FaultTest):
    def run_and_signal(self, words, number, delay):
        child = subprocess.Popen([PROGRAM, *words], cwd=self.folder, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, env=self.environment())
        time.sleep(delay)
        child.send_signal(number)
        return child.wait(timeout=60)

    def duration(self, words, output):
        start = time.monotonic()
        self.stella(*words)
        shutil.move(self.path(output), self.path("good-" + output))
        return time.monotonic() - start

    def test_show_whole_deltas_only_when_killed(self):
        self.big_pair()
        longest = self.duration(self.create_words(), "d")
        dice = random.Random(7)
        for _ in range(KILLS):
            self.run_and_signal(self.create_words(), signal.SIGKILL, dice.uniform(0, longest * 1.1))
            self.assert_delta_whole_or_absent()
            shutil.rmtree(self.path("d"), ignore_errors=True)
            for name in self.leftovers():
                shutil.rmtree(self.path(name), ignore_errors=True)

    def test_show_whole_targets_only_when_killed(self):
        self.big_pair()
        self.stella(*self.create_words())
        words = ["delta", "apply", "--base", "base", "--delta", "d", "--output", "out"]
        longest = self.duration(words, "out")
        dice = random.Random(8)
        for _ in range(KILLS):
            self.run_and_signal(words, signal.SIGKILL, dice.uniform(0, longest * 1.1))
            self.assert_output_whole_or_absent()
            for name in ["out", *self.leftovers()]:
                self.path(name).unlink(missing_ok=True)

    def test_replace_a_whole_delta_by_a_whole_delta_when_killed(self):
        self.big_pair()
        words = [*self.create_words(), "--force"]
        longest = self.duration(words, "d")
        self.stella(*words)
        dice = random.Random(9)
        for _ in range(KILLS):
            self.run_and_signal(words, signal.SIGKILL, dice.uniform(longest / 2, longest * 1.1))
            self.assertTrue(self.assert_delta_whole_or_absent())

    def test_clean_up_after_control_c(self):
        self.big_pair()
        longest = self.duration(self.create_words(), "d")
        dice = random.Random(10)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * max(2, KILLS // 6):
            # Before the handler is in place there is nothing to clean up either.
            status = self.run_and_signal(self.create_words(), number, dice.uniform(0, longest))
            self.assertIn(status, (-number, 0))
            self.assertEqual(self.leftovers(), [])
            self.assertEqual(self.assert_delta_whole_or_absent(), status == 0)
            shutil.rmtree(self.path("d"), ignore_errors=True)


@unittest.skipUnless(shutil.which("strace"), "strace is not installed")
class BrokenDisk(FaultTest):
    """System calls that fail now and then, by strace's injection."""

    def run_with(self, injection, words, paths=()):
        """`paths`: only calls on these files fail, and not those of the dynamic linker."""
        only = [word for path in paths for word in ("-P", str(self.path(path)))]
        done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", *only, "-e", f"trace={injection.split(':')[0]}",
                               "-e", f"inject={injection}", PROGRAM, *words], cwd=self.folder, capture_output=True,
                              timeout=300, env=self.environment())
        if b"ptrace" in done.stderr:
            self.skipTest("no program can be traced here")
        return done

    def test_is_reported_and_leaves_nothing(self):
        self.big_pair()
        self.stella(*self.create_words())
        shutil.move(self.path("d"), self.path("good"))
        apply_words = ["delta", "apply", "--base", "base", "--delta", "good", "--output", "out"]
        for words, output in ((self.create_words(), "d"), (apply_words, "out")):
            for injection, paths in (("pread64:error=EIO:when=1", ["base"]), ("pread64:error=EIO:when=4", ["base"]),
                                     ("pread64:error=EIO:when=2", ["target"]), ("write:error=ENOSPC:when=1", []),
                                     ("write:error=EIO:when=2", []), ("fsync:error=EIO:when=1", []),
                                     ("fsync:error=EIO:when=2", []), ("renameat2:error=EIO:when=1", [])):
                done = self.run_with(injection, words, paths)
                # What comes too late to matter is no fault.
                self.assertIn(done.returncode, (0, 74), (injection, words, done.stderr))
                # The last fsync makes a name durable that is already there, and whole.
                if done.returncode == 74 and injection != "fsync:error=EIO:when=2":
                    self.assertFalse(self.path(output).exists(), (injection, words))
                    # A failing write may also be that of the message.
                    self.assertTrue(injection.startswith("write") or b"error:" in done.stderr, injection)
                self.assertEqual(self.leftovers(), [], injection)
                self.assert_delta_whole_or_absent()
                self.assert_output_whole_or_absent()
                shutil.rmtree(self.path("d"), ignore_errors=True)
                self.path("out").unlink(missing_ok=True)

    def test_is_survived_when_calls_are_only_interrupted(self):
        self.big_pair()
        for injection, paths in (("pread64:error=EINTR:when=2+3", ["base", "target"]), ("write:error=EINTR:when=1+3", [])):
            done = self.run_with(injection, [*self.create_words(), "--force"], paths)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(self.assert_delta_whole_or_absent())


class ShrinkingFile(FaultTest):
    def test_is_an_error_and_no_crash(self):
        base, target = self.big_pair()
        self.stella(*self.create_words())
        shutil.move(self.path("d"), self.path("good"))
        data = base.read_bytes()
        for delay in (0.0, 0.002, 0.005, 0.01):
            child = subprocess.Popen([PROGRAM, "delta", "apply", "--base", "base", "--delta", "good", "--output", "out"],
                                     cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            time.sleep(delay)
            os.truncate(base, 1000)
            errors = child.communicate(timeout=60)[1]
            self.assertIn(child.returncode, (0, 1, 74), errors)
            self.assertEqual(self.assert_output_whole_or_absent(), child.returncode == 0)
            self.assertEqual(self.leftovers(), [])
            self.path("out").unlink(missing_ok=True)
            base.write_bytes(data)


if __name__ == "__main__":
    main()
