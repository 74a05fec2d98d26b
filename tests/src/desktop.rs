//! The desktop as a person meets it: the real program in a real window on a
//! screen of its own, with a session bus of its own on which the test plays the
//! panel and the notification service.

mod background;
mod display;
pub mod http;
pub mod notifications;
pub mod page;
mod picture;
mod portal;
mod requirement;
pub mod sample;
mod session_bus;
pub mod tray;
mod turns;

pub use background::lives;
pub use page::{Page, Row};
pub use picture::Picture;

use crate::home::Home;
use crate::programs::{program, root};
use background::Background;
use display::Display;
use notifications::Notifications;
use session_bus::SessionBus;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;
use tray::Tray;
use turns::Turn;

/// A desktop with a user. Everything that was started is ended by its id when
/// it goes, and what it showed is kept when the test has failed.
#[derive(Debug)]
pub struct Desktop {
    test: String,
    app: Option<App>,
    /// The panel's side of the tray icon.
    pub tray: Tray,
    /// What the program told the user.
    pub notifications: Notifications,
    /// The desktop's settings.
    pub portal: portal::Portal,
    bus: SessionBus,
    display: Display,
    /// The user's data and engine.
    pub home: Home,
    _runtime: tokio::runtime::Runtime,
    // Last, so that the next test begins when all of this has ended.
    _turn: Turn,
}

/// A start of the program that only its window and its icon tell of.
#[derive(Debug)]
pub struct Alone(Background);

impl Alone {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.0.pid()
    }
}

/// One start of the program.
#[derive(Debug)]
struct App {
    page: Page,
    pid: i32,
    // Ends the driver; the driver's end would leave the program without a way
    // to be asked anything.
    _driver: Background,
}

impl Desktop {
    /// A desktop whose panel shows status icons; `None` where this machine has
    /// not the programs for it, which is said.
    ///
    /// # Panics
    /// Where they are missing though they were demanded.
    #[must_use]
    pub fn new(test: &str) -> Option<Self> {
        Self::with_panel(test, true)
    }

    /// A desktop without a place for status icons.
    ///
    /// # Panics
    /// As [`Desktop::new`].
    #[must_use]
    pub fn without_panel(test: &str) -> Option<Self> {
        Self::with_panel(test, false)
    }

    fn with_panel(test: &str, panel: bool) -> Option<Self> {
        if !requirement::desktop(test) {
            return None;
        }
        // Missing programs are better said before anything was started.
        let _ = (program("benchtop"), program("benchtop-desktop"));
        let turn = Turn::take();
        let home = Home::new();
        for folder in ["xdg-runtime", "xdg-data", "xdg-config", "xdg-cache", "user"] {
            private_folder(&home.path().join(folder));
        }
        let display = Display::new(home.path());
        let bus = SessionBus::new(home.path());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime for the bus");
        let notifications = Notifications::new(&runtime, bus.address());
        let tray = Tray::new(&runtime, bus.address(), panel);
        let portal = portal::Portal::new(&runtime, bus.address());
        Some(Self {
            test: test.to_owned(),
            app: None,
            tray,
            notifications,
            portal,
            bus,
            display,
            home,
            _runtime: runtime,
            _turn: turn,
        })
    }

    /// Starts the program and waits for its page.
    ///
    /// # Panics
    /// Where it does not come up.
    pub fn start(&mut self, arguments: &[&str]) {
        assert!(self.app.is_none(), "the program runs already");
        let log = self.open_log();
        let port = crate::free_port();
        let mut driver = Command::new("WebKitWebDriver");
        driver
            .args([format!("--port={port}"), "--host=127.0.0.1".to_owned()])
            .stdout(log.try_clone().expect("the same log"))
            .stderr(log);
        self.with_variables(&mut driver);
        // WebKit shows its page to the driver only where the program allows it.
        driver.env("TAURI_WEBVIEW_AUTOMATION", "true");
        let driver = Background::start("WebKitWebDriver", driver);
        let page = Page::open(port, &program("benchtop-desktop"), arguments);
        let pid = background::child_of(driver.pid(), "benchtop-deskto")
            .expect("the driver has started the program");
        self.app = Some(App {
            page,
            pid,
            _driver: driver,
        });
    }

