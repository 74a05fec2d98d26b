//! The page in the window, driven by WebKit's own driver: clicks are clicks, and
//! what is read is what the page shows.

use super::http;
use serde_json::{Value, json};
use std::path::Path;

/// A page under a driver's hand.
#[derive(Debug)]
pub struct Page {
    port: u16,
    session: String,
}

/// One service as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name.
    pub service: String,
    /// The word that a person sees.
    pub status: String,
    /// Number of the instance.
    pub generation: u64,
}

impl Page {
    /// Lets the driver start the program, and waits for its page.
    pub(super) fn open(port: u16, binary: &Path, arguments: &[&str]) -> Self {
        crate::eventually("the driver listens", || {
            http::request("GET", port, "/status", None)
        });
        let options = json!({ "binary": binary, "args": arguments });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } } });
        let answer = http::request("POST", port, "/session", Some(&wanted)).expect("a session");
        let answer: Value = serde_json::from_str(&answer).expect("the driver answers in JSON");
        let session = answer["value"]["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        let page = Self { port, session };
        page.wait();
        page
    }

    /// Waits until the page can be asked.
    ///
    /// # Panics
    /// Where it stays silent.
    pub fn wait(&self) {
        crate::eventually("the page is drawn", || {
            match self.run("return document.querySelector('main, nav') !== null", &[])? {
                Value::Bool(true) => Ok(()),
                _ => Err("it is empty".to_owned()),
            }
        });
    }

    /// Makes the window so large, in points of the screen.
    ///
    /// # Errors
    /// Where the driver refuses.
    pub fn resize(&self, width: u32, height: u32) -> Result<(), String> {
        let path = format!("/session/{}/window/rect", self.session);
        let wanted = json!({ "width": width, "height": height });
        http::request("POST", self.port, &path, Some(&wanted)).map(drop)
    }

    /// Width and height of what the window shows.
    ///
    /// # Errors
    /// Where the page does not answer.
    pub fn size(&self) -> Result<(u64, u64), String> {
        let size = self.run("return [window.innerWidth, window.innerHeight]", &[])?;
        let of = |index: usize| size[index].as_u64().ok_or_else(|| format!("{size}"));
        Ok((of(0)?, of(1)?))
    }

    /// Runs a script; what it returns.
    ///
    /// # Errors
    /// What the page or the driver says.
    pub fn run(&self, script: &str, arguments: &[Value]) -> Result<Value, String> {
        self.post(
            "execute/sync",
            &json!({ "script": script, "args": arguments }),
        )
    }

    /// Runs a script that calls its last argument when it is done.
    ///
    /// # Errors
    /// What the page or the driver says.
    pub fn run_async(&self, script: &str, arguments: &[Value]) -> Result<Value, String> {
        self.post(
            "execute/async",
            &json!({ "script": script, "args": arguments }),
        )
    }

    /// Asks the engine something by the page's own door.
    ///
    /// # Errors
    /// What the engine says.
    pub fn ask(&self, method: &str, request: &Value) -> Result<Value, String> {
        let script = "const [method, request, done] = arguments;
            window.__TAURI_INTERNALS__.invoke('call', { method, request })
              .then((value) => done({ value }), (error) => done({ error }));";
        let answer = self.run_async(script, &[json!(method), request.clone()])?;
        match &answer["error"] {
            Value::Null => Ok(answer["value"].clone()),
            error => Err(error.to_string()),
        }
    }

    /// Clicks on the first element of this description, once it is there.
    ///
    /// # Panics
    /// Where it does not appear, or cannot be clicked on.
    pub fn click(&self, css: &str) {
        crate::eventually(&format!("click on {css}"), || {
            let element = self.element(css)?;
            self.post(&format!("element/{element}/click"), &json!({}))
        });
    }

    /// Clicks on what ends the program, which may be gone before it has answered.
    ///
    /// # Panics
    /// Where there is nothing to click on.
    pub fn click_to_end(&self, css: &str) {
        let element = crate::eventually(&format!("{css} appears"), || self.element(css));
        let clicked = self.post(&format!("element/{element}/click"), &json!({}));
        if let Err(error) = clicked {
            println!("the click had no answer: {error}");
        }
    }

    /// Writes into the first element of this description.
    ///
    /// # Panics
    /// Where it does not appear, or cannot be written into.
    pub fn write(&self, css: &str, text: &str) {
        crate::eventually(&format!("write into {css}"), || {
            let element = self.element(css)?;
            self.post(
                &format!("element/{element}/value"),
                &json!({ "text": text }),
            )
        });
    }

    /// Whether there is an element of this description.
    ///
    /// # Errors
    /// What the page or the driver says.
    pub fn has(&self, css: &str) -> Result<bool, String> {
        let found = self.run(
            "return document.querySelector(arguments[0]) !== null",
            &[json!(css)],
        )?;
        Ok(found == Value::Bool(true))
    }

    /// Waits for an element of this description; returns its text.
    ///
    /// # Panics
    /// Where none appears.
    pub fn text_of(&self, css: &str) -> String {
        let script = "return document.querySelector(arguments[0])?.innerText ?? null";
        crate::eventually(&format!("{css} appears"), || {
            match self.run(script, &[json!(css)])? {
                Value::String(text) => Ok(text),
                _ => Err(format!("the page shows {:?}", self.text())),
            }
        })
    }

    /// An attribute of every element of this description.
    ///
    /// # Errors
    /// What the page or the driver says.
    pub fn attributes(&self, css: &str, attribute: &str) -> Result<Vec<String>, String> {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .map((element) => element.getAttribute(arguments[1]) ?? '')";
        let found = self.run(script, &[json!(css), json!(attribute)])?;
        let words = found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        Ok(words.map(str::to_owned).collect())
    }

    /// The services that the page lists, in the order of their names.
    ///
    /// # Errors
    /// What the page or the driver says.
    pub fn rows(&self) -> Result<Vec<Row>, String> {
        let script = "return [...document.querySelectorAll('[data-testid=service-row]')]
            .map(({ dataset }) => [dataset.service, dataset.status, Number(dataset.generation)])";
        let found = self.run(script, &[])?;
        let row = |value: &Value| {
            Some(Row {
                service: value[0].as_str()?.to_owned(),
                status: value[1].as_str()?.to_owned(),
                generation: value[2].as_u64()?,
            })
        };
        let mut rows: Vec<Row> = found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(row)
            .collect();
        rows.sort_by(|a, b| a.service.cmp(&b.service));
        Ok(rows)
    }

    /// One service.
    ///
    /// # Errors
    /// Where it is not listed.
    pub fn row(&self, service: &str) -> Result<Row, String> {
        let found = self.rows()?.into_iter().find(|row| row.service == service);
        found.ok_or_else(|| format!("{service} is not listed"))
    }

    /// The part of the address that says which view is shown.
    ///
    /// # Errors
    /// What the page or the driver says.
    pub fn address(&self) -> Result<String, String> {
        Ok(self
            .run("return location.hash", &[])?
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// All that can be read on it.
    ///
    /// # Errors
    /// What the page or the driver says.
    pub fn text(&self) -> Result<String, String> {
        Ok(self
            .run("return document.body.innerText", &[])?
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    /// A picture of what the window shows, as PNG.
    ///
    /// # Errors
    /// What the page or the driver says.
    pub fn screenshot(&self) -> Result<Vec<u8>, String> {
        let answer = self.value(&http::request(
            "GET",
            self.port,
            &self.path("screenshot"),
            None,
        )?)?;
        base64::decode(answer.as_str().unwrap_or_default()).ok_or_else(|| "no picture".to_owned())
    }

    /// The points of a PNG as the page draws them, so that two files that look
    /// the same compare as the same.
    ///
    /// # Errors
    /// Where it is no picture.
    pub fn points_of(&self, png: &[u8]) -> Result<Vec<u8>, String> {
        let script = "const [source, done] = arguments;
            const image = new Image();
            image.onerror = () => done(null);
            image.onload = () => {
              const canvas = document.createElement('canvas');
              canvas.width = image.width;
              canvas.height = image.height;
              const context = canvas.getContext('2d');
              context.drawImage(image, 0, 0);
              done(Array.from(context.getImageData(0, 0, image.width, image.height).data));
            };
            image.src = `data:image/png;base64,${source}`;";
        let answer = self.run_async(script, &[json!(base64::encode(png))])?;
        let points = answer.as_array().ok_or("it is no picture")?;
        Ok(points
            .iter()
            .filter_map(Value::as_u64)
            .filter_map(|p| u8::try_from(p).ok())
            .collect())
    }

    fn element(&self, css: &str) -> Result<String, String> {
        let wanted = json!({ "using": "css selector", "value": css });
        let found = self.post("element", &wanted)?;
        let id = found
            .as_object()
            .and_then(|found| found.values().next()?.as_str());
        id.map(str::to_owned).ok_or_else(|| format!("no {css}"))
    }

    fn post(&self, what: &str, body: &Value) -> Result<Value, String> {
        self.value(&http::request(
            "POST",
            self.port,
            &self.path(what),
            Some(body),
        )?)
    }

    fn path(&self, what: &str) -> String {
        format!("/session/{}/{what}", self.session)
    }

    fn value(&self, answer: &str) -> Result<Value, String> {
        let answer: Value = serde_json::from_str(answer).map_err(|e| format!("{e}: {answer}"))?;
        Ok(answer["value"].clone())
    }
}

/// Base64, which the driver packs pictures in.
mod base64 {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    pub(super) fn encode(bytes: &[u8]) -> String {
        let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
        for group in bytes.chunks(3) {
            let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
            let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
            for at in 0..4 {
                let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
                text.push(if at > group.len() {
                    '='
                } else {
                    char::from(letter)
                });
            }
        }
        text
    }

    pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
        let letters: Vec<u8> = text
            .bytes()
            .filter(|b| !b.is_ascii_whitespace() && *b != b'=')
            .collect();
        for group in letters.chunks(4) {
            let mut bits = 0_u32;
            for letter in group {
                let value = LETTERS.iter().position(|known| known == letter)?;
                bits = bits << 6 | u32::try_from(value).ok()?;
            }
            bits <<= 6 * (4 - group.len());
            bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
        }
        Some(bytes)
    }

    #[cfg(test)]
    mod tests {
        #[test]
        fn it_survives_the_round_trip() {
            for bytes in [&b""[..], b"a", b"ab", b"abc", b"abcd", &[0, 255, 254, 7]] {
                assert_eq!(super::decode(&super::encode(bytes)).as_deref(), Some(bytes));
            }
            assert_eq!(super::encode(b"ab"), "YWI=");
        }
    }
}
