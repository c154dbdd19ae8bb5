#!/usr/bin/env python3
"""The corpus of machine code, from packages made here: windows lie where the manifest says, parts share no package, hidden routines are
where they should be, and the routines compute what they are named after."""
import base64
import ctypes
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/corpus-machine-code"
ROUTINES = ROOT / "tools/routines"
NEEDED = ["dpkg-deb", "readelf", "gcc"]
HOSTS = {"libc6": "train", "libasan8": "train", "libgphobos3": "train", "libgfortran5": "valid", "libstdc++6": "test"}


def text_of(path):
    """.text by another way than the tool's: objcopy writes the section to a file."""
    out = path.with_suffix(".text")
    subprocess.run(["objcopy", "-O", "binary", "--only-section=.text", path, out], check=True)
    return out.read_bytes()


class Corpus(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp())
        cls.debs = cls.dir / "debs"
        cls.debs.mkdir()
        cls.text = {}
        for number, host in enumerate(HOSTS):
            for architecture in ("amd64", "arm64"):
                package = f"{host}-{architecture}-cross"
                root = cls.dir / package
                (root / "DEBIAN").mkdir(parents=True)
                (root / "DEBIAN/control").write_text(f"Package: {package}\nVersion: 1.{number}-1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n")
                library = root / "usr/lib/libx.so"
                library.parent.mkdir(parents=True)
                # Different code for each: ascending constants in a function that no compiler folds.
                source = cls.dir / f"{package}.c"
                source.write_text("".join(f"int f{i}(int x) {{ return x * {1000 * number + i * (3 if architecture == 'amd64' else 7)} ^ (x >> {i % 31}); }}\n"
                                          for i in range(1, 900)))
                subprocess.run(["gcc", "-O1", "-shared", "-fPIC", "-nostdlib", source, "-o", library], check=True)
                (root / "usr/lib/notes.txt").write_text("no ELF")
                (root / "usr/lib/libx.so.1").symlink_to("libx.so")
                subprocess.run(["dpkg-deb", "--root-owner-group", "-b", root, cls.debs / f"{package}_1.{number}-1_all.deb"], check=True, capture_output=True)
                cls.text[package] = text_of(library)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    def tool(self, *arguments):
        return subprocess.run([sys.executable, TOOL, *map(str, arguments), "--debs", self.debs], capture_output=True, text=True, timeout=300)

    def rows(self, out):
        lines = (out / "manifest.tsv").read_text().splitlines()
        return [dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]]

    def test_windows_lie_where_the_manifest_says(self):
        small = ["--window", 2000, "--train", 6, "--valid", 2, "--test", 2, "--architectures", "amd64", "arm64"]
        a, b = self.dir / "a", self.dir / "b"
        for out in (a, b):
            done = self.tool("isa", "--out", out, *small)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((a / "manifest.tsv").read_text(), (b / "manifest.tsv").read_text())
        rows = self.rows(a)
        self.assertEqual(len(rows), 20)
        parts = {}
        for row in rows:
            data = (a / row["file"]).read_bytes()
            text = self.text[row["package"]]
            self.assertEqual(row["sha256"], hashlib.sha256(text).hexdigest())
            self.assertEqual(data, text[int(row["offset"]) :][:2000])
            self.assertEqual(data, (b / row["file"]).read_bytes())
            part, label, _ = row["file"].split("/")
            self.assertEqual(label, row["architecture"])
            parts.setdefault(part, set()).add(row["package"])
        self.assertFalse(parts["train"] & parts["test"] or parts["train"] & parts["valid"] or parts["valid"] & parts["test"])
        self.assertGreater(len({row["offset"] for row in rows}), 10)
        other = self.tool("isa", "--out", self.dir / "c", "--seed", 2, *small)
        self.assertEqual(other.returncode, 0)
        self.assertNotEqual((self.dir / "c/manifest.tsv").read_text(), (a / "manifest.tsv").read_text())

    def test_routines_are_hidden_in_half_of_the_windows(self):
        out = self.dir / "implant"
        done = self.tool("implant", "--out", out, "--window", 9000, "--train", 10, "--valid", 2, "--test", 6, "--held-out", "aes", "lz")
        self.assertEqual(done.returncode, 0, done.stderr)
        seen = {}
        pairs = {}
        for row in self.rows(out):
            data = (out / row["file"]).read_bytes()
            part, label, name = row["file"].split("/")
            place, length = map(int, row["place"].split("+"))
            host = self.text[row["package"]][int(row["offset"]) :][:9000]
            self.assertEqual(data[:place] + data[place + length :], host[:place] + host[place + length :])
            self.assertTrue(1024 <= length <= 4096)
            self.assertEqual(HOSTS[row["package"].rsplit("-", 2)[0]], part.replace("_seen", ""))
            piece = data[place : place + length]
            if label == "1":
                self.assertFalse(any(piece in text for text in self.text.values()))
                seen.setdefault(part, set()).add(row["family"])
            else:
                other, at = row["compiler"].split(" at ")
                self.assertEqual(piece, self.text[other][int(at) :][:length])
            pairs.setdefault((part, name), []).append(length)
        self.assertEqual(seen["test"], {"aes", "lz"})
        self.assertEqual(seen["train"], {"base64", "chacha", "checksum", "rc4", "sha256", "xtea"})
        self.assertEqual(seen["test_seen"], seen["train"])
        self.assertTrue(all(len(p) == 2 and p[0] == p[1] for p in pairs.values()))  # both labels, equal length

    def test_mistakes_are_sentences(self):
        for arguments, expected in (
            (["isa", "--out", self.debs], "an empty folder was expected"),
            (["isa", "--out", self.dir / "x", "--window", 10**7, "--architectures", "amd64"], "a smaller --window fits"),
            (["implant", "--out", self.dir / "y", "--held-out", "rc5"], "unknown family rc5"),
            (["implant", "--out", self.dir / "y", "--window", 100], "a window of at least 8192 bytes"),
        ):
            done = self.tool(*arguments)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(expected, done.stderr)
            self.assertNotIn("Traceback", done.stderr)


