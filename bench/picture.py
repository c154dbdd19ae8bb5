"""Pictures of measurements: Plotly figures as PNG, by Chromium (tools/screenshot)."""
import pathlib
import subprocess
import sys
import tempfile

SCREENSHOT = pathlib.Path(__file__).resolve().parents[1] / "tools/screenshot"
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00"]


def plotly(program):
    """plotly.graph_objects and make_subplots, or None with a sentence where this Python has none."""
    try:
        import plotly.graph_objects as go
        from plotly.subplots import make_subplots
    except ImportError:
        print(f"{program}: no picture: this Python has no Plotly (tools/setup installs it in .venv)", file=sys.stderr)
        return None
    return go, make_subplots


def save(figure, to, program, width, height):
    """The figure as a PNG; a sentence where Chromium cannot."""
    if not SCREENSHOT.exists():  # a pack has none
        print(f"{program}: no picture: {SCREENSHOT} is missing", file=sys.stderr)
        return
    figure.update_layout(template="plotly_white", width=width, height=height)
    with tempfile.TemporaryDirectory() as folder:
        page = pathlib.Path(folder) / "page.html"
        page.write_text(figure.to_html(include_plotlyjs=True, full_html=True, config={"displayModeBar": False}))
        done = subprocess.run([SCREENSHOT, page, to, str(width + 20), str(height + 40)], capture_output=True, text=True)
    print(f"{program}: {to}" if done.returncode == 0 else f"{program}: no picture: {done.stderr.strip()}", file=sys.stderr)
