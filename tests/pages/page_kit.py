"""Opens pages that mig writes in headless Chromium and says what is wrong with them: messages on the console,
requests to anywhere, content wider than the window. Speaks the DevTools protocol over a pipe; needs Debian's
package `chromium` and no network.

    with page_kit.Browser() as browser:
        page = browser.open("/path/page.html", width=1280, dark=False)
        page.errors, page.requests, page.overflow()
        page.screenshot("/path/page.png")

    page_kit.check(test_case, browser, "/path/page.html", "/folder/for/screenshots/name")
"""

import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

WIDTHS = (1280, 400)


class Browser:
    """One headless Chromium with a profile of its own."""

    def __enter__(self):
        program = os.environ.get("MIG_CHROMIUM") or shutil.which("chromium")
        if program is None:
            raise RuntimeError("these tests need Chromium: apt-get install chromium, or set MIG_CHROMIUM")
        self.profile = tempfile.mkdtemp(prefix="mig-chromium-")
        to_browser, from_browser = os.pipe(), os.pipe()

        def take_pipes():  # Chromium reads commands from descriptor 3 and answers on 4
            read = fcntl.fcntl(to_browser[0], fcntl.F_DUPFD, 20)
            write = fcntl.fcntl(from_browser[1], fcntl.F_DUPFD, 20)
            os.dup2(read, 3)
            os.dup2(write, 4)

        # A proxy that is not there: whatever a page asks for is seen, and nothing leaves the machine.
        self.process = subprocess.Popen(
            [program, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-extensions",
             "--disable-component-update", "--hide-scrollbars", "--font-render-hinting=none",
             "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
             "--user-data-dir=" + self.profile, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=take_pipes, env=dict(os.environ, HOME=self.profile))
        os.close(to_browser[0])
        os.close(from_browser[1])
        self.write, self.read = to_browser[1], from_browser[0]
        self.buffer, self.events, self.last = b"", [], 0
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.write)
        os.close(self.read)
        shutil.rmtree(self.profile, ignore_errors=True)

    def message(self, seconds):
        """The next message; None after so many seconds without one."""
        until = time.monotonic() + seconds
        while b"\0" not in self.buffer:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.read], [], [], left)[0]:
                return None
            more = os.read(self.read, 1 << 20)
            if not more:
                raise RuntimeError("Chromium ended")
            self.buffer += more
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **params):
        """Calls a method of the protocol; events that come meanwhile are kept in self.events."""
        self.last += 1
        command = {"id": self.last, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self.write, data):]
        while True:
            message = self.message(60)
            if message is None:
                raise RuntimeError("no answer to " + method)
            if message.get("id") == self.last:
                if "error" in message:
                    raise RuntimeError("%s: %s" % (method, message["error"]["message"]))
                return message["result"]
            self.events.append(message)

    def wait_event(self, session, method):
        while True:
            for event in self.events:
                if event.get("sessionId") == session and event.get("method") == method:
                    return
            message = self.message(60)
            if message is None:
                raise RuntimeError("no " + method)
            self.events.append(message)

    def open(self, path, width=1280, height=900, dark=False):
        """A page in a tab of its own, loaded; width in CSS pixels."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable", session)
        self.call("Emulation.setDeviceMetricsOverride", session, width=width, height=height, deviceScaleFactor=1,
                  mobile=False)
        self.call("Emulation.setEmulatedMedia", session,
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.events.clear()
        url = pathlib.Path(path).resolve().as_uri()
        self.call("Page.navigate", session, url=url)
        self.wait_event(session, "Page.loadEventFired")
        return Page(self, session, target, url)


class Page:
    def __init__(self, browser, session, target, url):
        self.browser, self.session, self.target = browser, session, target
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")
        self.errors, self.requests = [], []
        for event in browser.events:
            params = event.get("params", {})
            if event.get("sessionId") != session:
                continue
            if event["method"] == "Runtime.consoleAPICalled":
                self.errors.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
            elif event["method"] == "Runtime.exceptionThrown":
                self.errors.append(params["exceptionDetails"]["text"])
            elif event["method"] == "Log.entryAdded":
                self.errors.append(params["entry"]["text"])
            elif event["method"] == "Network.requestWillBeSent":
                asked = params["request"]["url"]
                if asked.split("#")[0] != url and not asked.startswith("data:"):
                    self.requests.append(asked)

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page (promises are waited for)."""
        result = self.browser.call("Runtime.evaluate", self.session, expression=expression, awaitPromise=True,
                                   returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", "script failed"))
        return result["result"].get("value")

    def overflow(self):
        """By how many pixels the content is wider than the window."""
        return self.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")

    def screenshot(self, path, full=True, height_limit=12000):
        """A PNG of the whole page (its first height_limit pixels) or of the window."""
        params = {"format": "png"}
        if full:
            size = self.browser.call("Page.getLayoutMetrics", self.session)["cssContentSize"]
            params["captureBeyondViewport"] = True
            params["clip"] = {"x": 0, "y": 0, "width": size["width"],
                              "height": min(size["height"], height_limit), "scale": 1}
        data = self.browser.call("Page.captureScreenshot", self.session, **params)["data"]
        self.save(path, data)

    def pdf(self, path):
        """The page as it is printed."""
        self.save(path, self.browser.call("Page.printToPDF", self.session, preferCSSPageSize=True)["data"])

    @staticmethod
    def save(path, data):
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)


def check(case, browser, path, shots, widths=WIDTHS):
    """Asserts (by a unittest case) that a page is quiet, asks for nothing and fits, in light and dark, at each
    width; leaves shots-WIDTH-light.png and -dark.png."""
    for width in widths:
        for dark in (False, True):
            with case.subTest(page=os.path.basename(path), width=width, dark=dark):
                page = browser.open(path, width=width, dark=dark)
                case.assertEqual(page.errors, [])
                case.assertEqual(page.requests, [])
                case.assertLessEqual(page.overflow(), 0)
                page.screenshot("%s-%d-%s.png" % (shots, width, "dark" if dark else "light"))
                page.close()
