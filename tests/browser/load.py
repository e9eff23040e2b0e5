"""Many sessions for minutes: `make load`, or `python tests/browser/load.py --sessions 25 --minutes 10`.

Every session is a tab of its own that reads for half a minute, then does one thing on its page, then reads again.
Printed are how long each thing took until its figure stood, and until the server had answered; how much of the
processor the server and the browser took, which share it here; how the server's memory went, and what went wrong.
The exit code tells.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import psutil
from playwright.async_api import Browser, Page, WebSocket, async_playwright

from tests.browser.conftest import CHROMIUM
from tests.browser.serving import CHROMIUM_FLAGS, served_app
from tests.browser.timing import REDRAW

WARM_REDRAW_MS = 1000  # of 95 in 100
FLAT_MIB_PER_MINUTE = 5.0
READING_S = (20, 40)  # between two things that a reader does
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
ERRORS = '[data-testid="stException"], [data-testid="stAlertContentError"]'
PATIENCE_MS = 180_000
Act = Callable[[Page, random.Random], Awaitable[float]]


async def move_slider(page: Page, draw: random.Random) -> float:
    """A slider one step on, from its end to its beginning; milliseconds to the new figure."""
    sliders = page.locator('[data-testid="stSlider"] input')
    await sliders.first.wait_for(timeout=PATIENCE_MS)
    slider = sliders.nth(draw.randrange(min(2, await sliders.count())))
    is_at_end = await slider.evaluate("slider => slider.valueAsNumber >= Number(slider.max)")
    key = "Home" if is_at_end else "ArrowRight"
    return await _ms_to_redraw(page, lambda: slider.press(key))


async def click_node(page: Page, draw: random.Random) -> float:
    """A click on a node of the first surface; milliseconds to the new figure."""
    surface = page.locator(".js-plotly-plot").first
    await surface.scroll_into_view_if_needed()
    box = await surface.locator(".nsewdrag").first.bounding_box()
    shown = re.search(r"node=([\d.]+)(?:%2C|,)([\d.]+)", page.url)
    last = (float(shown[1]), float(shown[2])) if shown else None
    nodes = [node for node in itertools.product((0.25, 0.5, 0.75, 1), repeat=2) if node != last]  # the map is 5 × 5
    across, up = draw.choice(nodes)
    at = box["x"] + box["width"] * (0.1 + 0.8 * across), box["y"] + box["height"] * (0.9 - 0.8 * up)
    return await _ms_to_redraw(page, lambda: page.mouse.click(*at))


async def next_case(page: Page, _: random.Random) -> float:
    """The next case of a review, by keyboard, and back from the last; milliseconds to its figures."""
    key = "p" if "patient008" in page.url else "n"
    return await _ms_to_redraw(page, lambda: page.keyboard.press(key))


async def leaf(page: Page, draw: random.Random) -> float:
    """To another page by the navigation; milliseconds until it is drawn."""
    links = page.locator('[data-testid="stSidebarNavLink"]')
    names = [name for name in ("Start", "Parameters", "Compare", "Train") if name not in await page.title()]
    link = links.filter(has_text=draw.choice(names)).first
    began = time.perf_counter()
    await link.click()
    await page.wait_for_timeout(100)
    await page.locator(IDLE).wait_for(timeout=PATIENCE_MS)
    return 1000 * (time.perf_counter() - began)


async def _ms_to_redraw(page: Page, deed: Callable[[], Awaitable[None]]) -> float:
    redraw = await page.evaluate_handle(f"() => ({{ promise: ({REDRAW})() }})")
    await deed()
    return float(await asyncio.wait_for(redraw.evaluate("redraw => redraw.promise"), 60))


#: Where sessions are and what they do there, in the order in which they come.
SESSIONS: tuple[tuple[str, Act], ...] = (
    ("explore?subject=patient001", move_slider),
    ("identify?steps=5", click_node),
    ("learn?step=Energy", move_slider),
    ("review?reviewer=Ada", next_case),
    ("parameters", leaf),
    ("explore?subject=patient002&model=Global", move_slider),
    ("learn?step=Field", move_slider),
    ("explore?subject=patient003", move_slider),
    ("compare", leaf),
    ("identify?steps=5&subject=patient002", click_node),
)


class Load:
    """What was seen so far."""

    def __init__(self, server: psutil.Process) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)
        self.answers: list[float] = []  # ms from what was sent to the last that came back
        self.memory: list[tuple[float, float]] = []  # (minutes, MiB)
        self.busy: dict[str, float] = {}  # processors taken, on average
        self.faults: list[str] = []
        self._server = server
        self._sent: dict[Page, float] = {}
        self._came: dict[Page, float] = {}

    def listen(self, page: Page) -> None:
        """Notes when the page asks the server, and when the server last spoke."""

        def heard(socket: WebSocket) -> None:
            socket.on("framesent", lambda _: self._sent.setdefault(page, time.perf_counter()))
            socket.on("framereceived", lambda _: self._came.update({page: time.perf_counter()}))

        page.on("websocket", heard)

    async def watch(self, until: float) -> None:
        """Notes the server's memory every five seconds, and what of the processor was used."""
        began, used = time.monotonic(), self._used_s()
        while time.monotonic() < until:
            processes = [self._server, *self._server.children(recursive=True)]
            rss = sum(process.memory_info().rss for process in processes if process.is_running())
            self.memory.append(((time.monotonic() - began) / 60, rss / 2**20))
            await asyncio.sleep(5)
        taken_s = time.monotonic() - began
        self.busy = {name: (seconds - used[name]) / taken_s for name, seconds in self._used_s().items()}

    def _used_s(self) -> dict[str, float]:
        """Seconds of the processor that the server and the browser took so far."""
        running = [process.info for process in psutil.process_iter(["name", "cpu_times"])]
        browser = [of["cpu_times"] for of in running if "chrom" in of["name"]]
        of_each = {"server": [self._server.cpu_times()], "browser": browser}
        return {name: sum(times.user + times.system for times in of) for name, of in of_each.items()}

    async def read(self, page: Page, act: Act, until: float, draw: random.Random) -> None:
        """One session: reads, does something, reads again."""
        await asyncio.sleep(draw.uniform(0, READING_S[1]))
        while time.monotonic() < until:
            taken = await self.do(page, act, draw)
            if taken is not None:
                self.times[act.__name__].append(taken)
            await asyncio.sleep(draw.uniform(*READING_S))

    async def do(self, page: Page, act: Act, draw: random.Random) -> float | None:
        """One thing on a page; milliseconds, or None and a fault."""
        self._sent.pop(page, None)
        try:
            taken = await act(page, draw)
            await page.locator(IDLE).wait_for(timeout=PATIENCE_MS)
            self.answers.append(1000 * (self._came[page] - self._sent[page]))
            if await page.locator(ERRORS).count():
                self.faults.append(f"{page.url}: {await page.locator(ERRORS).first.inner_text()}")
        except Exception as error:
            self.faults.append(f"{page.url}: {act.__name__}: {type(error).__name__} {error}")
            return None
        return taken