class Routines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp())

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.dir)

    def library(self, family):
        out = self.dir / f"{family}.so"
        subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", ROUTINES / f"{family}.c", "-o", out], check=True)
        return ctypes.CDLL(str(out))

    def test_rc4(self):
        data = ctypes.create_string_buffer(b"Plaintext")
        self.library("rc4").rc4_apply(b"Key", 3, data, 9, 0)
        self.assertEqual(data.raw[:9].hex(), "bbf316e8d940af0ad3")

    def test_xtea(self):
        lib = self.library("xtea")
        key = (ctypes.c_uint * 4)(0x00010203, 0x04050607, 0x08090A0B, 0x0C0D0E0F)
        block = (ctypes.c_uint * 2)(0x41424344, 0x45464748)
        lib.xtea_encrypt(key, block)
        self.assertEqual(list(block), [0x497DF3D0, 0x72612CB5])
        lib.xtea_decrypt(key, block)
        self.assertEqual(list(block), [0x41424344, 0x45464748])

    def test_chacha(self):
        """RFC 8439, 2.4.2."""
        lib = self.library("chacha")
        state = (ctypes.c_uint * 16)()
        lib.chacha_start(state, bytes(range(32)), bytes.fromhex("000000000000004a00000000"), 1)
        text = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
        data = ctypes.create_string_buffer(text)
        lib.chacha_apply(state, data, len(text))
        self.assertEqual(data.raw[:16].hex(), "6e2e359a2568f98041ba0728dd0d6981")
        self.assertEqual(data.raw[112:114].hex(), "874d")

    def test_sha256(self):
        lib = self.library("sha256")
        for size in (0, 3, 55, 56, 63, 64, 200):
            data, out = bytes(range(size)), ctypes.create_string_buffer(32)
            lib.sha256(data, size, out)
            self.assertEqual(out.raw, hashlib.sha256(data).digest())

    def test_aes(self):
        """FIPS 197, appendix C.1."""
        lib = self.library("aes")
        round_keys, block = ctypes.create_string_buffer(176), ctypes.create_string_buffer(bytes.fromhex("00112233445566778899aabbccddeeff"), 16)
        lib.aes_expand(bytes(range(16)), round_keys)
        lib.aes_encrypt(round_keys, block)
        self.assertEqual(block.raw.hex(), "69c4e0d86a7b0430d8cdb78070b4c55a")

    def test_base64(self):
        lib = self.library("base64")
        for size in range(0, 40):
            data, out = bytes(range(100, 100 + size)), ctypes.create_string_buffer(100)
            lib.base64_encode(data, size, out)
            self.assertEqual(out.value, base64.b64encode(data))
            back = ctypes.create_string_buffer(100)
            self.assertEqual(lib.base64_decode(out, back), size)
            self.assertEqual(back.raw[:size], data)

    def test_lz(self):
        lib = self.library("lz")
        for data in (b"", b"abc", b"abcabcabcabc" * 50, bytes(range(256)) * 3, TOOL.read_bytes()):
            packed, back = ctypes.create_string_buffer(2 * len(data) + 10), ctypes.create_string_buffer(len(data) + 200)
            size = lib.lz_pack(data, len(data), packed)
            self.assertEqual(lib.lz_unpack(packed, size, back), len(data))
            self.assertEqual(back.raw[: len(data)], data)
        self.assertLess(size, len(data))

    def test_checksum(self):
        lib = self.library("checksum")
        for name in ("crc32_bits", "adler32"):
            getattr(lib, name).restype = ctypes.c_uint
        data = TOOL.read_bytes()
        self.assertEqual(lib.crc32_bits(data, len(data)), zlib.crc32(data))
        self.assertEqual(lib.adler32(data, len(data)), zlib.adler32(data))
        table = (ctypes.c_uint * 256)()
        lib.crc32_table(table)
        lib.crc32_fold.restype = ctypes.c_uint
        self.assertEqual(lib.crc32_fold(table, data, len(data)), zlib.crc32(data))


if __name__ == "__main__":
    if missing := [name for name in NEEDED if not shutil.which(name)]:
        print(f"skipped: {', '.join(missing)} not found")
        sys.exit(77)
    unittest.main()
