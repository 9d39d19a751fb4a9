"""What a reader sees and does in a browser; ``make docs`` builds the site, and then runs this in Chromium."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote
from urllib.request import urlretrieve

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

DOCS = Path(__file__).parent
SITE = DOCS / "_build" / "html"
WAIT = 30

pages = sorted(
    str(page.relative_to(SITE))
    for page in SITE.rglob("*.html")
    if "_modules" not in page.parts and page.name not in {"genindex.html", "search.html", "py-modindex.html"}
)
pages_with_code = [page for page in pages if '<div class="highlight">' in (SITE / page).read_text("utf-8")]
pages_with_diagrams = [page for page in pages if 'class="mermaid"' in (SITE / page).read_text("utf-8")]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=SITE)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser(site: str) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    permissions = {
        "origin": site.rstrip("/"),
        "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
    }
    driver.execute_cdp_cmd("Browser.grantPermissions", permissions)
    yield driver
    driver.quit()


_COPY_EVERY_BLOCK = """
(async () => {
  const copied = [];
  for (const button of document.querySelectorAll("button.copybtn")) {
    await navigator.clipboard.writeText("nothing was copied");
    button.click();
    const block = document.querySelector(button.dataset.clipboardTarget);
    const kind = block.closest("[class*=highlight-]").className;
    copied.push([kind, block.textContent, await navigator.clipboard.readText()]);
  }
  return copied;
})()
"""


def _copied(browser: webdriver.Chrome) -> list[list[str]]:
    """Kind, text and copied text of each code block of the page."""
    arguments = {"expression": _COPY_EVERY_BLOCK, "awaitPromise": True, "returnByValue": True}
    # A page may copy only where its user does something.
    answer = browser.execute_cdp_cmd("Runtime.evaluate", arguments | {"userGesture": True})
    return answer["result"]["value"]


@pytest.mark.parametrize("page", pages_with_code)
def test_the_copy_button_copies_the_whole_block_or_the_commands_of_a_terminal(
    browser: webdriver.Chrome, site: str, page: str
) -> None:
    browser.get(site + page)
    blocks = _copied(browser)
    assert len(blocks) == (SITE / page).read_text("utf-8").count('<div class="highlight">')
    for kind, shown, copied in blocks:
        if "highlight-console" in kind:
            expected = [line[2:] for line in shown.splitlines() if line.startswith("$ ")]
        else:
            expected = shown.splitlines()
        assert [line for line in copied.splitlines() if line] == [line for line in expected if line]


@pytest.mark.parametrize("recipe", sorted(DOCS.glob("examples/*_app.py")), ids=lambda path: path.name)
def test_a_recipe_can_be_copied_as_the_file_that_it_is(
    browser: webdriver.Chrome, site: str, recipe: Path
) -> None:
    browser.get(f"{site}howto/frameworks.html")
    copied = [copied for _, _, copied in _copied(browser)]
    assert recipe.read_text("utf-8").strip() in [text.strip() for text in copied]


@pytest.mark.parametrize(
    ("language", "word", "title"),
    [
        ("", "retry", "Acknowledgement, retries and idempotency"),
        ("", "duplicate", "Acknowledgement, retries and idempotency"),
        ("", "rotate", "Rotate a key or a secret"),
        ("", "dead letter", "Quarantine"),
        ("", "monitoring", "Monitoring and alerts"),
        ("", "idempotency", "Acknowledgement, retries and idempotency"),
        ("", "troubleshooting", "Troubleshooting"),
        ("zh/", "幂等", "确认、重试与幂等"),
        ("zh/", "验签", "加密"),
        ("zh/", "鉴权", "鉴权"),
        ("zh/", "死信", "隔离"),
        ("zh/", "轮换", "轮换"),
        ("zh/", "重试", "确认、重试与幂等"),
        ("zh/", "监控", "监控"),
    ],
)
def test_the_search_finds_the_page_for_the_word(
    browser: webdriver.Chrome, site: str, language: str, word: str, title: str
) -> None:
    browser.get(f"{site}{language}search.html?q={quote(word)}")
    results = "#search-results ul.search li a"
    summary = ".search-summary"
    WebDriverWait(browser, WAIT).until(
        lambda driver: (
            driver.find_elements(By.CSS_SELECTOR, results)
            and driver.find_element(By.CSS_SELECTOR, summary).text
        )
    )
    titles = [link.text for link in browser.find_elements(By.CSS_SELECTOR, results)]
    assert any(title in found for found in titles), titles


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", pages_with_diagrams)
def test_every_diagram_is_drawn(browser: webdriver.Chrome, site: str, page: str, scheme: str) -> None:
    browser.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    browser.get(site + page)
    count = len(browser.find_elements(By.CSS_SELECTOR, "pre.mermaid"))
    WebDriverWait(browser, WAIT).until(
        lambda driver: len(driver.find_elements(By.CSS_SELECTOR, "pre.mermaid > svg")) == count
    )
    assert not browser.find_elements(By.CSS_SELECTOR, "svg[aria-roledescription=error]")
    assert len(browser.find_elements(By.CSS_SELECTOR, "pre.mermaid > svg > desc")) == count


@pytest.mark.parametrize("page", pages)
def test_nothing_but_code_is_wider_than_a_phone(browser: webdriver.Chrome, site: str, page: str) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        browser.get(site + page)
        wide = browser.execute_script(
            "return [...document.querySelectorAll('article *')].filter((part) => !part.closest('pre')"
            " && !part.closest('svg') && part.getBoundingClientRect().right > innerWidth + 1)"
            ".map((part) => part.outerHTML.slice(0, 200))"
        )
        assert wide == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("name", ["fastapi", "flask", "django", "aiohttp", "litestar", "aws-lambda", "wsgi"])
@pytest.mark.parametrize("language", ["", "zh/"])
def test_the_old_page_of_a_framework_leads_to_its_tab(
    browser: webdriver.Chrome, site: str, language: str, name: str
) -> None:
    browser.get(f"{site}{language}howto/{name}.html")
    WebDriverWait(browser, WAIT).until(lambda driver: f"frameworks.html#{name}" in driver.current_url)
    WebDriverWait(browser, WAIT).until(
        lambda driver: driver.execute_script(
            "const label = document.getElementById(arguments[0]);"
            "return label && document.getElementById(label.getAttribute('for')).checked",
            name,
        )
    )


@pytest.mark.parametrize("language", ["", "zh/"])
def test_a_new_user_gets_from_the_home_page_to_a_passing_conformance_run(
    browser: webdriver.Chrome, site: str, language: str, tmp_path: Path
) -> None:
    browser.get(f"{site}{language}index.html")
    tutorial = browser.find_element(By.CSS_SELECTOR, 'article a[href="tutorial.html"]')
    browser.execute_script("arguments[0].click()", tutorial)
    WebDriverWait(browser, WAIT).until(lambda driver: driver.current_url.endswith("tutorial.html"))
    copied = [text for _, _, text in _copied(browser)]
    (app,) = [text for text in copied if "Flask(" in text]
    (start,) = [text for text in copied if "export" in text]
    (check,) = [text for text in copied if text.startswith("skypay-payout conformance")]
    (tmp_path / "flask_app.py").write_text(app, encoding="utf-8")
    for link in browser.find_elements(By.CSS_SELECTOR, "article a.download"):
        urlretrieve(str(link.get_attribute("href")), tmp_path / link.text)  # noqa: S310

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = "\n".join(line for line in start.splitlines() if line.startswith("export"))
    path = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    server = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", start.replace("8000", port)], cwd=tmp_path, env=path, start_new_session=True
    )
    try:
        _wait_for(int(port))
        command = f"{settings}\n{check}".replace("8000", port)
        run = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", command], cwd=tmp_path, env=path, capture_output=True, text=True, timeout=120
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert "0 failed" in run.stdout
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + WAIT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def test_chromium_and_its_driver_are_of_one_version() -> None:
    versions = [
        subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]  # noqa: S603
        for program in ("chromium", "chromedriver")
    ]
    assert versions[0].partition(".")[0] == versions[1].partition(".")[0]
