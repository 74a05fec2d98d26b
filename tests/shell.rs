//! The program as a part of a desktop: links, the actions of its icon, the start with
//! the session, the theme of the system, and a window that comes back as it was.

use benchtop_tests::desktop::sample::{SERVICES, processes};
use benchtop_tests::desktop::{Desktop, Page, WINDOW};
use benchtop_tests::eventually;
use std::path::PathBuf;

#[test]
fn a_link_shows_a_view_and_asks_before_it_acts() {
    let Some(mut desktop) = Desktop::new("a_link_shows_a_view_and_asks_before_it_acts") else {
        return;
    };
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();
    let id = environment(desktop.page());

    desktop.start_again(&[&format!("benchtop://e/{id}/logs?service=worker")]);
    eventually("the view of the link is shown", || {
        let address = desktop.page().address()?;
        let shown = address.ends_with("/logs?service=worker");
        if shown { Ok(()) } else { Err(address) }
    });

    let stop = format!("benchtop://stop/{id}");
    desktop.start_again(&[&stop]);
    desktop.page().click("[data-testid=wish-cancel]");
    eventually("the question is gone", || {
        match desktop.page().has("[data-testid=wish-cancel]")? {
            true => Err("it is still asked".to_owned()),
            false => Ok(()),
        }
    });
    assert_eq!(
        processes(&desktop.home).len(),
        SERVICES.len(),
        "nothing was stopped"
    );

    desktop.start_again(&[&stop]);
    desktop.page().click("[data-testid=wish-agree]");
    wait_for_processes(&desktop, 0);
}

#[test]
fn a_link_starts_the_program_and_is_followed_once_its_page_is_there() {
    let test = "a_link_starts_the_program_and_is_followed_once_its_page_is_there";
    let Some(mut desktop) = Desktop::new(test) else {
        return;
    };
    desktop.start(&["benchtop://settings"]);
    eventually("the settings are shown", || {
        match desktop.page().has("[data-testid=settings]")? {
            true => Ok(()),
            false => Err(desktop.page().address()?),
        }
    });
}

#[test]
fn the_actions_of_the_icon_start_and_stop_everything() {
    let Some(mut desktop) = Desktop::new("the_actions_of_the_icon_start_and_stop_everything")
    else {
        return;
    };
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();
    desktop.start_again(&["--stop-all"]);
    wait_for_processes(&desktop, 0);
    desktop.start_again(&["--start-all"]);
    desktop.wait_until_healthy();
    assert_eq!(processes(&desktop.home).len(), SERVICES.len());
}

#[test]
fn it_starts_with_the_session_only_once_that_was_switched_on() {
    let test = "it_starts_with_the_session_only_once_that_was_switched_on";
    let Some(mut desktop) = Desktop::new(test) else {
        return;
    };
    desktop.start(&["benchtop://settings"]);
    let folder = desktop.home.path().join("user/.config/autostart");
    let entries = || -> Vec<PathBuf> {
        let found = std::fs::read_dir(&folder).into_iter().flatten();
        found.flatten().map(|entry| entry.path()).collect()
    };
    eventually("the switch is there", || {
        match desktop.page().has("[data-testid=autostart]:enabled")? {
            true => Ok(()),
            false => Err("the system has not said yet".to_owned()),
        }
    });
    assert_eq!(entries(), Vec::<PathBuf>::new(), "it is off by default");

    desktop.page().click("[data-testid=autostart]");
    let entry = eventually("the session knows of it", || {
        entries()
            .pop()
            .ok_or_else(|| "there is no entry".to_owned())
    });
    let text = std::fs::read_to_string(&entry).expect("the entry");
    let line = text
        .lines()
        .find(|line| line.starts_with("Exec="))
        .unwrap_or_default();
    assert!(
        line.contains("benchtop-desktop") && line.contains("--hidden"),
        "{text}"
    );

    eventually("it can be switched off", || {
        match desktop.page().has("[data-testid=autostart]:enabled")? {
            true => Ok(()),
            false => Err("it is being switched on".to_owned()),
        }
    });
    desktop.page().click("[data-testid=autostart]");
    eventually("the session forgets it", || match entries().as_slice() {
        [] => Ok(()),
        left => Err(format!("{left:?}")),
    });
}

