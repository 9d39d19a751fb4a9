"""What a reader sees and does in a browser; ``make docs`` builds the site, and then runs this in Chromium."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote, urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

DOCS = Path(__file__).parent
SITE = DOCS / "_build" / "html"
WAIT = 30

pages = sorted(
    str(page.relative_to(SITE))
    for page in SITE.rglob("*.html")
    if page.name not in {"404.html", "search.html"}
)
pages_with_code = [page for page in pages if 'class="highlight"' in (SITE / page).read_text()]
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
LAPTOP = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}

# What people type, and the page that answers.
SEARCHED = {
    "400": "runbook", "403": "runbook", "413": "runbook", "1000": "how-it-works", "webhook": "index",
    "docker": "go-live", "kubernetes": "go-live", "mock": "test", "sandbox": "test", "test callback": "test",
    "ip whitelist": "go-live", "curl": "test", "retention": "go-live", "GDPR": "go-live",
    "upgrade": "changelog",
    "license": "index", "empty body": "runbook", "chunked": "endpoints", "encoding": "specification",
    "java": "test", "timeout": "go-live", "status 7": "quarantine", "respond": "how-it-works",
    "ATOMIC_REQUESTS": "django", "CONN_MAX_AGE": "django", "INSTALLED_APPS": "django", "runbook": "runbook",
    "on-call": "runbook", "pgbouncer": "store", "health": "monitor", "backfill": "migrate",
    "retry": "how-it-works", "duplicate": "how-it-works", "rotate": "rotate", "dead letter": "quarantine",
    "monitoring": "monitor", "idempotency": "how-it-works", "troubleshooting": "runbook",
}  # fmt: skip
SEARCHED_IN_CHINESE = {
    "打款": "process-events", "放款": "process-events", "代付": "index", "掉单": "process-events",
    "补单": "process-events", "联调": "test", "沙箱": "test", "回调地址": "go-live",
    "消息队列": "process-events",
    "灰度": "migrate", "建表": "store", "多实例": "store", "Docker": "go-live", "systemd": "go-live",
    "并发": "store", "白名单": "go-live", "超时": "go-live", "Django": "django",
    "幂等": "how-it-works", "验签": "security-model", "鉴权": "specification", "死信": "quarantine",
    "密钥轮换": "rotate",
    "重试": "how-it-works", "监控": "monitor", "400": "runbook",
}  # fmt: skip


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


@contextmanager
def _screen(browser: webdriver.Chrome, size: dict[str, object]) -> Iterator[None]:
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        yield
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


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
def test_the_copy_button_copies_exactly_the_block_or_the_commands_of_a_terminal(
    browser: webdriver.Chrome, site: str, page: str
) -> None:
    browser.get(site + page)
    blocks = _copied(browser)
    assert len(blocks) == (SITE / page).read_text("utf-8").count('<div class="highlight">')
    for kind, shown, copied in blocks:
        if "highlight-console" in kind:
            expected = "\n".join(line[2:] for line in shown.splitlines() if line.startswith("$ "))
        else:
            expected = shown
        assert copied.rstrip("\n") == expected.rstrip("\n")


@pytest.mark.parametrize("recipe", sorted(DOCS.glob("examples/*_app.py")), ids=lambda path: path.name)
def test_the_code_of_a_recipe_can_be_copied(browser: webdriver.Chrome, site: str, recipe: Path) -> None:
    browser.get(f"{site}endpoints.html")
    copied = {copied.strip() for _, _, copied in _copied(browser)}
    assert recipe.read_text("utf-8").split('"""\n', 1)[1].strip() in copied


@pytest.mark.parametrize(
    ("language", "word", "page"),
    [("", *one) for one in SEARCHED.items()] + [("zh/", *one) for one in SEARCHED_IN_CHINESE.items()],
)
def test_the_search_finds_the_page_that_answers_first(
    browser: webdriver.Chrome, site: str, language: str, word: str, page: str
) -> None:
    browser.get(f"{site}{language}search.html?q={quote(word)}")
    WebDriverWait(browser, WAIT).until(
        lambda driver: (
            driver.find_elements(By.CSS_SELECTOR, "#search-results ul.search li a")
            and driver.find_element(By.CSS_SELECTOR, ".search-summary").text
        )
    )
    links = browser.find_elements(By.CSS_SELECTOR, "#search-results ul.search li a")
    found = [urlsplit(str(link.get_attribute("href"))).path.rpartition("/")[2] for link in links]
    assert found[0] == f"{page}.html", found


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("runbook.html#http-500", "zh/runbook.html#http-500"),
        ("zh/runbook.html#http-500", "runbook.html#http-500"),
        ("search.html?q=docker", "zh/search.html?q=docker"),
    ],
)
def test_the_other_language_opens_at_the_same_place(
    browser: webdriver.Chrome, site: str, start: str, end: str
) -> None:
    browser.get(site + start)
    browser.execute_script("document.querySelector('a[data-other-language]').click()")
    WebDriverWait(browser, WAIT).until(lambda driver: driver.current_url == site + end)


