#!/usr/bin/env python3
"""A second reader of delta.bin, written from docs/format/delta.md alone: python3 delta_reader.py BASE DELTA OUTPUT.

Slow and simple on purpose. Literals packed by Zstandard need the module `zstandard`; all else is in the standard
library.
"""
import bisect
import hashlib
import lzma
import struct
import sys

MASK32, MASK64 = (1 << 32) - 1, (1 << 64) - 1
COPY, MATCH, LITERAL = 0, 1, 2
WORDS64, CODE_X64, CODE_ARM64, SELF32, TABLE32, NO_AREA = 0, 1, 2, 3, 4, 7
CALL, JUMP, BRANCH, RIP, ARM_BRANCH, CLS_SELF, CLS_TABLE, CLS_WORD64, CLS_OFFSET = range(9)


class Refused(Exception):
    pass


def need(condition, message):
    if not condition:
        raise Refused(message)


def signed(value, bits):
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


class Cursor:
    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, count):
        need(self.at + count <= len(self.data), "cut off")
        self.at += count
        return self.data[self.at - count:self.at]

    def byte(self):
        return self.take(1)[0]

    def varint(self):
        value, shift = 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            need(shift < 64, "malformed integer")


# Section 6: the coder and its models.

class RangeDecoder:
    def __init__(self, data):
        self.data, self.at, self.range, self.code = data, 0, MASK32, 0
        for _ in range(4):
            self.code = self.code << 8 | self.next()

    def next(self):
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def bit(self, p):
        p = min(max(p, 24), 65536 - 24)
        bound = (self.range >> 16) * p
        if self.code < bound:
            self.range, bit = bound, 1
        else:
            self.code -= bound
            self.range -= bound
            bit = 0
        while self.range < 1 << 24:
            self.range <<= 8
            self.code = self.code << 8 | self.next()
        return bit


