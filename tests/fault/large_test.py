#!/usr/bin/env python3
"""A file of 4.5 GiB, sparsely edited: bounded memory on both sides. Needs 14 GiB of disk; for ./check --long."""
import hashlib
import json
import os
import resource
import subprocess

from stella_program import PROGRAM, ProgramTest, main

SIZE_BYTES = 4_500 << 20
BLOCK_BYTES = 4 << 20
EDITS = 40
CREATE_MEMORY_MAX_BYTES = 1 << 30
APPLY_MEMORY_MAX_BYTES = 64 << 20


def digest_of(path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class LargeFile(ProgramTest):
    def write_pair(self):
        """Random bytes, and the same with some overwritten, some inserted, some left out."""
        with open(self.path("base"), "wb") as base, open(self.path("target"), "wb") as target:
            blocks = SIZE_BYTES // BLOCK_BYTES
            for i in range(blocks):
                block = os.urandom(BLOCK_BYTES)
                base.write(block)
                if i % (blocks // EDITS) == 1:
                    block = [block[:1000] + b"edit" + block[1004:], block[:5000] + b"inserted" + block[5000:],
                             block[:7000] + block[7010:]][i % 3]
                target.write(block)

    def peak_bytes(self, *words) -> int:
        """The peak memory of one run; a process of its own measures it, since ru_maxrss never goes down."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            done = subprocess.run([PROGRAM, *words], cwd=self.folder, stdout=subprocess.DEVNULL)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
            os.write(writer, json.dumps([done.returncode, peak]).encode())
            os._exit(0)
        os.waitpid(child, 0)
        status, peak = json.loads(os.read(reader, 1000))
        self.assertEqual(status, 0, words)
        print(words[1], "peak memory", peak >> 20, "MiB")
        return peak

    def test_is_made_and_applied_in_bounded_memory(self):
        self.write_pair()
        create = self.peak_bytes("delta", "create", "--base", "base", "--target", "target", "--output", "d", "--no-rollback")
        self.assertLessEqual(create, CREATE_MEMORY_MAX_BYTES)
        size = self.path("d/delta.bin").stat().st_size
        print("delta.bin", size, "bytes")
        self.assertLess(size, 100_000)
        apply = self.peak_bytes("delta", "apply", "--base", "base", "--delta", "d", "--output", "out")
        self.assertLessEqual(apply, APPLY_MEMORY_MAX_BYTES)
        self.assertEqual(digest_of(self.path("out")), digest_of(self.path("target")))


if __name__ == "__main__":
    main()