@pytest.mark.parametrize(
    "page", ["index.html", "process-events.html", "zh/index.html", "zh/process-events.html"]
)
def test_every_word_of_a_diagram_can_be_read_on_a_phone(
    browser: webdriver.Chrome, site: str, page: str
) -> None:
    with _screen(browser, PHONE):
        browser.get(site + page)
        sizes = browser.execute_script(
            "return [...document.querySelectorAll('.diagram text')]"
            ".map((text) => text.getBoundingClientRect().height)"
        )
        assert sizes
        assert min(sizes) >= 12


def test_the_contents_of_a_page_are_beside_it_on_a_laptop(browser: webdriver.Chrome, site: str) -> None:
    with _screen(browser, LAPTOP):
        browser.get(f"{site}runbook.html")
        contents = browser.find_element(By.CSS_SELECTOR, ".toc-drawer .toc-tree").rect
        article = browser.find_element(By.TAG_NAME, "article").rect
        assert article["x"] + article["width"] <= contents["x"]
        assert contents["x"] + contents["width"] <= LAPTOP["width"]


def test_a_copy_button_that_the_keyboard_reaches_is_seen(browser: webdriver.Chrome, site: str) -> None:
    browser.get(f"{site}get-started.html")
    browser.execute_script("document.querySelector('a.sd-tab-label, article a').focus()")
    for _ in range(50):
        ActionChains(browser).send_keys(Keys.TAB).perform()
        focused = browser.switch_to.active_element
        if "copybtn" in str(focused.get_attribute("class")):
            break
    WebDriverWait(browser, WAIT).until(lambda _: focused.value_of_css_property("opacity") == "1")
    assert focused.value_of_css_property("outline-style") != "none"


@pytest.mark.parametrize("page", ["index.html", "go-live.html", "zh/test.html"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_printed_page_has_all_of_its_code_and_nothing_else_over_it(
    browser: webdriver.Chrome, site: str, page: str, scheme: str
) -> None:
    media = {"media": "print", "features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    try:
        browser.get(site + page)
        browser.execute_script("dispatchEvent(new Event('beforeprint'))")
        seen = "[...document.querySelectorAll(arguments[0])].filter((one) => one.getClientRects().length)"
        assert (
            browser.execute_script(
                f"return {seen}", ".skip-to-content, .copybtn, .sidebar-drawer, .toc-drawer"
            )
            == []
        )
        assert browser.execute_script(f"return {seen}.length", "article pre") == len(
            browser.find_elements(By.CSS_SELECTOR, "article pre")
        )
        is_cut = "one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight + 1"
        cut = f"return {seen}.filter((one) => {is_cut})"
        assert browser.execute_script(cut, "article pre") == []
        colour = "return getComputedStyle(document.querySelector('article p')).color"
        assert browser.execute_script(colour) == "rgb(0, 0, 0)"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


@pytest.mark.parametrize("page", pages)
def test_nothing_but_code_is_wider_than_a_phone(browser: webdriver.Chrome, site: str, page: str) -> None:
    with _screen(browser, PHONE):
        browser.get(site + page)
        wide = browser.execute_script(
            "return [...document.querySelectorAll('article *')].filter((part) => !part.closest('pre')"
            " && !part.closest('svg') && part.getBoundingClientRect().right > innerWidth + 1)"
            ".map((part) => part.outerHTML.slice(0, 200))"
        )
        assert wide == []


@pytest.mark.parametrize("language", ["", "zh/"])
def test_a_new_user_gets_from_the_home_page_to_a_passing_conformance_run(
    browser: webdriver.Chrome, site: str, language: str, tmp_path: Path
) -> None:
    browser.get(f"{site}{language}index.html")
    start = browser.find_element(By.CSS_SELECTOR, 'article a[href="get-started.html"]')
    browser.execute_script("arguments[0].click()", start)
    WebDriverWait(browser, WAIT).until(lambda driver: driver.current_url.endswith("get-started.html"))
    copied = [text for _, _, text in _copied(browser)]
    (app,) = [text for text in copied if "Flask(" in text]
    (commands,) = [text for text in copied if "export" in text]
    (check,) = [text for text in copied if text.startswith("skypay-payout conformance")]
    (worker,) = [text for text in copied if "run_worker(" in text]
    (tmp_path / "flask_app.py").write_text(app, encoding="utf-8")

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = "\n".join(line for line in commands.splitlines() if line.startswith("export"))
    path = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    server = subprocess.Popen(  # noqa: S603
        ["/bin/sh", "-c", commands.replace("8000", port)], cwd=tmp_path, env=path, start_new_session=True
    )
    try:
        _wait_for(int(port))
        command = f"{settings}\n{check}".replace("8000", port)
        run = subprocess.run(  # noqa: S603
            ["/bin/sh", "-c", command], cwd=tmp_path, env=path, capture_output=True, text=True, timeout=120
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert "0 failed" in run.stdout
        (tmp_path / "worker.py").write_text(worker, encoding="utf-8")
        assert _works(["/bin/sh", "-c", f"{settings}\nexec python worker.py"], tmp_path, path)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _works(command: list[str], folder: Path, environment: dict[str, str]) -> bool:
    """Run the worker until it has acted once."""
    with subprocess.Popen(  # noqa: S603
        command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stderr
        acted = any(re.search(r"INFO.*/\d+: [A-Z]+$", line.rstrip()) for line in worker.stderr)
        worker.terminate()
    return acted


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