NEW = 1 << 31  # a counter that has seen nothing
RATE = [131072 // (2 * n + 3) for n in range(256)]


def taught(counter, bit):
    count, p = counter & 1023, counter >> 10
    p += ((4194303 if bit else 0) - p) * RATE[count] >> 16
    return p << 10 | min(count + 1, 255)


SQUASH_AT = [22, 36, 60, 98, 162, 267, 439, 720, 1179, 1921, 3108, 4971, 7812, 11955, 17625, 24743, 32768, 40793, 47911,
             53581, 57724, 60565, 62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514]
SQUASH = [(SQUASH_AT[i >> 7] * (128 - (i & 127)) + SQUASH_AT[(i >> 7) + 1] * (i & 127) + 64) >> 7 for i in range(4096)]
STRETCH = []
_x = -2047
for _p in range(4096):
    while _x < 2047 and SQUASH[_x + 2048] < _p * 16 + 8:
        _x += 1
    STRETCH.append(_x)


class Bits:
    """Counters by name; each is new when it is first asked for."""

    def __init__(self, coder):
        self.coder, self.counters = coder, {}

    def bit(self, name):
        bit = self.coder.bit(self.counters.get(name, NEW) >> 16)
        self.teach(name, bit)
        return bit

    def teach(self, name, bit):
        self.counters[name] = taught(self.counters.get(name, NEW), bit)

    def number(self, name):
        node = 1
        for _ in range(7):
            node = node << 1 | self.bit((name, "length", node))
        bits = min(node - 128, 64)
        if bits == 0:
            return 0
        value = 1
        for depth in range(bits - 1):
            bit = self.bit((name, "top", bits, value)) if depth < 3 else self.coder.bit(32768)
            value = value << 1 | bit
        return value

    def near(self, name, expected):
        value = self.number(name)
        return (expected + ((value >> 1) ^ -(value & 1))) & MASK64


class Mixer:
    def __init__(self, coder):
        self.coder, self.weights = coder, {}

    def bit(self, tables, places, which):
        weights = self.weights.setdefault(which, [21845] * 4)
        counters = [table.get(place, NEW) for table, place in zip(tables, places)]
        opinions = [STRETCH[counter >> 20] for counter in counters]
        x = sum(o * w for o, w in zip(opinions, weights)) >> 16
        p = SQUASH[min(max(x, -2047), 2047) + 2048]
        bit = self.coder.bit(p)
        error = ((bit << 16) - p) * 6 >> 4
        for k in range(4):
            weights[k] = min(max(weights[k] + ((opinions[k] * error + 32768) >> 16), -(128 << 16)), 128 << 16)
            tables[k][places[k]] = taught(counters[k], bit)
        return bit


# Sections 4 and 5: segments and the address map.

def read_segments(data, count, target_offset, target_size, base_size):
    bits = Bits(RangeDecoder(data))
    recent, base_end, previous, before = [0] * 8, 0, 0, 0
    segments, left = [], target_size
    for _ in range(count):
        context = previous * 3 + before
        kind = LITERAL if bits.bit(("literal", context)) else MATCH if bits.bit(("match", context)) else COPY
        before = previous
        length = (bits.number(("segment", kind, previous)) + 1) & MASK64
        offset = 0
        if kind != LITERAL:
            place = 0
            while place < 8 and not bits.bit(("place", previous, place)):
                place += 1
            if place < 8:
                offset = (target_offset + recent[place]) & MASK64
            else:
                back = bits.bit("back")
                distance = bits.number(("distance", back))
                offset = (base_end - distance - 1 if back else base_end + distance) & MASK64
            alignment = (offset - target_offset) & MASK64
            del recent[min(place, 7)]
            recent.insert(0, alignment)
            base_end = (offset + length) & MASK64
            need(offset + length <= base_size, "a segment lies outside of the base")
        need(0 < length <= left, "a segment reaches beyond its window")
        left -= length
        target_offset += length
        previous = kind
        segments.append((kind, length, offset))
    need(left == 0, "the segments do not cover their window")
    return segments


def read_images(data):
    bits = Bits(RangeDecoder(data))
    images, areas, starts = [], [], [0, 0]
    for _ in range(bits.number("count")):
        sides = []
        for side in range(2):
            loads, address_end, offset_end = [], 0, starts[side]
            for _ in range(bits.number("count")):
                offset = bits.near(("offset", side), offset_end)
                size = bits.number(("size", side))
                address = address_end + bits.number(("address", side))
                memory = size + bits.number(("tail", side))
                loads.append((offset, size, address, memory))
                address_end, offset_end = address + memory, offset + size
            starts[side] = offset_end
            sides.append(loads)
        images.append(sides)
    end = previous = image = anchor_base = anchor_target = 0
    for _ in range(bits.number("count")):
        offset = end + bits.number("gap")
        size = bits.number("area size")
        kind = 0
        for depth in range(3):
            kind = kind << 1 | bits.bit(("kind", previous, (1 << depth) + kind))
        previous = kind
        image = bits.near("image", image)
        anchors = []
        if kind == TABLE32:
            for _ in range(bits.number("anchors")):
                if not bits.bit("anchor used"):
                    anchors.append(None)
                    continue
                base = bits.near("anchor base", anchor_base)
                target = bits.near("anchor target", anchor_target + base - anchor_base)
                anchors.append((base, target))
                anchor_base, anchor_target = base, target
        end = offset + size
        areas.append((offset, size, kind, image, anchors))
    return images, areas


class AddressMap:
    def __init__(self, images, segments, target_offset):
        self.images = images
        pieces = []
        for kind, length, offset in segments:
            if kind != LITERAL:
                pieces.append((offset, target_offset, length))
            target_offset += length
        self.pieces = []
        for base, target, size in sorted(pieces):
            while self.pieces and size:
                last_base, last_target, last_size = self.pieces[-1]
                overlap = last_base + last_size - base
                if overlap <= 0:
                    break
                if size <= last_size:
                    cut = min(size, overlap)
                    base, target, size = base + cut, target + cut, size - cut
                elif base > last_base:
                    self.pieces[-1] = (last_base, last_target, base - last_base)
                else:
                    self.pieces.pop()
            if size:
                self.pieces.append((base, target, size))
        self.starts = [piece[0] for piece in self.pieces]

    def target_of(self, image, address):
        """(address in the target, covered by a segment), or None."""
        base_loads, target_loads = self.images[image]
        for index, (offset, size, start, memory) in enumerate(base_loads):
            if 0 <= address - start < memory:
                break
        else:
            return None
        inside = address - start
        if inside >= size:
            if index >= len(target_loads):
                return None
            return target_loads[index][2] + target_loads[index][1] + inside - size, False
        if not self.pieces:
            return None
        place = offset + inside
        at = max(bisect.bisect_right(self.starts, place) - 1, 0)
        base, target, size = self.pieces[at]
        covered = 0 <= place - base < size
        if place >= base + size and at + 1 < len(self.pieces):
            if place - (base + size) > self.pieces[at + 1][0] - place:
                base, target, size = self.pieces[at + 1]
        address = self.address_at(image, target + place - base)
        return None if address is None else (address, covered)

    def address_at(self, image, target_offset):
        for offset, size, start, _ in self.images[image][1]:
            if 0 <= target_offset - offset < size:
                return start + target_offset - offset
        return None


# Section 7: corrections.

def scattered(context):
    return (context + 1) * 0x9E3779B97F4A7C15 & MASK64


def hashed(context, bits):
    return scattered(context) >> (64 - bits)


class Operand:
    def __init__(self, at, size, cls, word, target_origin):
        self.at, self.size, self.cls, self.word, self.target_origin = at, size, cls, word, target_origin

    def names(self, word, origin):
        if self.cls == ARM_BRANCH:
            return (origin + signed(word, 26) * 4) & MASK64
        return (origin + (word if self.size == 8 else signed(word, 32))) & MASK64

    def word_for(self, address):
        relative = (address - self.target_origin) & MASK64
        if self.cls == ARM_BRANCH:
            return self.word & 0xFC000000 | relative >> 2 & 0x03FFFFFF
        return relative if self.size == 8 else relative & MASK32


def immediate_size(opcode, modrm):
    if opcode in (0x80, 0x83, 0xC0, 0xC1, 0xC6, 0x6B):
        return 1
    if opcode in (0x81, 0xC7, 0x69):
        return 4
    if opcode in (0xF6, 0xF7) and modrm & 0x38 == 0:
        return 1 if opcode == 0xF6 else 4
    return 0


class Expected:
    """What is expected of an operand before anything of its block is known."""


class Corrections:
    def __init__(self, data, coding, images, address_map):
        self.mixes = coding == 1
        self.coder = RangeDecoder(data)
        self.bits = Bits(self.coder)
        self.images, self.map = images, address_map
        self.flags, self.values = [{} for _ in range(4)], [{} for _ in range(4)]
        self.flag_mixer, self.value_mixer = Mixer(self.coder), Mixer(self.coder)
        self.tracks, self.learned, self.pages, self.hits = {}, {}, {}, [0] * 9
        self.surprises = self.dirty_history = self.since_change = self.last_difference = 0

    def walk(self, base, base_offset, target_offset, area):
        """The target's bytes for one part of a match."""
        self.base, self.target = base, bytearray(base)
        self.base_offset, self.area, self.free_from = base_offset, area, 0
        self.kind = area[2] if area else NO_AREA
        self.prepare(base_offset, target_offset)
        for start in range(0, len(base), 32):
            end = min(start + 32, len(base))
            begin = max(start, self.free_from)
            if begin < end:
                self.block(begin, end)
        return self.target

    def prepare(self, base_offset, target_offset):
        self.scannable = False
        if not self.area:
            return
        loads = self.images[self.area[3]][0]
        load = next((l for l in loads if 0 <= base_offset - l[0] < l[1]), None)
        self.target_address = self.map.address_at(self.area[3], target_offset)
        if load is None or self.target_address is None:
            return
        self.base_address = load[2] + base_offset - load[0]
        self.low, self.high = loads[0][2], loads[-1][2] + loads[-1][3]
        self.scannable = True

    def block(self, begin, end):
        operands = self.scan(begin, end) if self.scannable else []
        expected = [self.expect(operand) for operand in operands]
        doubt = sum(65536 - (self.bits.counters.get(e.trust, NEW) >> 16) for e in expected)
        level = min((doubt >> 5).bit_length(), 15)
        surprise = self.bits.bit(("surprise", self.kind, level, self.surprises & 15))
        self.surprises = self.surprises << 1 | surprise
        dirty = surprise
        if surprise and operands:
            dirty = self.bits.bit(("dirty", self.kind, self.dirty_history & 63))
        self.dirty_history = self.dirty_history << 1 | dirty
        at = begin
        for operand, e in zip(operands, expected):
            if dirty:
                self.bytes(at, operand.at)
            if surprise:
                self.operand(operand, e)
            else:
                self.settle(operand, e, e.word, True)
            at = operand.at + operand.size
        if dirty and at < end:
            self.bytes(at, end)

    def add(self, found, at, size, cls, word, base_origin, target_origin):
        operand = Operand(at, size, cls, word, target_origin)
        operand.referent = operand.names(word, base_origin)
        if not self.low <= operand.referent < self.high:
            return False
        there = self.map.target_of(self.area[3], operand.referent)
        if there is None:
            return False
        operand.predicted, operand.covered = there
        found.append(operand)
        self.free_from = at + size
        return True

    def scan(self, begin, end):
        found, base, size = [], self.base, len(self.base)
        if self.kind == CODE_X64:
            i = max(begin, self.free_from + 1)
            while i < end and i + 4 <= size:
                opcode, cls, extra = base[i - 1], None, 0
                if opcode == 0xE8:
                    cls = CALL
                elif opcode == 0xE9:
                    cls = JUMP
                elif opcode & 0xF0 == 0x80:
                    if i >= 2 and base[i - 2] == 0x0F:
                        cls = BRANCH
                elif opcode & 0xC7 == 0x05:
                    cls = RIP
                    extra = immediate_size(base[i - 2], opcode) if i >= 2 else 0
                if cls is not None:
                    after = i + 4 + extra
                    word = struct.unpack_from("<I", base, i)[0]
                    if self.add(found, i, 4, cls, word, self.base_address + after, self.target_address + after):
                        i += 4
                i += 1
            return found
        if self.kind == WORDS64:
            i = begin + -(self.base_address + begin) % 4
            while i < end and i + 4 <= size:
                if (self.base_address + i) % 8 == 0 and i + 8 <= size:
                    word = struct.unpack_from("<Q", base, i)[0]
                    if word and self.add(found, i, 8, CLS_WORD64, word, 0, 0):
                        i += 8
                        continue
                word = struct.unpack_from("<I", base, i)[0]
                difference = self.track(word)
                if difference:
                    operand = Operand(i, 4, CLS_OFFSET, word, 0)
                    operand.referent, operand.predicted, operand.covered = word, word + difference & MASK32, False
                    found.append(operand)
                    self.free_from = i + 4
                i += 4
            return found
        phase = self.base_offset - self.area[0] if self.kind == TABLE32 else self.base_address
        for i in range(begin + -(phase + begin) % 4, min(end, size - 3), 4):
            word = struct.unpack_from("<I", base, i)[0]
            if self.kind == CODE_ARM64:
                if word & 0x7C000000 == 0x14000000:
                    self.add(found, i, 4, ARM_BRANCH, word, self.base_address + i, self.target_address + i)
            elif self.kind == SELF32:
                self.add(found, i, 4, CLS_SELF, word, self.base_address + i, self.target_address + i)
            else:
                anchors = self.area[4]
                anchor = anchors[(self.base_offset + i - self.area[0]) // 4 % len(anchors)]
                if anchor:
                    self.add(found, i, 4, CLS_TABLE, word, *anchor)
        return found

    def track(self, word):
        if word < 256:
            return 0
        page = word >> 8
        for p in (page, page - 1):
            stored = self.tracks.get(p % 8192, (0, 0))
            if stored[0] == p:
                return stored[1]
        return 0

    def learn(self, word, difference):
        if word >= 256:
            self.tracks[(word >> 8) % 8192] = (word >> 8, difference & MASK32)

    def expect(self, o):
        key = o.referent ^ self.area[3] << 48
        if o.cls == CLS_OFFSET:
            key ^= 1 << 63
        e = Expected()
        e.slot, e.tag = hashed(key, 14), scattered(key) & MASK32 | 1
        e.page_slot, e.page_tag = hashed(key >> 8, 12), scattered(key >> 8) & MASK32 | 1
        tag, distance = self.learned.get(e.slot, (0, 0))
        page_tag, e.page_distance = self.pages.get(e.page_slot, (0, 0))
        e.known, e.page_known = tag == e.tag, page_tag == e.page_tag
        e.word = o.word_for(o.predicted + (distance if e.known else e.page_distance if e.page_known else 0))
        e.context = (o.cls, self.hits[o.cls] & 7, e.known, o.covered, e.word == o.word)
        e.trust = ("trust", e.context, e.page_known)
        return e

    def operand(self, o, e):
        guesses = []
        if e.known:
            guesses.append((e.word, 0))
        if e.page_known:
            guesses.append((o.word_for(o.predicted + e.page_distance), 1))
        guesses += [(o.word_for(o.predicted), 2), (o.word, 3)]
        tried = []
        for word, source in guesses:
            if word not in [w for w, _ in tried]:
                tried.append((word, source))
        for hit, (word, source) in enumerate(tried):
            if self.bits.bit(("hit", e.context, hit, source)):
                break
        else:
            hit = len(tried)
            word = o.word_for(self.bits.near(("operand", o.cls), o.predicted))
        self.settle(o, e, word, hit == 0)

    def settle(self, o, e, word, hit):
        self.bits.teach(e.trust, hit)
        self.hits[o.cls] = self.hits[o.cls] << 1 | hit
        struct.pack_into("<Q" if o.size == 8 else "<I", self.target, o.at, word)
        if o.cls == CLS_OFFSET:
            self.learn(o.word, word - o.word)
        distance = signed(o.names(word, o.target_origin) - o.predicted, 32)
        if distance or e.known:
            self.learned[e.slot] = (e.tag, distance)
        if distance or e.page_known:
            self.pages[e.page_slot] = (e.page_tag, distance)

    def bytes(self, begin, end):
        for i in range(begin, end):
            self.byte(i)
        if self.kind == WORDS64:
            for i in range(begin + -(self.base_offset + begin) % 4, end - 3, 4):
                word, there = struct.unpack_from("<I", self.base, i)[0], struct.unpack_from("<I", self.target, i)[0]
                if word != there:
                    self.learn(word, there - word)

    def byte(self, i):
        b, t = self.base, self.target

        def difference(back):
            return (t[i - back] - b[i - back]) & 255 if i >= back else 0

        changed = [int(difference(back) != 0) for back in (1, 2, 3, 4, 8, 12, 16, 24)]
        columns = sum(bit << k for k, bit in enumerate(changed))
        phase = (self.base_offset + i) & 3
        self.since_change += 1
        differs = self.mixed_byte if self.mixes else self.plain_byte
        node = differs(i, difference, columns, phase)
        if node is None:
            return
        t[i] = (b[i] + node) & 255
        if self.since_change > 3:
            self.last_difference = node & 255
        self.since_change = 0

    def plain_byte(self, i, difference, columns, phase):
        if not self.bits.bit(("differs", self.kind, columns, phase)):
            return None
        context, node = (256 + difference(1) if columns & 1 else self.last_difference), 1
        for _ in range(8):
            node = node << 1 | self.bits.bit(("value", context, node))
        return node

    def mixed_byte(self, i, difference, columns, phase):
        b, t = self.base, self.target
        recent = columns & 15
        next4 = int.from_bytes(b[i:i + 4], "little")
        here2 = b[i] | (b[i - 1] << 8 if i else 0)
        before = difference(1)
        carry = int(i > 0 and t[i - 1] < b[i - 1])
        contexts = (self.kind | columns << 3 | phase << 11,
                    here2 | (recent & 3) << 16 | self.kind << 18,
                    next4 | (recent & 1) << 32,
                    before | carry << 8 | b[i] << 9 | (recent & 7) << 17)
        differs = self.flag_mixer.bit(self.flags, [hashed(c, 14) for c in contexts], (recent & 3) << 3 | self.kind)
        if not differs:
            return None
        contexts = (before | carry << 8 | self.kind << 9,
                    self.last_difference | min(self.since_change, 4) << 8,
                    next4,
                    difference(4) | difference(8) << 8)
        node = 1
        for half in range(2):
            lines = [hashed(c << 9 | node, 11) for c in contexts]
            place = 1
            for _ in range(4):
                bit = self.value_mixer.bit(self.values, [(line, place) for line in lines], node)
                node, place = node << 1 | bit, place << 1 | bit
        return node


# Sections 2, 3 and 8: the file.

def unpack_literals(coding, dictionary_bits, data, size):
    if coding == 0:
        return data
    if coding == 1:
        filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << dictionary_bits}]
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters).decompress(data, size)
    need(coding == 2, "unknown coding of literals")
    import zstandard
    return zstandard.ZstdDecompressor().decompress(data, max_output_size=size)


