"""A bare machine gets what the lists promise, and the theme can be read by everyone."""

import importlib.metadata
import os
import re
import stat
import subprocess
import tomllib
from pathlib import Path

import pytest
from streamlit import config

ROOT = Path(__file__).resolve().parents[1]
THEME = tomllib.loads((ROOT / ".streamlit/config.toml").read_text())
RUNTIME = (ROOT / "requirements.txt").read_text()
DEVELOPMENT = (ROOT / "requirements-dev.txt").read_text()
EXTRA = (ROOT / "requirements-onnx.txt").read_text()
LOCK = (ROOT / "requirements.lock").read_text()

# Streamlit greys captions to this share of the text colour.
CAPTION = 0.6


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", text, re.MULTILINE | re.IGNORECASE))


# What is installed


@pytest.mark.parametrize(
    "text", [RUNTIME, DEVELOPMENT, EXTRA], ids=["runtime", "development", "extra"]
)
def test_every_requirement_is_pinned_and_says_why(text):
    for paragraph in text.strip().split("\n\n")[1:]:
        lines = paragraph.splitlines()
        wanted = [line for line in lines if not line.startswith(("#", "-r "))]
        assert lines[0].startswith("# "), f"no reason stands above {wanted}"
        assert len(pins(paragraph)) == len(wanted), f"not pinned exactly: {wanted}"


def test_opencv_stays_where_caffe_and_darknet_can_be_read():
    assert pins(RUNTIME)["opencv-python-headless"] == "4.14.0.94"


def test_the_lock_has_a_hash_for_every_package_and_the_version_we_asked_for():
    locked = pins(LOCK)
    assert pins(RUNTIME).items() <= locked.items(), "run `make lock`"
    entries = re.split(r"\n(?=[a-z0-9])", LOCK)
    unhashed = [entry.split()[0] for entry in entries[1:] if "--hash=sha256:" not in entry]
    assert unhashed == []


@pytest.mark.parametrize(
    "file",
    [
        *["requirements.txt", "requirements-dev.txt", "requirements-onnx.txt"],
        *["requirements.lock", "package.json", "package-lock.json"],
    ],
)
def test_no_list_names_where_packages_come_from(file):
    text = (ROOT / file).read_text()
    assert not re.search(r"://|--(extra-)?index-url|--find-links|--trusted-host", text)


def test_this_environment_holds_the_pinned_versions():
    wanted = pins(RUNTIME) | pins(DEVELOPMENT) | pins(EXTRA)
    assert {name: importlib.metadata.version(name) for name in wanted} == wanted


# The commands


def test_ci_runs_make_test_and_nothing_else():
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & stat.S_IXUSR
    assert script.read_text().split() == ["#!/bin/sh", "exec", "make", "test"]


@pytest.fixture
def bare(tmp_path) -> Path:
    """A checkout in which `python` only writes down what it is asked to do."""
    lists = [path.name for path in ROOT.glob("requirements*")]
    for name in ["Makefile", *lists]:
        (tmp_path / name).write_text((ROOT / name).read_text())
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\n'
        f'case "$*" in *venv*) mkdir -p .venv/bin && ln -sf {python} .venv/bin/python;; esac\n'
    )
    python.chmod(0o755)
    os.utime(python, (0, 0))  # a system's Python is older than any checkout
    return tmp_path


def make(folder: Path, *wanted: str) -> list[str]:
    """Run make with the recording Python and return what it was asked to do."""
    (folder / "asked").write_text("")
    settings = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = ["make", *wanted, f"PYTHON={folder}/python"]
    subprocess.run(command, cwd=folder, env=settings, check=True, capture_output=True)
    return (folder / "asked").read_text().splitlines()


def test_the_first_run_installs_and_the_second_starts_at_once(bare):
    first, second = make(bare, "run"), make(bare, "run")
    assert any("--require-hashes -r requirements.lock" in line for line in first)
    assert second == ["serve.py --server.address=localhost"]


