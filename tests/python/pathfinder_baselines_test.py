#!/usr/bin/env python3
"""The baselines of Pathfinder on images that are made here."""
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "bench/pathfinder_baselines.py"
sys.path.insert(0, str(SCRIPT.parent))
import pathfinder_baselines  # noqa: E402


def picture(*discs):
    """Dim lines, and discs of three by three."""
    image = torch.zeros(32, 32, dtype=torch.uint8)
    image[5, 2:30], image[2:30, 20] = 150, 150
    for y, x in discs:
        image[y - 1:y + 2, x - 1:x + 2] = 230
    return image


def write(path, images, labels):
    path.write_bytes(b"".join(bytes([label]) + bytes(image.flatten().tolist()) for image, label in zip(images, labels)))


class PathfinderBaselines(unittest.TestCase):
    def test_finds_both_discs_the_one_nearer_to_the_middle_first(self):
        found = pathfinder_baselines.find_discs(torch.stack([picture((3, 28), (15, 14)), picture((10, 10), (27, 26))]))
        places = ((found + 1) * 15.5).round().int().tolist()
        self.assertEqual(places, [[15, 14, 3, 28], [10, 10, 27, 26]])

    def test_learns_where_the_places_decide(self):
        # Label: the second disc lies below the middle.
        generator = torch.Generator().manual_seed(1)
        places = torch.randint(1, 31, (900, 2), generator=generator).tolist()
        places = [(y, x) for y, x in places if max(abs(y - 15), abs(x - 15)) > 4]
        images, labels = [picture((15, 15), p) for p in places], [int(p[0] > 15) for p in places]
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            for part, rows in (("train", slice(0, 500)), ("valid", slice(500, 600)), ("test", slice(600, None))):
                write(folder / f"{part}.bin", images[rows], labels[rows])
            out = subprocess.run([sys.executable, SCRIPT, folder, "--models", "discs", "--epochs", "8", "--json"], capture_output=True, text=True, check=True)
        row = json.loads(out.stdout)[0]
        self.assertEqual((row["model"], row["train"]), ("discs", 500))
        self.assertGreater(row["test_accuracy"], 0.9)

    def test_the_sum_has_rows_and_columns_of_both_discs(self):
        places = torch.tensor([[2.0, 5.0, 31.0, 0.0]])  # (row, column) twice
        whole, half = pathfinder_baselines.Sum(1), pathfinder_baselines.Sum(0.5)
        coordinates = places / 15.5 - 1
        came = whole(coordinates) - whole.constant
        torch.testing.assert_close(half(coordinates) - half.constant, came / 2)
        torch.testing.assert_close(whole(coordinates[:, [2, 3, 0, 1]]) - whole.constant, came)
        rates = 10000 ** -(torch.arange(0, 64, 2) / 64)
        for axis, (a, b) in enumerate(((2, 31), (5, 0))):
            expected = torch.cat([torch.sin(a * rates) + torch.sin(b * rates), torch.cos(a * rates) + torch.cos(b * rates)])
            torch.testing.assert_close(came[0, 64 * axis:64 * axis + 64], expected, atol=1e-5, rtol=1e-5)

    def test_the_mean_weighs_places_by_brightness(self):
        image = torch.zeros(1, 32, 32, dtype=torch.uint8)
        image[0, 2, 5], image[0, 31, 0] = 255, 51
        one, other = pathfinder_baselines.place_vectors(torch.tensor([[2.0, 5.0], [31.0, 0.0]]) / 15.5 - 1)
        torch.testing.assert_close(pathfinder_baselines.bright_places(image, 2.0)[0] * 1024, one + 0.04 * other)

    def test_the_network_of_convolutions_reads_images(self):
        self.assertEqual(pathfinder_baselines.convolutions(8)(torch.stack([picture((9, 9), (20, 20))] * 3)).shape, (3, 2))

    def test_refuses_other_sizes(self):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "train.bin").write_bytes(b"x" * 1000)
            out = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True)
        self.assertIn("records of 1025 bytes were expected (side 32), and 1000 bytes came", out.stderr)
        self.assertEqual(out.returncode, 1)


if __name__ == "__main__":
    unittest.main()
