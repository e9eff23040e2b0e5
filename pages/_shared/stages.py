"""The three stages of the method as a picture (inline SVG; follows the light or dark theme)."""

_BOXES = (
    ("1  Training", "one network for all (λ, μ),", "weights from a hypernetwork", "once per kind of image"),
    ("2  Identification", "register at every node of a grid,", "per tissue take the best Dice", "seconds per subject"),
    ("3  Registration", "one pass of the adaptive network", "with the tissue-wise optima", "milliseconds"),
)


def _stages() -> str:
    parts = []
    for i, (title, first, second, cost) in enumerate(_BOXES):
        x = 5 + 300 * i
        parts.append(
            f'<rect x="{x}" y="5" width="250" height="110" rx="10" fill="#0072B2" fill-opacity="0.08" '
            f'stroke="#0072B2" stroke-width="1.5"/>'
            f'<text x="{x + 18}" y="34" font-size="17" font-weight="600">{title}</text>'
            f'<text x="{x + 18}" y="59" font-size="14">{first}</text>'
            f'<text x="{x + 18}" y="79" font-size="14">{second}</text>'
            f'<text x="{x + 18}" y="102" font-size="12.5" opacity="0.65">{cost}</text>'
        )
    for x in (262, 562):
        parts.append(
            f'<path d="M{x} 60h30m-9 -7l9 7l-9 7" fill="none" stroke="#0072B2" stroke-width="2.5" '
            'stroke-linecap="round" stroke-linejoin="round"/>'
        )
    return (
        '<svg viewBox="0 0 860 120" role="img" style="width:100%;max-width:860px;fill:currentColor" '
        'aria-label="Three stages: training, identification, registration">' + "".join(parts) + "</svg>"
    )


STAGES = _stages()