#[test]
fn a_hidden_start_shows_a_window_only_when_the_tray_asks_for_it() {
    let test = "a_hidden_start_shows_a_window_only_when_the_tray_asks_for_it";
    let Some(desktop) = Desktop::new(test) else {
        return;
    };
    let _program = desktop.start_alone(&["--hidden"]);
    eventually("the icon is in the tray", || {
        // The menu says so once the engine answers.
        let menu = desktop.tray.menu()?;
        let connected = menu
            .iter()
            .any(|entry| entry.label == "No environment is open");
        if connected {
            Ok(())
        } else {
            Err(format!("{menu:?}"))
        }
    });
    assert!(
        !desktop.windows().iter().any(|title| title == WINDOW),
        "no window is shown"
    );
    desktop.tray.click(&["Open Benchtop"]);
    desktop.wait_for_window(WINDOW, true);
}

#[test]
fn a_hidden_start_without_a_tray_has_a_window_that_can_be_found() {
    let test = "a_hidden_start_without_a_tray_has_a_window_that_can_be_found";
    let Some(desktop) = Desktop::without_panel(test) else {
        return;
    };
    let _program = desktop.start_alone(&["--hidden"]);
    // There is no window manager here that would make it small.
    desktop.wait_for_window(WINDOW, true);
}

#[test]
fn the_theme_follows_the_system_while_it_runs() {
    let Some(mut desktop) = Desktop::new("the_theme_follows_the_system_while_it_runs") else {
        return;
    };
    desktop.portal.prefer_dark(true);
    desktop.start(&[]);
    let is_dark = |wanted: bool| {
        eventually(&format!("the page is dark: {wanted}"), || {
            let script = "return matchMedia('(prefers-color-scheme: dark)').matches";
            match desktop.page().run(script, &[])?.as_bool() {
                Some(dark) if dark == wanted => Ok(()),
                other => Err(format!("{other:?}")),
            }
        });
    };
    is_dark(true);
    desktop.portal.prefer_dark(false);
    is_dark(false);
    desktop.portal.prefer_dark(true);
    is_dark(true);
}

#[test]
fn the_window_comes_back_as_large_as_it_was() {
    let Some(mut desktop) = Desktop::new("the_window_comes_back_as_large_as_it_was") else {
        return;
    };
    desktop.start(&[]);
    let first = desktop.page().size().expect("a size");
    desktop
        .page()
        .resize(1000, 620)
        .expect("it can be made smaller");
    let small = eventually("it is smaller", || match desktop.page().size()? {
        size if size == first => Err(format!("{size:?}")),
        size => Ok(size),
    });
    desktop.tray.click(&["Quit"]);
    desktop.wait_for_end();

    desktop.start(&[]);
    eventually("it is as it was", || match desktop.page().size()? {
        size if size == small => Ok(()),
        size => Err(format!("{size:?} instead of {small:?}")),
    });
}

/// What `docs/images/make.sh` runs: with `BENCHTOP_PICTURES` the pictures are written there.
#[test]
fn pictures_of_the_real_window() {
    let Some(mut desktop) = Desktop::new("pictures_of_the_real_window") else {
        return;
    };
    let folder = std::env::var_os("BENCHTOP_PICTURES").map(PathBuf::from);
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();
    let id = environment(desktop.page());
    for (name, dark, panel) in [
        ("resources-light", false, "resources"),
        ("resources-dark", true, "resources"),
        ("logs", false, "logs"),
    ] {
        desktop.portal.prefer_dark(dark);
        desktop.start_again(&[&format!("benchtop://e/{id}/{panel}")]);
        eventually(&format!("{name} can be seen"), || {
            let address = desktop.page().address()?;
            let script = "return matchMedia('(prefers-color-scheme: dark)').matches";
            let is_dark = desktop.page().run(script, &[])?.as_bool();
            let shown = address.contains(panel) && is_dark == Some(dark);
            let drawn = desktop.picture()?.drawn() > 0.01;
            if shown && drawn { Ok(()) } else { Err(address) }
        });
        let picture = desktop.page().screenshot().expect("a picture");
        assert!(picture.starts_with(b"\x89PNG"), "{name} is a picture");
        if let Some(folder) = &folder {
            std::fs::write(folder.join(format!("{name}.png")), picture).expect("write it");
        }
    }
}

/// The identity of the environment that the page shows.
fn environment(page: &Page) -> String {
    let address = page.address().expect("an address");
    let id = address
        .split("#/e/")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    id.unwrap_or_else(|| panic!("no environment in {address}"))
        .to_owned()
}

fn wait_for_processes(desktop: &Desktop, count: usize) {
    eventually(&format!("{count} services run"), || {
        match processes(&desktop.home).len() {
            found if found == count => Ok(()),
            found => Err(format!("{found} run")),
        }
    });
}
