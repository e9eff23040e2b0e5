"""How long a page takes from what one does to the first frame in which a new figure stands."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

WARM_REDRAW_MS = 1500  # generous: 200 to 300 on two idle cores, and machines that test are seldom idle

REDRAW = """() => new Promise(done => {
    const plots = () => [...document.querySelectorAll('.js-plotly-plot')];
    plots().forEach(plot => plot.dataset.old = '1');
    let begun = null, isAsked = false;
    for (const deed of ['keydown', 'mouseup'])
        document.addEventListener(deed, () => begun ??= performance.now(), { capture: true, once: true });
    const isNew = plot => !plot.dataset.old && plot.querySelector('.xy') && plot.checkVisibility();
    const look = () => {
        isAsked = false;
        if (!plots().some(isNew)) return;
        changes.disconnect();
        done(performance.now() - begun);
    };
    const changes = new MutationObserver(() => {  // asking in every frame would cost the page itself time
        if (!isAsked) requestAnimationFrame(look);
        isAsked = true;
    });
    changes.observe(document.body, { subtree: true, childList: true, attributes: true });
})"""


def ms_to_redraw(page: Page, deed: Callable[[], None]) -> float:
    """Milliseconds from a key's press or the mouse's release in `deed` to a new figure."""
    redraw = page.evaluate_handle(f"() => ({{ promise: ({REDRAW})() }})")
    deed()
    return float(redraw.evaluate("redraw => redraw.promise"))