async def _open(browser: Browser, url: str, place: str, load: Load) -> Page:
    context = await browser.new_context(viewport={"width": 1400, "height": 1000})
    page = await context.new_page()
    load.listen(page)
    page.on("pageerror", lambda error: load.faults.append(f"{place}: {error}"))
    await page.goto(f"{url}/{place}", wait_until="commit")
    await page.locator(IDLE).wait_for(timeout=PATIENCE_MS)
    if place.startswith("identify"):
        search, found = page.get_by_role("button", name="Search this subject"), page.get_by_text("Download the sweep")
        await search.or_(found).first.wait_for(timeout=PATIENCE_MS)
        if await search.count():
            await search.click()
        await found.wait_for(timeout=PATIENCE_MS)
        await page.locator(IDLE).wait_for(timeout=PATIENCE_MS)
    return page


async def put_under_load(url: str, server: psutil.Process, sessions: int, minutes: float) -> Load:
    """Opens all sessions, lets each do everything once unmeasured, and then watches them for so many minutes."""
    load = Load(server)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        places = list(itertools.islice(itertools.cycle(SESSIONS), sessions))
        pages = [await _open(browser, url, place, load) for place, _ in places]
        for number, (page, (_, act)) in enumerate(zip(pages, places, strict=True)):
            await load.do(page, act, random.Random(number))
        load.answers.clear()
        print(f"{sessions} sessions are open and warm; {minutes:g} minutes follow.", flush=True)
        until = time.monotonic() + 60 * minutes
        readers = [
            load.read(page, act, until, random.Random(1000 + number))
            for number, (page, (_, act)) in enumerate(zip(pages, places, strict=True))
        ]
        await asyncio.gather(load.watch(until), *readers)
        await browser.close()
    return load


def told(load: Load) -> int:
    """Prints what was seen; returns how many promises are broken."""
    everything = np.concatenate([np.array(times) for times in load.times.values()])
    print(f"{'what':<14}{'times':>7}{'median':>9}{'95 %':>8}{'longest':>9}   ms")
    rows = [*sorted(load.times.items()), ("all", everything), ("answered", load.answers)]
    for name, values in rows:
        middle, late = np.quantile(values, [0.5, 0.95])
        print(f"{name:<14}{len(values):>7}{middle:>9.0f}{late:>8.0f}{max(values):>9.0f}")
    print("processors taken: " + ", ".join(f"{name} {share:.2f}" for name, share in load.busy.items()))
    minutes, mib = np.array(load.memory).T
    later = minutes >= minutes[-1] / 4  # caches fill first
    slope = float(np.polyfit(minutes[later], mib[later], 1)[0])
    print(f"memory of the server: {mib[0]:.0f} MiB at first, {mib.max():.0f} at most, {mib[-1]:.0f} at last; ", end="")
    print(f"slope of the last three quarters {slope:+.2f} MiB a minute")
    for fault in load.faults[:10]:
        print(f"fault: {fault}")
    p95 = float(np.quantile(everything, 0.95))
    broken = [p95 >= WARM_REDRAW_MS, slope >= FLAT_MIB_PER_MINUTE, bool(load.faults)]
    print(f"{len(load.faults)} faults; 95 % of all within {p95:.0f} ms (asked: {WARM_REDRAW_MS})")
    return sum(broken)


def main() -> int:
    """Serves the app with a workspace of its own, and loads it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=25)
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    before = set(psutil.pids())
    with tempfile.TemporaryDirectory() as folder, served_app(Path(folder) / "home") as url:
        server = next(p for p in psutil.process_iter() if p.pid not in before and "pages._shared.serve" in p.cmdline())
        return told(asyncio.run(put_under_load(url, server, arguments.sessions, arguments.minutes)))


if __name__ == "__main__":
    sys.exit(main())
