"""The corpora of tools/corpus-machine-code as one small file, and back.

A window of code is a place in a package's .text, so the file holds each .text once, the manifests, and the hidden routines:
text/<package>, isa.tsv, implant.tsv (with one column more: where its routine lies in `pieces`), pieces; tar with xz.
"""
import hashlib
import importlib.machinery
import importlib.util
import io
import lzma
import os
import pathlib
import random
import shutil
import sys
import tarfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TASKS = ("isa", "implant")
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 1 << 27}]  # packages of one source are far apart


def fail(text):
    sys.exit(f"bytes_length: {text}")


def corpus_tool():
    """tools/corpus-machine-code as a module."""
    path = ROOT / "tools/corpus-machine-code"
    if not path.exists():
        fail(f"{path}: packing needs this tool of the repository")
    loader = importlib.machinery.SourceFileLoader("corpus_machine_code", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def read_manifest(text):
    lines = text.splitlines()
    return [dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]]


def write_manifest(rows):
    columns = list(rows[0])
    return "\n".join(["\t".join(columns), *("\t".join(row[c] for c in columns) for row in rows)]) + "\n"


def place_of(row):
    """(offset, length) of what a window of `implant` hides."""
    place, length = row["place"].split("+")
    return int(place), int(length)


class Corpus:
    def __init__(self, texts, manifests, pieces):
        self.texts, self.manifests, self.pieces = texts, manifests, pieces

    def window(self, row):
        """The bytes of one file, as the manifest describes them."""
        offset, length = int(row["offset"]), int(row["length"])
        data = self.texts[row["package"]][offset : offset + length]
        if not row.get("place"):
            return data
        place, size = place_of(row)
        if row["family"] == "none":
            package, at = row["compiler"].split(" at ")
            piece = self.texts[package][int(at) : int(at) + size]
        else:
            piece = self.pieces[int(row["piece"]) : int(row["piece"]) + size]
        return data[:place] + piece + data[place + size :]

    def count(self, task, part):
        return sum(row["file"].startswith(f"{part}/") for row in self.manifests[task])

    def length(self, task):
        return int(self.manifests[task][0]["length"])

    def write(self, task, folder, length):
        """`implant` in windows of `length` bytes around what they hide, `isa` as it is, under `folder`; whole or absent."""
        if folder.exists():
            return
        temporary = folder.with_name(folder.name + ".part")
        shutil.rmtree(temporary, ignore_errors=True)
        for row in self.manifests[task]:
            data = self.window(row)
            path = temporary / row["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(around(row, data, length) if task == "implant" else data)
        os.replace(temporary, folder)


def around(row, data, length):
    """`length` bytes at a random place that holds all of the hidden piece, or lies inside of it where the piece is longer."""
    place, size = place_of(row)
    low, high = max(0, place + size - length), min(place, len(data) - length)
    if size > length:
        low, high = place, place + size - length
    start = random.Random(f"{row['file']} {length}").randint(low, high)
    return data[start : start + length]


def add(archive, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def pack(folders, debs, out):
    """Writes the corpora in `folders` (task -> folder) as `out`; every file is rebuilt from what is written and compared first."""
    tool = corpus_tool()
    texts, manifests, pieces = {}, {}, bytearray()

    def take_text(package, sha256=None):
        if package not in texts:
            name, architecture, _ = package.rsplit("-", 2)
            texts[package] = tool.Package(name, architecture, debs).text
        if sha256 and hashlib.sha256(texts[package]).hexdigest() != sha256:
            fail(f"{package}: the code in {debs} is not that of the manifest")

    for task, folder in folders.items():
        rows = read_manifest((folder / "manifest.tsv").read_text())
        for row in rows:
            take_text(row["package"], row["sha256"])
            row["piece"] = ""
            if row["place"] and row["family"] == "none":
                take_text(row["compiler"].split(" at ")[0])
            elif row["place"]:
                place, size = place_of(row)
                row["piece"] = str(len(pieces))
                pieces += (folder / row["file"]).read_bytes()[place : place + size]
        manifests[task] = rows
    corpus = Corpus(texts, manifests, bytes(pieces))
    for task, folder in folders.items():
        for row in manifests[task]:
            if corpus.window(row) != (folder / row["file"]).read_bytes():
                fail(f"{folder / row['file']}: the manifest does not describe this file")
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(out.name + ".part")
    with lzma.open(temporary, "wb", filters=FILTERS) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for package in sorted(texts, key=lambda p: p.rsplit("-", 2)[1::-1]):  # one instruction set behind the other
            add(archive, f"text/{package}", texts[package])
        for task in folders:
            add(archive, f"{task}.tsv", write_manifest(manifests[task]).encode())
        add(archive, "pieces", bytes(pieces))
    os.replace(temporary, out)
    return corpus


def unpack(path):
    texts, manifests, pieces = {}, {}, None
    try:
        with tarfile.open(path, "r:xz") as archive:
            for member in archive:
                data = archive.extractfile(member).read()
                if member.name.startswith("text/"):
                    texts[member.name[5:]] = data
                elif member.name.endswith(".tsv"):
                    manifests[member.name[:-4]] = read_manifest(data.decode())
                elif member.name == "pieces":
                    pieces = data
    except FileNotFoundError:
        fail(f"{path}: no such file; `bench/bytes_length pack` makes it")
    except (OSError, tarfile.TarError, lzma.LZMAError, EOFError) as error:
        fail(f"{path}: a file of `bench/bytes_length pack` was expected: {error}")
    if not texts or not manifests or pieces is None:
        fail(f"{path}: a file of `bench/bytes_length pack` was expected, with text/, .tsv and pieces")
    return Corpus(texts, manifests, pieces)