def parts_of(offset, length, target_offset, areas):
    begin, end = offset, offset + length
    while offset < end:
        stop = min(end, begin + ((offset - begin) // 65536 + 1) * 65536)
        area = next((a for a in areas if a[0] + a[1] > offset), None)
        if area and area[0] > offset:
            stop, area = min(stop, area[0]), None
        elif area:
            stop = min(stop, area[0] + area[1])
        yield offset, stop - offset, target_offset + offset - begin, area
        offset = stop


def read_window(cursor, base, target, address_map_body):
    size, count, segments_size, corrections_size = (cursor.varint() for _ in range(4))
    correction_coding = cursor.byte() if corrections_size else 1
    need(correction_coding in (1, 2), "unknown coding of corrections")
    literal_size = cursor.varint()
    coding = dictionary_bits = packed_size = 0
    if literal_size:
        coding, dictionary_bits, packed_size = cursor.byte(), cursor.byte(), cursor.varint()
    segments = read_segments(cursor.take(segments_size), count, len(target), size, len(base))
    corrections = cursor.take(corrections_size)
    literals = unpack_literals(coding, dictionary_bits, cursor.take(packed_size), literal_size)
    need(len(literals) == literal_size, "literals are missing")
    images, areas = read_images(address_map_body) if address_map_body is not None else ([], [])
    walker = Corrections(corrections, correction_coding, images, AddressMap(images, segments, len(target)))
    used = 0
    for kind, length, offset in segments:
        if kind == COPY:
            target += base[offset:offset + length]
        elif kind == LITERAL:
            target += literals[used:used + length]
            used += length
        else:
            for part, part_size, part_target, area in parts_of(offset, length, len(target), areas):
                target += walker.walk(base[part:part + part_size], part, part_target, area)


def apply(base, delta):
    need(len(delta) >= 32 and hashlib.sha256(delta[:-32]).digest() == delta[-32:], "the delta is damaged")
    cursor = Cursor(delta[:-32])
    need(cursor.take(4) == b"StD\x1a", "not a delta")
    need(cursor.take(4) == bytes([1, 0, 0, 0]), "another version, or unknown flags")
    base_size, target_size = cursor.varint(), cursor.varint()
    base_sha256, target_sha256, _operations = (cursor.take(32) for _ in range(3))
    need(len(base) == base_size and hashlib.sha256(base).digest() == base_sha256, "another base")
    target, address_map_body = bytearray(), None
    while cursor.at < len(cursor.data):
        kind, version = cursor.byte(), cursor.byte()
        body = cursor.take(cursor.varint())
        if kind >= 128:
            continue
        need(kind in (1, 2, 3) and version == 1, "unknown section")
        if kind == 2:
            need(address_map_body is None, "two address maps for one window")
            address_map_body = body
        elif kind == 3:
            before = len(target)
            read_window(Cursor(body), base, target, address_map_body)
            need(len(target) - before >= 65536 or len(target) == target_size, "a small window is not the last")
            address_map_body = None
    need(len(target) == target_size and hashlib.sha256(target).digest() == target_sha256, "wrong target")
    return bytes(target)


def main():
    base, delta = (open(path, "rb").read() for path in sys.argv[1:3])
    try:
        target = apply(base, delta)
    except Refused as reason:
        sys.exit(f"{sys.argv[2]}: {reason}")
    with open(sys.argv[3], "wb") as file:
        file.write(target)


if __name__ == "__main__":
    main()
