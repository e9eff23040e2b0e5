"""How long a page takes from what one does to the first frame in which a new figure stands."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

WARM_REDRAW_MS = 1500  # generous: 200 to 300 on two idle cores, and machines that test are seldom idle

REDRAW = """() => new Promise(done => {
    const plots = () => [...document.querySelectorAll('.js-plotly-plot')];
    plots().forEach(plot => plot.dataset.old = '1');
    let begun = null;
    for (const deed of ['keydown', 'mouseup'])
        document.addEventListener(deed, () => begun ??= performance.now(), true);
    const look = () => plots().some(plot => !plot.dataset.old && plot.querySelector('.xy') && plot.checkVisibility())
        ? done(performance.now() - begun) : requestAnimationFrame(look);
    look();
})"""


def ms_to_redraw(page: Page, deed: Callable[[], None]) -> float:
    """Milliseconds from a key's press or the mouse's release in `deed` to a new figure."""
    redraw = page.evaluate_handle(f"() => ({{ promise: ({REDRAW})() }})")
    deed()
    return float(redraw.evaluate("redraw => redraw.promise"))
