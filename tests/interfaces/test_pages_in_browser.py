"""Pages as a browser shows them: light, dark, on a phone and on paper; skipped where there is no Chromium."""

from __future__ import annotations

import html as markup
import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .test_pages_read import PAGES, html_of

PACKAGE = importlib.util.find_spec("axe_core_python")
AXE = Path(
    os.environ.get("AXE_CORE")
    or ("" if PACKAGE is None or PACKAGE.origin is None else PACKAGE.origin).replace(
        "__init__.py", "axe.min.js"
    )
)
"""The accessibility checker: the script that axe-core-python brings, or another version's that is named."""
PHONE, DESK, LEAST = 400, 1180, 11.0
"""Widths of a phone and a desk, and the least height of text, pixels."""
MEASURE = """
async function measured() {
  const seen = element => !element.closest('.unseen') && element.getClientRects().length > 0;
  const texts = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.data.trim() || parent.tagName === 'SCRIPT' || !seen(parent)) continue;
    const drawing = parent.ownerSVGElement, scale = drawing ? drawing.getScreenCTM().a : 1;
    texts.push([scale * parseFloat(getComputedStyle(parent).fontSize), node.data.trim().slice(0, 40)]);
  }
  texts.sort((one, other) => one[0] - other[0]);
  const beyond = element => element.getBoundingClientRect().right > innerWidth + 1;
  const wide = [...document.querySelectorAll('body *')].filter(element =>
    seen(element) && !element.closest('.scroll, svg') && beyond(element));
  const found = {
    smallest: texts[0], width: document.scrollingElement.scrollWidth, inner: innerWidth,
    wide: wide.slice(0, 5).map(element => element.tagName + '.' + element.className),
    paper: getComputedStyle(document.body).backgroundColor,
    label: getComputedStyle(document.querySelector('svg.chart text')).fill,
    boxes: [...document.querySelectorAll('.scroll')]
      .filter(box => box.scrollWidth > box.clientWidth + 1).length,
    hints: [...document.querySelectorAll('.hint')].filter(seen).length,
    grave: [],
  };
  if (window.axe) {
    document.querySelectorAll('details').forEach(item => { item.open = true; });
    const told = await axe.run(document, { iframes: false });
    found.grave = told.violations.filter(item => ['serious', 'critical'].includes(item.impact))
      .map(item => [item.id, item.nodes.length, item.nodes[0].html.slice(0, 120)]);
    found.passes = told.passes.length;
  }
  return found;
}
addEventListener('load', () => measured().then(found => parent.postMessage([NAME, found], '*'),
  problem => parent.postMessage([NAME, String(problem)], '*')));
"""
FRAME = """<body><pre id="told"></pre><script>
const all = {};
addEventListener('message', event => {
  all[event.data[0]] = event.data[1];
  document.getElementById('told').textContent = JSON.stringify(all);
});
</script>"""


def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), "")
    if not found:
        pytest.skip("no chromium: Debian's package of that name shows pages as a reader sees them")
    return found


def ran(*arguments: str) -> str:
    words = [chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    made = subprocess.run([*words, *arguments], capture_output=True, text=True, timeout=240, check=True)
    return made.stdout


def shown(folder: Path, width: int, *flags: str, axe: bool = False) -> dict[str, Any]:
    """Return what is measured of every page at a width, all in one browser."""
    frame = FRAME
    script = AXE.read_text(encoding="utf-8") if axe else ""
    for kind in PAGES:
        name = kind.__name__
        page = re.sub(r"<meta http-equiv[^>]*>", "", html_of(kind))  # the policy lets no script run
        ran_in = f"<script>{script}\nconst NAME = '{name}';{MEASURE}</script></body>"
        (folder / f"{name}.html").write_text(page.replace("</body>", "") + ran_in, encoding="utf-8")
        frame += f'<iframe src="{name}.html" style="width:{width}px;height:900px;border:0"></iframe>'
    (folder / "frame.html").write_text(frame, encoding="utf-8")
    out = ran("--virtual-time-budget=90000", *flags, "--dump-dom", (folder / "frame.html").as_uri())
    told = re.search(r'<pre id="told">(.*?)</pre>', out, re.DOTALL)
    assert told is not None, out[:2000]
    made: dict[str, Any] = json.loads(markup.unescape(told[1]))
    assert set(made) == {kind.__name__ for kind in PAGES}, set(made)
    return made


@pytest.mark.slow
def test_on_a_phone_only_tables_scroll_and_say_so_and_no_text_is_small(tmp_path: Path) -> None:
    for name, found in shown(tmp_path, PHONE).items():
        assert found["inner"] == PHONE
        assert found["width"] <= PHONE, (name, found["wide"])
        assert found["wide"] == [], name
        assert found["smallest"][0] >= LEAST, (name, found["smallest"])
        assert found["hints"] >= (found["boxes"] > 0), name


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_pages_follow_the_reader_and_nothing_in_them_is_grave(scheme: str, tmp_path: Path) -> None:
    axe = AXE.is_file()
    flag = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"
    made = shown(tmp_path, DESK, flag, axe=axe)
    for name, found in made.items():
        assert found["smallest"][0] >= LEAST, (name, found["smallest"])
        assert found["paper"] == ("rgb(18, 24, 31)" if scheme == "dark" else "rgb(255, 255, 255)"), name
        assert found["label"] == ("rgb(169, 180, 192)" if scheme == "dark" else "rgb(92, 103, 115)"), name
        assert found["grave"] == [], name
    if not axe:
        pytest.skip("no axe-core-python, of the group tests; the rest of the test passed")
    assert all(found["passes"] > 10 for found in made.values())


@pytest.mark.slow
def test_what_is_closed_on_the_screen_stands_open_on_paper(tmp_path: Path) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext: Debian's package poppler-utils reads what was printed")
    for kind in PAGES:
        html = html_of(kind)
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        ran(f"--print-to-pdf={tmp_path / 'page.pdf'}", (tmp_path / "page.html").as_uri())
        words = ["pdftotext", str(tmp_path / "page.pdf"), "-"]
        text = re.sub(r"\s+", "", subprocess.run(words, capture_output=True, text=True, check=True).stdout)
        for closed in re.findall(r"<details>.*?</details>", html, re.DOTALL):
            cells = re.findall(r"<(?:td|li)[^>]*>([^<]{3,})</", closed)
            for cell in [*cells[:3], *cells[-3:]]:
                assert re.sub(r"\s+", "", markup.unescape(cell)) in text, (kind.__name__, cell)
