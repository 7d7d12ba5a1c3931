#!/usr/bin/env python3
"""A second implementation of docs/format/chunking.md, written from that document alone, for comparison.

usage: chunking.py chunking.md cut_points.json
Computes every test vector of the golden file and compares; checks that the tables and vectors printed in the document
are those computed here. Ends with status 1 and says what differs, if anything does.
"""
import hashlib
import json
import re
import sys

MASK32 = (1 << 32) - 1
MASK64 = (1 << 64) - 1


def sha256(data):
    return hashlib.sha256(data).digest()


# --- section 3.1: gear -------------------------------------------------------------------------------------------------
def gear_tables():
    data = b"".join(sha256(f"stella gear 1 {i}".encode()) for i in range(4))
    words = [int.from_bytes(data[i : i + 4], "little") for i in range(0, 128, 4)]
    return words[:16], words[16:]


LOW, HIGH = gear_tables()
GEAR = [(LOW[c & 15] + HIGH[c >> 4]) & MASK32 for c in range(256)]


def gear_search(x, begin, n, end, bits):
    """The least size from n to end (exclusive) at which the chunk that starts at begin ends in a candidate, or None."""
    h = 0
    for c in x[begin + n - 32 : begin + n - 1]:
        h = ((h << 1) + GEAR[c]) & MASK32
    below = 1 << (32 - bits)
    for size, c in enumerate(x[begin + n - 1 : begin + end - 1], n):
        h = ((h << 1) + GEAR[c]) & MASK32
        if h < below:
            return size
    return None


# --- section 3.2: rabin ------------------------------------------------------------------------------------------------
def remainder(value, modulus):
    length = modulus.bit_length()
    while value.bit_length() >= length:
        value ^= modulus << (value.bit_length() - length)
    return value


def square(value, modulus):
    result = 0
    for i in range(value.bit_length()):
        if value >> i & 1:
            result ^= 1 << (2 * i)
    return remainder(result, modulus)


def irreducible(p):
    """For a prime degree: x^(2^degree) = x modulo p, and neither 0 nor 1 is a root."""
    power = 2
    for _ in range(p.bit_length() - 1):
        power = square(power, p)
    return power == 2 and p & 1 == 1 and bin(p).count("1") % 2 == 1


def rabin_polynomial():
    n = 0
    while True:
        p = int.from_bytes(sha256(f"stella rabin {n}".encode())[:8], "little") & ((1 << 53) - 1) | 1 << 53 | 1
        runs = (remainder(int.from_bytes(bytes([c]) * 48, "big"), p) for c in range(256))
        if irreducible(p) and not any(run & 1023 == 1023 for run in runs):
            return p
        n += 1


P = rabin_polynomial()
LEAVING = [remainder(c << 376, P) for c in range(256)]
OVERFLOW = [remainder(c << 53, P) for c in range(256)]


def rabin_search(x, begin, n, end, bits):
    h = remainder(int.from_bytes(x[begin + n - 48 : begin + n], "big"), P)
    mask = (1 << bits) - 1
    kept_bits = (1 << 45) - 1
    for size in range(n, end):
        if h & mask == mask:
            return size
        if size + 1 < end:
            h ^= LEAVING[x[begin + size - 48]]
            h = ((h & kept_bits) << 8 | x[begin + size]) ^ OVERFLOW[h >> 45]
    return None


# --- section 3: cut points ---------------------------------------------------------------------------------------------
def cut(x, algorithm, size_min, size_avg, size_max):
    search = {"gear": gear_search, "rabin": rabin_search}[algorithm]
    b = size_avg.bit_length() - 1
    sizes = []
    begin = 0
    while begin < len(x):
        last = min(size_max, len(x) - begin)
        size = None
        if size_min < min(size_avg, last):
            size = search(x, begin, size_min, min(size_avg, last), b + 2)
        if size is None and size_avg < last:
            size = search(x, begin, size_avg, last, b - 2)
        sizes.append(size if size is not None else last)
        begin += sizes[-1]
    return sizes


