//! A screen that nobody looks at, and the few requests of its protocol that a
//! window manager would make: which windows are shown, and "please close".

use super::background::Background;
use super::picture::Picture;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// An X server of the test's own.
#[derive(Debug)]
pub(super) struct Display {
    number: u32,
    _server: Background,
}

/// A window that is on the screen.
#[derive(Debug)]
pub(super) struct Window {
    id: u32,
    pub(super) title: String,
}

impl Display {
    pub(super) fn new(folder: &Path) -> Self {
        let mut server = Command::new("Xvfb");
        // Without -noreset it would begin anew when its last client leaves, and
        // whoever connects in that moment dies.
        server.args("-displayfd 1 -screen 0 1400x900x24 -noreset -nolisten tcp".split(' '));
        server.current_dir(folder);
        let (server, number) = Background::start_and_read("Xvfb", server);
        let number = number.trim().parse().expect("Xvfb says its number");
        Self {
            number,
            _server: server,
        }
    }

    /// What DISPLAY must be.
    pub(super) fn name(&self) -> String {
        format!(":{}", self.number)
    }

    /// What is on the screen.
    pub(super) fn windows(&self) -> io::Result<Vec<Window>> {
        Connection::open(self.number)?.windows()
    }

    /// Asks the window of this title to close, as its frame's button does.
    pub(super) fn close(&self, title: &str) -> io::Result<()> {
        let mut connection = Connection::open(self.number)?;
        let window = connection.window(title)?;
        connection.ask_to_close(window)
    }

    /// The window of this title, with what lies over it.
    pub(super) fn picture(&self, title: &str) -> io::Result<Picture> {
        let mut connection = Connection::open(self.number)?;
        let window = connection.window(title)?;
        connection.picture(window)
    }

    /// All that is on the screen.
    pub(super) fn screen(&self) -> io::Result<Picture> {
        let mut connection = Connection::open(self.number)?;
        connection.picture(connection.root)
    }
}

/// One connection to the server, in the byte order of x86 and ARM.
struct Connection {
    stream: UnixStream,
    root: u32,
}

const WM_NAME: u32 = 39;
const VIEWABLE: u8 = 2;
const CLIENT_MESSAGE: u8 = 33;
const Z_PIXMAP: u8 = 2;

impl Connection {
    fn open(number: u32) -> io::Result<Self> {
        let stream = UnixStream::connect(format!("/tmp/.X11-unix/X{number}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        let mut connection = Self { stream, root: 0 };
        // Little-endian, protocol 11.0, no authorisation.
        connection
            .stream
            .write_all(&[b'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0])?;
        let head = connection.read(8)?;
        let rest = connection.read(usize::from(short(&head, 6)) * 4)?;
        if head[0] != 1 {
            return Err(io::Error::other("the display refuses"));
        }
        // The fixed part, the maker's name, and 8 bytes for each pixel format.
        let maker = usize::from(short(&rest, 16)).next_multiple_of(4);
        connection.root = long(&rest, 32 + maker + usize::from(rest[21]) * 8);
        Ok(connection)
    }

    /// Windows without a window manager are children of the root.
    fn windows(&mut self) -> io::Result<Vec<Window>> {
        let tree = self.ask(15, 0, &self.root.to_le_bytes())?;
        let count = usize::from(short(&tree, 16));
        let mut windows = Vec::new();
        for at in 0..count {
            let id = long(&tree, 32 + at * 4);
            // It may have gone meanwhile; then there is nothing to list.
            let (Ok(attributes), Ok(title)) = (self.ask(3, 0, &id.to_le_bytes()), self.title(id))
            else {
                continue;
            };
            if attributes[26] == VIEWABLE && !title.is_empty() {
                windows.push(Window { id, title });
            }
        }
        Ok(windows)
    }

    fn window(&mut self, title: &str) -> io::Result<u32> {
        let windows = self.windows()?;
        let window = windows.iter().find(|window| window.title == title);
        let window = window.ok_or_else(|| io::Error::other(format!("there are {windows:?}")))?;
        Ok(window.id)
    }

    fn picture(&mut self, window: u32) -> io::Result<Picture> {
        let geometry = self.ask(14, 0, &window.to_le_bytes())?;
        // From its upper left corner, all bits of each point.
        let body = [
            &window.to_le_bytes()[..],
            &[0; 4],
            &geometry[16..20],
            &[0xff; 4],
        ]
        .concat();
        let image = self.ask(73, Z_PIXMAP, &body)?;
        let (width, height) = (short(&geometry, 16), short(&geometry, 18));
        Ok(Picture::from_x(width, height, &image[32..]))
    }

    fn title(&mut self, window: u32) -> io::Result<String> {
        let name = self.atom("_NET_WM_NAME")?;
        for property in [name, WM_NAME] {
            let words = [window, property, 0, 0, 256];
            let answer = self.ask(20, 0, &words.map(u32::to_le_bytes).concat())?;
            let length = long(&answer, 16) as usize;
            if length > 0 {
                return Ok(String::from_utf8_lossy(&answer[32..32 + length]).into_owned());
            }
        }
        Ok(String::new())
    }

    fn ask_to_close(&mut self, window: u32) -> io::Result<()> {
        let (protocols, delete) = (self.atom("WM_PROTOCOLS")?, self.atom("WM_DELETE_WINDOW")?);
        let mut event = vec![CLIENT_MESSAGE, 32, 0, 0];
        event.extend(
            [window, protocols, delete, 0, 0, 0, 0]
                .map(u32::to_le_bytes)
                .concat(),
        );
        let body = [&window.to_le_bytes()[..], &0_u32.to_le_bytes(), &event].concat();
        self.send(25, 0, &body)?;
        // An answer to a later request says that this one was taken.
        self.atom("WM_PROTOCOLS").map(drop)
    }

    fn atom(&mut self, name: &str) -> io::Result<u32> {
        let length = u16::try_from(name.len()).expect("a short name");
        let mut body = [&length.to_le_bytes()[..], &[0, 0], name.as_bytes()].concat();
        body.resize(body.len().next_multiple_of(4), 0);
        Ok(long(&self.ask(16, 0, &body)?, 8))
    }

    fn send(&mut self, code: u8, data: u8, body: &[u8]) -> io::Result<()> {
        let length = u16::try_from(body.len() / 4 + 1).expect("a short request");
        let request = [&[code, data][..], &length.to_le_bytes(), body].concat();
        self.stream.write_all(&request)
    }

    /// Sends a request; its answer, past the events that come between.
    fn ask(&mut self, code: u8, data: u8, body: &[u8]) -> io::Result<Vec<u8>> {
        self.send(code, data, body)?;
        loop {
            let mut answer = self.read(32)?;
            match answer[0] {
                0 => {
                    return Err(io::Error::other(format!(
                        "request {code}: error {}",
                        answer[1]
                    )));
                }
                1 => {
                    let more = self.read(long(&answer, 4) as usize * 4)?;
                    answer.extend(more);
                    return Ok(answer);
                }
                _ => {}
            }
        }
    }

    fn read(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn long(bytes: &[u8], at: usize) -> u32 {
    u32::from(short(bytes, at)) | u32::from(short(bytes, at + 2)) << 16
}
