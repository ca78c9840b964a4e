"""What every test may ask for: the real data beside the checkout, a browser, and where the checkout is."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

from data.pack import CityPack, read_pack
from diffusa.city import build_city
from diffusa.demo import make_demo
from diffusa.embedded import recipe_path
from layers.plan import Plan
from layers.plan_folder import read_plan

# The clock of a shared machine proves nothing, and a run that fails must fail again: examples are seeded, without deadline.
# `make soak` draws new ones, and many more where a test does not say how many.
settings.register_profile("seeded", deadline=None, derandomize=True, database=None)
settings.register_profile("soak", deadline=None, max_examples=2000)
settings.load_profile("soak" if os.environ.get("DIFFUSA_SOAK") == "1" else "seeded")

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture
def hears_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C interrupt, as at a terminal: a shell starts what runs in its background deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _require_or_skip(variable: str, reason: str) -> None:
    if os.environ.get(variable) == "1":
        pytest.fail(f"{reason}, and {variable}=1 asks for it", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the travel times of tests out of the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIFFUSA_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def checkout() -> Path:
    """Return the folder of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def shared_root() -> Path:
    """Return the folder with the real data: DIFFUSA_SHARED, else `shared` beside the checkout."""
    root = Path(os.environ.get("DIFFUSA_SHARED", CHECKOUT.parent / "shared"))
    if not root.is_dir():
        _require_or_skip("DIFFUSA_REQUIRE_SHARED", f"the real data is not there (looked for {root.name}/ beside the checkout)")
    return root


@pytest.fixture(scope="session")
def milano_root(shared_root: Path) -> Path:
    """Return the folder with the real files of Milano."""
    return shared_root / "milano"


@pytest.fixture(scope="session")
def milano_pack(milano_root: Path, tmp_path_factory: pytest.TempPathFactory) -> CityPack:
    """Return the pack of real Milano, built once."""
    return build_city(recipe_path("milano"), milano_root, tmp_path_factory.mktemp("milano") / "pack")


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the demo: the pack and the plan of the sample city, made once."""
    folder = tmp_path_factory.mktemp("sample") / "demo"
    make_demo(folder)
    return folder


@pytest.fixture(scope="session")
def sample_pack(sample_folder: Path) -> CityPack:
    """Return the pack of the sample city."""
    return read_pack(sample_folder / "pack")


@pytest.fixture(scope="session")
def sample_plan(sample_folder: Path) -> Plan:
    """Return the plan of the sample city, as it reads from its folder."""
    return read_plan(sample_folder / "plan")


@pytest.fixture(scope="session")
def benchmarks_root(shared_root: Path) -> Path:
    """Return the folder with the published instances."""
    return shared_root / "benchmarks"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Debian's Chromium, or of the one that DIFFUSA_CHROMIUM names."""
    found = os.environ.get("DIFFUSA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        _require_or_skip("DIFFUSA_REQUIRE_BROWSER", "no Chromium is installed")
    return str(found)


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Return a Chromium without a network."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()