# --- section 4: Merkle root --------------------------------------------------------------------------------------------
def merkle_root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


# --- section 5: test vectors -------------------------------------------------------------------------------------------
def splitmix64(seed, size):
    out = bytearray()
    state = seed
    while len(out) < size:
        state = (state + 0x9E3779B97F4A7C15) & MASK64
        z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 & MASK64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK64
        out += (z ^ (z >> 31)).to_bytes(8, "little")
    return out[:size]


def generate(kind, seed, size):
    if kind == "constant":
        return bytes([seed % 256]) * size
    r = splitmix64(seed, size)
    if kind == "islands":
        for start in range(0, size, 4096):
            if (start >> 12) % 4 != 0:
                r[start : start + 4096] = bytes(len(r[start : start + 4096]))
    elif kind == "records":
        for i in range(size):
            r[i] = 97 + r[i] % 4
        for line in range((size + 63) // 64):
            for column, byte in [*enumerate(b"%08d " % line), (63, 10)]:
                if 64 * line + column < size:
                    r[64 * line + column] = byte
    return bytes(r)


def compute(case):
    x = generate(case["kind"], case["seed"], sum(case["regions"]))
    sizes, ids = [], []
    start = 0
    for region_size in case["regions"]:
        region = x[start : start + region_size]
        start += region_size
        at = 0
        for size in cut(region, case["algorithm"], *(case[f"size_{k}_bytes"] for k in ("min", "avg", "max"))):
            sizes.append(size)
            ids.append(sha256(region[at : at + size]))
            at += size
    return {
        "chunk_count": len(sizes),
        "first_sizes": sizes[:6],
        "sizes_sha256": sha256(b"".join(size.to_bytes(4, "little") for size in sizes)).hex(),
        "merkle_root": merkle_root(ids).hex(),
    }


def window_hashes():
    h = 0
    for c in range(32):
        h = ((h << 1) + GEAR[c]) & MASK32
    return {"gear_hash_of_0_to_31": h, "rabin_hash_of_0_to_47": remainder(int.from_bytes(bytes(range(48)), "big"), P)}


def main(document_path, golden_path):
    with open(document_path, encoding="utf-8") as file:
        document = file.read()
    with open(golden_path, encoding="utf-8") as file:
        golden = json.load(file)
    differences = []

    def compare(what, here, there):
        if here != there:
            differences.append(f"{what}: computed {here}, found {there}")

    printed = re.findall(r"\b[0-9a-f]{8}\b", document.split("```")[1])
    compare("tables in the document", [f"{word:08x}" for word in LOW + HIGH], printed)
    compare("polynomial in the document", True, f"P = {P:#x} " in document)
    for name, value in window_hashes().items():
        compare(name, value, golden[name])
        compare(f"{name} in the document", True, re.search(rf"\bis {value}\b", document) is not None)

    rows = []
    for case in golden["cases"]:
        computed = compute(case)
        label = f"{case['algorithm']} {case['kind']} seed {case['seed']} regions {case['regions']}"
        for field, value in computed.items():
            compare(f"{label}: {field}", value, case[field])
        sizes = "/".join(str(case[f"size_{k}_bytes"]) for k in ("min", "avg", "max"))
        regions = " ".join(map(str, case["regions"]))
        rows.append(
            f"| {case['algorithm']} | {sizes} | {case['kind']} | {case['seed']} | {regions} | {computed['chunk_count']} "
            f"| {computed['sizes_sha256'][:16]} | {computed['merkle_root'][:16]} |"
        )
    found_rows = [line for line in document.splitlines() if re.match(r"\| (gear|rabin) \| \d+/", line)]
    compare("vectors in the document", rows, found_rows)

    for difference in differences:
        print(difference)
    print(f"{len(rows)} vectors, {len(differences)} differences")
    return 1 if differences or not rows else 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