    /// Starts the program once more, as a user would who forgot that it runs.
    ///
    /// # Panics
    /// Where it does not end soon and well.
    pub fn start_again(&self, arguments: &[&str]) {
        let mut second = Command::new(program("benchtop-desktop"));
        second
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(self.open_log());
        self.with_variables(&mut second);
        let mut second = Background::start("a second benchtop-desktop", second);
        let ended = crate::eventually("the second start ends", || {
            second.ended().ok_or_else(|| "it goes on".to_owned())
        });
        assert!(ended.success(), "the second start: {ended}");
    }

    /// Starts the program as a session does, without a driver: nothing can be asked of its
    /// page. It ends when what is returned goes.
    #[must_use]
    pub fn start_alone(&self, arguments: &[&str]) -> Alone {
        let mut command = Command::new(program("benchtop-desktop"));
        command
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(self.open_log());
        self.with_variables(&mut command);
        Alone(Background::start("benchtop-desktop", command))
    }

    /// The page in the window.
    ///
    /// # Panics
    /// Where the program was not started.
    #[must_use]
    pub fn page(&self) -> &Page {
        &self.app().page
    }

    /// Process id of the program.
    ///
    /// # Panics
    /// Where it was not started.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.app().pid
    }

    /// Process id of the process that draws the page.
    ///
    /// # Errors
    /// Where there is none.
    pub fn web_process(&self) -> Result<i32, String> {
        background::child_of(self.pid(), "WebKitWebProces")
            .ok_or_else(|| "no web process".to_owned())
    }

    /// Waits until the program has ended by itself.
    ///
    /// # Panics
    /// Where it goes on.
    pub fn wait_for_end(&mut self) {
        let pid = self.pid();
        crate::eventually("the program ends", || match background::lives(pid) {
            true => Err("it lives".to_owned()),
            false => Ok(()),
        });
        self.app = None;
    }

    /// Whether the program runs.
    #[must_use]
    pub fn runs(&self) -> bool {
        self.app
            .as_ref()
            .is_some_and(|app| background::lives(app.pid))
    }

    /// Titles of all windows that are on the screen.
    ///
    /// # Panics
    /// Where the display does not answer.
    #[must_use]
    pub fn windows(&self) -> Vec<String> {
        let windows = self.display.windows().expect("the display answers");
        windows.into_iter().map(|window| window.title).collect()
    }

    /// Waits until a window of this title is on the screen, or is not.
    ///
    /// # Panics
    /// Where that does not happen.
    pub fn wait_for_window(&self, title: &str, wanted: bool) {
        crate::eventually(&format!("a window {title:?}: {wanted}"), || {
            let windows = self.windows();
            let shown = windows.iter().any(|window| window == title);
            (shown == wanted)
                .then_some(())
                .ok_or_else(|| format!("there are {windows:?}"))
        });
    }

    /// Closes a window, as its frame's button does.
    ///
    /// # Panics
    /// Where there is none of this title.
    pub fn close_window(&self, title: &str) {
        self.display.close(title).expect("close the window");
    }

    /// What the window shows on the screen, which says what a person sees even
    /// where the page cannot be asked.
    ///
    /// # Errors
    /// Where there is no window.
    pub fn picture(&self) -> Result<Picture, String> {
        self.display
            .picture(WINDOW)
            .map_err(|error| error.to_string())
    }

    /// What the window shows once all is drawn and nothing moves any more.
    ///
    /// # Panics
    /// Where it does not come to rest, or the page cannot be asked.
    #[must_use]
    pub fn still_picture(&self) -> Picture {
        let drawn = "const [done] = arguments; const frame = requestAnimationFrame;
            document.fonts.ready.then(() => frame(() => frame(done)));";
        self.page()
            .run_async(drawn, &[])
            .expect("the page is drawn");
        let (mut last, mut times) = (Picture::default(), 0);
        crate::eventually("the window stands still", || {
            let picture = self.picture()?;
            times = if picture.difference(&last) == 0.0 {
                times + 1
            } else {
                0
            };
            last = picture;
            if times == 10 {
                Ok(last.clone())
            } else {
                Err("it moves".to_owned())
            }
        })
    }

    /// What the program has said on its standard error so far.
    #[must_use]
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Waits until the page shows all services of the sample as Healthy, and
    /// returns them.
    ///
    /// # Panics
    /// Where they do not become so.
    pub fn wait_until_healthy(&self) -> Vec<Row> {
        crate::eventually("all rows turn Healthy", || {
            let rows = self.page().rows()?;
            let healthy =
                rows.len() == sample::SERVICES.len() && rows.iter().all(|r| r.status == "Healthy");
            if healthy {
                Ok(rows)
            } else {
                Err(format!("{rows:?}"))
            }
        })
    }

    fn app(&self) -> &App {
        self.app.as_ref().expect("the program was started")
    }

    fn log(&self) -> PathBuf {
        self.home.path().join("desktop.log")
    }

    fn open_log(&self) -> std::fs::File {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log());
        log.expect("a log for the program")
    }

    /// Variables that make a program one of this desktop.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let below = |name: &str| self.home.path().join(name).display().to_string();
        let own = [
            ("LANG", "C.UTF-8".to_owned()),
            ("DISPLAY", self.display.name()),
            ("DBUS_SESSION_BUS_ADDRESS", self.bus.address().to_owned()),
            ("HOME", below("user")),
            // The tray's icon files lie there under names that all programs share.
            ("XDG_RUNTIME_DIR", below("xdg-runtime")),
            ("XDG_DATA_HOME", below("xdg-data")),
            ("XDG_CONFIG_HOME", below("xdg-config")),
            ("XDG_CACHE_HOME", below("xdg-cache")),
            // There is no accessibility bus here, and looking for it takes time.
            ("NO_AT_BRIDGE", "1".to_owned()),
            ("GTK_A11Y", "none".to_owned()),
        ];
        own.into_iter().chain(self.home.variables()).collect()
    }

    fn with_variables(&self, command: &mut Command) {
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.variables())
            .stdin(Stdio::null());
    }

    fn keep_evidence(&self) {
        let folder = root().join("tests/artifacts");
        let name = |ending: &str| folder.join(format!("{}.{ending}", self.test));
        if let Err(error) = std::fs::create_dir_all(&folder) {
            println!("no folder for evidence: {error}");
            return;
        }
        let mut text = self.said();
        if let Some(app) = &self.app {
            text += &format!("\n--- windows: {:?}\n", self.display.windows());
            text += &format!("--- page: {:?}\n", app.page.text());
            match app.page.screenshot() {
                Ok(image) => _ = std::fs::write(name("png"), image),
                Err(error) => text += &format!("--- no picture: {error}\n"),
            }
        }
        match self.display.screen() {
            Ok(image) => _ = std::fs::write(name("ppm"), image.to_ppm()),
            Err(error) => text += &format!("--- no picture of the screen: {error}\n"),
        }
        _ = std::fs::write(name("log"), text);
        println!("evidence: {}", name("log").display());
    }
}

/// Title of the program's window.
pub const WINDOW: &str = "Benchtop";

impl Drop for Desktop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.keep_evidence();
        }
        if let Some(app) = self.app.take() {
            background::end(app.pid, Duration::from_secs(5));
        }
    }
}

fn private_folder(path: &std::path::Path) {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new()
        .mode(0o700)
        .create(path)
        .expect("a folder of the user's");
}