def test_an_edited_list_is_installed_again(bare):
    make(bare, "run")
    later = (bare / ".venv/.installed").stat().st_mtime + 10
    os.utime(bare / "requirements.txt", (later, later))
    assert any("install" in line for line in make(bare, "run"))


def test_an_environment_whose_python_has_gone_is_made_again(bare):
    make(bare, "run")
    (bare / ".venv/bin/python").unlink()
    (bare / ".venv/bin/python").symlink_to("/gone")
    again = make(bare, "run")
    assert any("venv --clear" in line for line in again)
    assert any("-r requirements.lock" in line for line in again)


def test_a_port_is_only_asked_for_when_somebody_names_one(bare):
    make(bare, "run")
    assert make(bare, "run", "PORT=8600")[0].endswith("--server.port=8600")


def test_nothing_is_ever_compiled(bare):
    installs = [line for line in make(bare, "types") if " install " in line]
    assert installs
    assert all("--only-binary=:all:" in line for line in installs)


def test_an_old_python_is_refused_with_a_sentence(bare):
    (bare / "python").write_text("#!/bin/sh\nexit 1\n")
    settings = {"PATH": os.environ["PATH"]}
    command = ["make", "run", f"PYTHON={bare}/python"]
    done = subprocess.run(command, cwd=bare, env=settings, capture_output=True, text=True)
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stdout
    assert not (bare / ".venv").exists()


# The theme


def test_streamlit_knows_every_setting():
    for key in _keys(THEME):
        config.get_option(key)  # raises for an unknown one


def test_no_setting_reaches_for_the_network():
    assert "://" not in (ROOT / ".streamlit/config.toml").read_text()
    assert THEME["browser"]["gatherUsageStats"] is False


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_stands_out_from_everything_it_is_written_on(mode):
    theme = THEME["theme"][mode]
    papers = [theme["backgroundColor"], theme["secondaryBackgroundColor"]]
    papers += [
        theme["sidebar"]["backgroundColor"],
        theme["sidebar"]["secondaryBackgroundColor"],
    ]
    for paper in papers:
        for ink in [theme["textColor"], theme["linkColor"], theme["primaryColor"]]:
            assert contrast(ink, paper) >= 4.5, f"{ink} on {paper}"
        caption = mixed(theme["textColor"], paper, CAPTION)
        assert contrast(caption, paper) >= 4.5, f"a caption on {paper}"
    assert contrast(theme["codeTextColor"], theme["codeBackgroundColor"]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_marks_stand_out_from_the_page(mode):
    theme = THEME["theme"][mode]
    for mark in theme["chartCategoricalColors"]:
        assert contrast(mark, theme["backgroundColor"]) >= 3, mark
    assert contrast("#ffffff", theme["primaryColor"]) >= 3, "the tick inside a checkbox"


def test_no_page_writes_small_white_text_on_the_signal_colour():
    """Streamlit prints white on it, and no teal suits both that and a dark page."""
    pages = [ROOT / "app.py", *ROOT.glob("pages/**/*.py")]
    assert [page.name for page in pages if 'type="primary"' in page.read_text()] == []


def test_contrast_is_that_of_the_standard():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # WCAG's own example


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    dark, light = sorted((luminance(rgb(one)), luminance(rgb(other))))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: tuple[float, ...]) -> float:
    """WCAG 2.2, "relative luminance"."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def mixed(ink: str, paper: str, share: float) -> str:
    both = zip(rgb(ink), rgb(paper), strict=True)
    return "#" + "".join(f"{round(255 * (share * i + (1 - share) * p)):02x}" for i, p in both)


def rgb(code: str) -> tuple[float, ...]:
    return tuple(int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))


def _keys(table: dict, above: str = "") -> list[str]:
    """The full names of all settings: ``theme.dark.sidebar.textColor``."""
    keys = []
    for name, value in table.items():
        keys += _keys(value, f"{above}{name}.") if isinstance(value, dict) else [above + name]
    return keys
