//! A real Chromium in the size of a small phone, told through two pipes (its protocol for developers) what a finger would do.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

/// Longer than any answer takes on the slowest machine; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_mins(2);
/// The width of a small phone, in CSS pixels (WCAG 2.2, 1.4.10).
pub(crate) const WIDTH: u32 = 320;
const HEIGHT: u32 = 640;
/// axe-core 4.10.3, as its makers publish it (MPL 2.0, axe.LICENSE).
const AXE: &str = include_str!("axe.min.js");
/// What is asked of every page.
const RULES: &str = "['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']";

/// One browser with one page in it.
pub(crate) struct Browser {
    child: Child,
    ask: ChildStdin,
    answers: Receiver<Value>,
    events: VecDeque<Value>,
    session: Option<String>,
    asked: u64,
    folder: PathBuf,
}

impl Browser {
    /// Starts it; none where there is no Chromium, which in CI is a failure.
    pub(crate) fn start(name: &str) -> Option<Self> {
        let found = |program: &&str| Command::new(program).arg("--version").output().is_ok();
        let Some(program) = ["chromium", "chromium-browser"].into_iter().find(found) else {
            assert!(std::env::var("CI").is_err(), "there is no chromium");
            eprintln!("!!! no chromium: `{name}` is SKIPPED");
            return None;
        };
        let folder = std::env::temp_dir().join(format!("chancery-phone-{}-{name}", std::process::id()));
        // The protocol wants its pipes as files 3 and 4.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", program])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .args(["--disable-background-networking", "--disable-component-update", "--no-first-run"])
            .args(["--remote-debugging-pipe", "--force-color-profile=srgb", "--lang=vi"])
            .arg(format!("--user-data-dir={}", folder.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let (ask, said) = (child.stdin.take().expect("a pipe"), child.stdout.take().expect("a pipe"));
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(said).split(0).map_while(Result::ok) {
                let Ok(message) = serde_json::from_slice(&message) else { continue };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let (events, session) = (VecDeque::new(), None);
        let mut browser = Self { child, ask, answers, events, session, asked: 0, folder };
        let page = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let held = browser.call("Target.attachToTarget", &json!({"targetId": page["targetId"], "flatten": true}));
        browser.session = held["sessionId"].as_str().map(str::to_owned);
        browser.call("Page.enable", &json!({}));
        let screen = json!({"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 2, "mobile": true});
        browser.call("Emulation.setDeviceMetricsOverride", &screen);
        Some(browser)
    }

    /// Opens an address.
    pub(crate) fn open(&mut self, url: &str) {
        self.events.clear();
        let begun = self.call("Page.navigate", &json!({"url": url}));
        assert!(begun["errorText"].is_null(), "{url}: {begun}");
        self.loaded();
    }

    /// Opens an address with its scripts, as a scanner does, and touches everything with them; false where it gives a file.
    pub(crate) fn scan(&mut self, url: &str) -> bool {
        self.events.clear();
        let begun = self.call("Page.navigate", &json!({"url": url}));
        if !begun["errorText"].is_null() {
            return false;
        }
        self.loaded();
        self.value(
            "document.querySelectorAll('a, button, input, select, textarea, summary').forEach(it => {
                it.focus();
                for (const name of ['pointerover', 'mouseover', 'mousemove', 'touchstart'])
                    it.dispatchEvent(new Event(name, {bubbles: true}));
            })",
        );
        true
    }

    /// Where the links of the page lead, without the place in the page.
    pub(crate) fn links(&mut self) -> Vec<String> {
        let found = self.value("[...document.links].map(link => link.href.split('#')[0])");
        found.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Opens a mail as a mail program shows it: its HTML, without a script.
    pub(crate) fn open_mail(&mut self, html: &str) {
        use base64::Engine as _;
        let sized = "<meta name=viewport content=\"width=device-width\">";
        let html =
            base64::engine::general_purpose::STANDARD.encode(html.replacen("<head>", &format!("<head>{sized}"), 1));
        self.open(&format!("data:text/html;charset=utf-8;base64,{html}"));
    }

    /// Touches what a selector finds, in its middle, where it has to be seen and not covered.
    pub(crate) fn tap(&mut self, selector: &str) {
        let place = self.value(&format!(
            "(() => {{
                const all = [...document.querySelectorAll({selector:?})];
                const it = all.find(one => one.checkVisibility() && one.getBoundingClientRect().width > 0);
                if (!it) return 'nothing is seen';
                it.scrollIntoView({{block: 'center', behavior: 'instant'}});
                const box = it.getClientRects()[0];
                const x = box.x + box.width / 2, y = box.y + box.height / 2;
                const hit = document.elementFromPoint(x, y);
                if (!hit || !(it.contains(hit) || hit.contains(it) || hit.closest('label')?.control === it))
                    return 'it is covered by ' + (hit ? hit.outerHTML.slice(0, 200) : 'nothing');
                return {{x, y}};
            }})()"
        ));
        assert!(place["x"].is_number(), "{selector}: {place}\n{}", self.text());
        for kind in ["mousePressed", "mouseReleased"] {
            let touch = json!({"type": kind, "x": place["x"], "y": place["y"], "button": "left", "clickCount": 1});
            self.call("Input.dispatchMouseEvent", &touch);
        }
    }

    /// Touches what leads to another page, and waits for it.
    pub(crate) fn follow(&mut self, selector: &str) {
        self.events.clear();
        self.tap(selector);
        self.loaded();
    }

    /// Writes into a field, in place of what stood there.
    pub(crate) fn write(&mut self, selector: &str, text: &str) {
        self.tap(selector);
        self.value(&format!("document.querySelector({selector:?}).select()"));
        self.call("Input.insertText", &json!({"text": text}));
        let kept = self.value(&format!("document.querySelector({selector:?}).value"));
        assert_eq!(kept.as_str().map(|kept| kept.replace('\r', "")).as_deref(), Some(text), "{selector}");
    }

    /// Sets a field whose picker is drawn by the system (a day, one of a list).
    pub(crate) fn pick(&mut self, selector: &str, value: &str) {
        self.tap(selector);
        let set = self.value(&format!(
            "(() => {{ const it = document.querySelector({selector:?}); it.value = {value:?}; return it.value; }})()"
        ));
        assert_eq!(set, value, "{selector}");
    }

    /// Gives a file to a field.
    pub(crate) fn attach(&mut self, selector: &str, file: &Path) {
        let root = self.call("DOM.getDocument", &json!({}));
        let found = self.call("DOM.querySelector", &json!({"nodeId": root["root"]["nodeId"], "selector": selector}));
        assert_ne!(found["nodeId"], 0, "{selector}");
        self.call("DOM.setFileInputFiles", &json!({"files": [file], "nodeId": found["nodeId"]}));
    }

    /// What a reader sees.
    pub(crate) fn text(&mut self) -> String {
        self.value("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// What the page answers to a question in its own language.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", &params);
        assert!(answer["exceptionDetails"].is_null(), "{expression:.200}: {answer}");
        answer["result"]["value"].clone()
    }

    /// A picture of the whole page.
    pub(crate) fn picture(&mut self, file: &Path) {
        use base64::Engine as _;
        let taken = self.call("Page.captureScreenshot", &json!({"format": "png", "captureBeyondViewport": true}));
        let bytes = base64::engine::general_purpose::STANDARD.decode(taken["data"].as_str().unwrap_or_default());
        std::fs::write(file, bytes.expect("a picture")).expect("it is written");
    }

    /// What is wrong with the page for people who see, hear, move or understand less (WCAG 2.2 AA as far as axe can tell).
    pub(crate) fn barriers(&mut self) -> Vec<String> {
        self.value(AXE);
        let found = self.value(&format!(
            "axe.run(document, {{runOnly: {{type: 'tag', values: {RULES}}}}}).then(done => done.violations.flatMap(
                one => one.nodes.map(node => one.id + ': ' + node.html.slice(0, 200) + ' ' + node.failureSummary)))"
        ));
        let found = found.as_array().expect("axe answers");
        found.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// How wide its content is, in CSS pixels.
    pub(crate) fn width(&mut self) -> u64 {
        self.value("document.documentElement.scrollWidth").as_u64().unwrap_or(u64::MAX)
    }

    fn loaded(&mut self) {
        loop {
            while let Some(event) = self.events.pop_front() {
                if event["method"] == "Page.loadEventFired" {
                    return;
                }
            }
            let message = self.answers.recv_timeout(PATIENCE).expect("a page that was touched loads");
            self.events.push_back(message);
        }
    }

    fn call(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let mut message = json!({"id": self.asked, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.ask.write_all(&bytes).expect("chromium listens");
        loop {
            let mut answer = self.answers.recv_timeout(PATIENCE).expect("chromium answers");
            if answer["id"] == self.asked {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.events.push_back(answer);
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
