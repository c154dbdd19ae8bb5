"""tools/completeness finds a missing test, a missing or double row, and a name taken twice."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def whole():
    files = {"docs/attention.md": "| name | equation |\n|---|---|\n"}
    for axis, name in (("projections", "separate"), ("graphs", "full"), ("folds", "softmax")):
        files[f"src/regard/attention/{axis}/{name}.cpp"] = ""
        files[f"src/regard/attention/{axis}/{name}.hpp"] = ""
        files[f"tests/attention/{axis}/{name}_test.cpp"] = "TEST(A, B) {}\n"
        files["docs/attention.md"] += f"| `{name}` | x |\n"
    return files


def check(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        done = subprocess.run([sys.executable, ROOT / "tools/completeness", folder], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


class Completeness(unittest.TestCase):
    def fault(self, files, sentence):
        code, output = check(files)
        self.assertEqual(code, 1, output)
        self.assertIn(sentence, output)

    def test_a_whole_tree_passes(self):
        code, output = check(whole())
        self.assertEqual(code, 0, output)
        self.assertIn("3 entries, 0 faults", output)

    def test_each_gap_is_named(self):
        for lost, sentence in (("tests/attention/folds/softmax_test.cpp", "folds/softmax: no test"),
                               ("src/regard/attention/graphs/full.hpp", "graphs/full: no header"),
                               ("src/regard/attention/graphs/full.cpp", "graphs: no entry"),
                               ("docs/attention.md", "docs/attention.md is missing")):
            files = whole()
            del files[lost]
            self.fault(files, sentence)

    def test_a_test_file_without_a_test(self):
        self.fault(whole() | {"tests/attention/folds/softmax_test.cpp": "// later\n"}, "folds/softmax: no test")

    def test_rows(self):
        page = whole()["docs/attention.md"]
        self.fault(whole() | {"docs/attention.md": page + "| `full` | again |\n"}, "graphs/full: expected one row")
        self.fault(whole() | {"docs/attention.md": page + "| `ghost` | x |\n"}, "row `ghost`")

    def test_models_and_tasks(self):
        files = whole() | {"src/regard/models/kinds/labeller.cpp": "", "tests/models/labeller_test.cpp": "TEST(A, B) {}",
                           "docs/recipes.md": "| `labeller` | x |\n", "src/regard/data/tasks/labels.cpp": "",
                           "tests/tasks/labels_test.cpp": "TEST(A, B) {}", "docs/data.md": "| `labels` | x |\n"}
        code, output = check(files)
        self.assertEqual(code, 0, output)
        self.assertIn("5 entries, 0 faults", output)
        self.fault({k: v for k, v in files.items() if k != "tests/models/labeller_test.cpp"}, "labeller: no test in tests/models")
        self.fault(files | {"docs/data.md": ""}, "labels: expected one row `| `labels` |` in docs/data.md, found 0")

    def test_a_name_has_one_axis(self):
        self.fault(whole() | {"src/regard/attention/folds/full.cpp": ""}, "full: taken twice")


if __name__ == "__main__":
    unittest.main()
