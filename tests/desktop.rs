//! The desktop, end to end: the real window, tray and notifications over a real
//! engine, driven and read from outside.

use benchtop_tests::desktop::sample::{
    SERVICES, WHICH, assert_only_restarted, fault, instances, probe, processes,
};
use benchtop_tests::desktop::tray::find;
use benchtop_tests::desktop::{Desktop, Row, WINDOW, lives};
use benchtop_tests::programs::root;
use benchtop_tests::{Project, eventually};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::time::Duration;

#[path = "desktop/flood.rs"]
mod flood;

/// A service in the list of all.
const SERVICE_ROW: &str = "[data-testid=service-row]";

#[test]
fn the_sample_opens_and_one_service_is_restarted() {
    let Some(mut desktop) = Desktop::new("the_sample_opens_and_one_service_is_restarted") else {
        return;
    };
    desktop.start(&["--sample"]);
    let rows = desktop.wait_until_healthy();
    assert_eq!(
        rows.iter()
            .map(|row| row.service.as_str())
            .collect::<Vec<_>>(),
        SERVICES
    );
    wait_for_status(&desktop, "Healthy");
    let before = instances(&desktop.home);

    desktop.page().click(&action("orders-api", "restart"));

    wait_for_row(&desktop, "orders-api", "Healthy", 2);
    let others = |mut rows: Vec<Row>| {
        rows.retain(|row| row.service != "orders-api");
        rows
    };
    assert_eq!(
        others(desktop.wait_until_healthy()),
        others(rows),
        "another row has changed"
    );
    assert_only_restarted(&desktop.home, &before, "orders-api");
}

#[test]
fn the_tray_shows_the_state_and_acts_on_services() {
    let Some(mut desktop) = Desktop::new("the_tray_shows_the_state_and_acts_on_services") else {
        return;
    };
    desktop.start(&["--sample"]);
    let generations: Vec<u64> = desktop
        .wait_until_healthy()
        .iter()
        .map(|r| r.generation)
        .collect();
    assert_eq!(generations, [1, 1, 1, 1, 1]);
    wait_for_icon(&desktop, "healthy");
    assert_menu_is_complete(&desktop);
    let before = instances(&desktop.home);

    desktop.tray.click(&["orders-api", "Restart"]);
    wait_for_row(&desktop, "orders-api", "Healthy", 2);
    desktop.wait_until_healthy();
    assert_only_restarted(&desktop.home, &before, "orders-api");

    desktop.tray.click(&["worker", "Logs"]);
    eventually("the log of the worker is shown", || {
        let address = desktop.page().address()?;
        let shown = address.contains("/logs") && address.contains("service=worker");
        if shown { Ok(()) } else { Err(address) }
    });

    desktop.tray.click(&["Stop all"]);
    wait_for_status(&desktop, "Stopped");
    wait_for_icon(&desktop, "stopped");
    assert!(
        processes(&desktop.home).is_empty(),
        "a process has survived"
    );

    desktop.tray.click(&["Start all"]);
    wait_for_status(&desktop, "Healthy");
    wait_for_icon(&desktop, "healthy");
    assert_eq!(processes(&desktop.home).len(), SERVICES.len());
}

#[test]
fn a_service_that_turns_unhealthy_is_told_and_restarted_from_the_notification() {
    let test = "a_service_that_turns_unhealthy_is_told_and_restarted_from_the_notification";
    let Some(mut desktop) = Desktop::new(test) else {
        return;
    };
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();
    assert_eq!(
        desktop.notifications.shown().len(),
        0,
        "nothing has happened yet"
    );

    fault(&desktop.home, "orders-api", "unready");
    let told = eventually("the user is told", || {
        // In steady state it would be asked twice a minute only.
        probe(&desktop, "orders-api")?;
        let shown = desktop.notifications.shown();
        let told = shown
            .iter()
            .find(|n| n.summary.contains("orders-api"))
            .cloned();
        told.ok_or_else(|| format!("{shown:?}"))
    });
    assert_eq!(told.actions, ["default", "logs", "restart"]);
    assert!(
        told.body.starts_with("sample: "),
        "it names environment and cause: {told:?}"
    );

    eventually("the click restarts it", || {
        // The program learns the number of what it shows after we have it, and
        // takes one click only.
        desktop.notifications.click(&told, "restart");
        match desktop.page().row("orders-api")?.generation {
            1 => Err("it goes on".to_owned()),
            _ => Ok(()),
        }
    });
    wait_for_row(&desktop, "orders-api", "Healthy", 2);
}

#[test]
fn quitting_asks_and_does_what_was_answered() {
    let Some(mut desktop) = Desktop::new("quitting_asks_and_does_what_was_answered") else {
        return;
    };
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();
    let before = instances(&desktop.home);

    desktop.tray.click(&["Quit"]);
    desktop.page().click("[data-testid=quit-cancel]");
    eventually("the question is gone", || {
        let asked = desktop.page().has("[data-testid=quit-cancel]")?;
        if asked {
            Err("it is still asked".to_owned())
        } else {
            Ok(())
        }
    });
    assert!(desktop.runs(), "cancelled");

    desktop.tray.click(&["Quit"]);
    desktop.page().click_to_end("[data-testid=quit-leave]");
    desktop.wait_for_end();
    assert_eq!(
        instances(&desktop.home),
        before,
        "what was left running runs"
    );

    desktop.start(&[]);
    desktop.wait_until_healthy();
    assert_eq!(instances(&desktop.home), before, "nothing was restarted");

    let pids = processes(&desktop.home);
    let engine = desktop.home.engine_pid();
    desktop.tray.click(&["Quit"]);
    desktop.page().click_to_end("[data-testid=quit-stop]");
    desktop.wait_for_end();
    eventually("services and engine end", || {
        let left: Vec<_> = pids
            .iter()
            .chain([&engine])
            .filter(|pid| lives(**pid))
            .collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?} live"))
        }
    });
}

#[test]
fn a_second_start_opens_its_folder_in_the_first_window() {
    let Some(mut desktop) = Desktop::new("a_second_start_opens_its_folder_in_the_first_window")
    else {
        return;
    };
    let project = Project::new("name: shop\nservices:\n  counter:\n    process: sleep 1000\n");
    desktop.start(&[]);
    assert!(
        desktop
            .page()
            .has("[data-testid=open-folder]")
            .is_ok_and(|shown| shown)
    );

    let path = project.path().display().to_string();
    desktop.start_again(&[&path]);

    eventually("the first window shows it", || {
        desktop.page().row("counter")
    });
    assert!(desktop.runs(), "the first start goes on");
    assert_eq!(
        desktop
            .windows()
            .iter()
            .filter(|title| *title == WINDOW)
            .count(),
        1
    );
}

#[test]
fn closing_the_window_keeps_the_tray_which_brings_it_back() {
    let Some(mut desktop) = Desktop::new("closing_the_window_keeps_the_tray_which_brings_it_back")
    else {
        return;
    };
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();
    let before = instances(&desktop.home);
    desktop.wait_for_window(WINDOW, true);

    desktop.close_window(WINDOW);
    desktop.wait_for_window(WINDOW, false);
    assert!(desktop.runs(), "it stays in the tray");
    assert!(
        desktop
            .tray
            .menu()
            .is_ok_and(|menu| find(&menu, &["Open Benchtop"]).is_some())
    );

    desktop.tray.click(&["Open Benchtop"]);
    desktop.wait_for_window(WINDOW, true);
    desktop.wait_until_healthy();
    assert_eq!(
        instances(&desktop.home),
        before,
        "a window is only a window"
    );
}

#[test]
fn without_a_panel_closing_the_window_is_quitting() {
    let Some(mut desktop) =
        Desktop::without_panel("without_a_panel_closing_the_window_is_quitting")
    else {
        return;
    };
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();

    desktop.close_window(WINDOW);
    desktop.page().click("[data-testid=quit-cancel]");
    desktop.wait_for_window(WINDOW, true);

    desktop.home.benchtop(&["down", "--sample"]).expect(0);
    wait_for_status(&desktop, "Stopped");
    desktop.close_window(WINDOW);
    desktop.wait_for_end();
}

#[test]
fn a_crash_of_the_engine_is_shown_and_overcome() {
    let Some(mut desktop) = Desktop::new("a_crash_of_the_engine_is_shown_and_overcome") else {
        return;
    };
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();
    let before = instances(&desktop.home);
    // The interruption may be short: the page itself must watch for it.
    let watch = "window.interruptions = [];
        new MutationObserver(() => {
          const banner = document.querySelector('[data-testid=connection-banner]');
          if (banner) window.interruptions.push(banner.innerText);
        }).observe(document.body, { childList: true, subtree: true });";
    desktop.page().run(watch, &[]).expect("watch the page");

    desktop.home.kill_engine();

    eventually("the interruption is shown and over", || {
        let seen = desktop
            .page()
            .run("return window.interruptions.length", &[])?;
        let still = desktop.page().has("[data-testid=connection-banner]")?;
        let over = seen.as_u64() > Some(0) && !still;
        if over {
            Ok(())
        } else {
            Err(format!("shown {seen} times, now {still}"))
        }
    });
    desktop.wait_until_healthy();
    wait_for_status(&desktop, "Healthy");
    assert_eq!(instances(&desktop.home), before, "no service was touched");
    wait_for_icon(&desktop, "healthy");
    let alarms = desktop.notifications.shown();
    assert!(
        alarms.is_empty(),
        "no service has turned for the worse: {alarms:?}"
    );
}

#[test]
fn a_crash_of_the_web_process_brings_the_page_back() {
    let Some(mut desktop) = Desktop::new("a_crash_of_the_web_process_brings_the_page_back") else {
        return;
    };
    // So different that no smoothing of an edge makes them alike.
    let (one, two) = (idle_project("one", 1), idle_project("two", 15));
    desktop.start(&[]);
    let shown = |project: &Project| {
        let path = project.path().display().to_string();
        desktop.start_again(&[&path]);
    };
    shown(&one);
    eventually("the first is shown", || desktop.page().row("one-1"));
    let picture_of_one = desktop.still_picture();
    shown(&two);
    eventually("the second is shown", || desktop.page().row("two-1"));
    eventually("it is on the screen", || {
        match desktop.picture()?.difference(&picture_of_one) {
            part if part > 0.02 => Ok(()),
            part => Err(format!("it differs by {part} from the first")),
        }
    });

    // The driver's session dies with the process, so eyes are needed from here.
    let old = desktop.web_process().expect("a web process");
    kill(Pid::from_raw(old), Signal::SIGKILL).expect("kill the web process");
    eventually("another one draws the page", || {
        match desktop.web_process()? {
            pid if pid == old => Err("it is the old one".to_owned()),
            _ => Ok(()),
        }
    });

    // What was on the screen before could be an old picture; the other cannot.
    shown(&one);
    eventually("the page follows again", || {
        match desktop.picture()?.difference(&picture_of_one) {
            part if part < 0.005 => Ok(()),
            part => Err(format!(
                "the window differs by {part} from what it showed before"
            )),
        }
    });
}

#[test]
fn the_log_is_followed_filtered_and_searched_and_the_run_is_listed() {
    let test = "the_log_is_followed_filtered_and_searched_and_the_run_is_listed";
    let Some(mut desktop) = Desktop::new(test) else {
        return;
    };
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();
    let page = desktop.page();

    page.click("[data-testid=nav-logs]");
    let newest = || -> Result<u64, String> {
        let rows = page.attributes("[data-testid=log-row]", "data-seq")?;
        let newest = rows.iter().filter_map(|seq| seq.parse().ok()).max();
        newest.ok_or_else(|| "no lines".to_owned())
    };
    let first = eventually("there are lines", newest);
    eventually("newer lines follow", || match newest()? {
        seq if seq > first => Ok(()),
        seq => Err(format!("{seq} is the newest")),
    });

    // It is logged as a warning; everything else is less.
    fault(&desktop.home, "worker", "none");
    page.click("[data-testid=level-warn]");
    eventually("only warnings and worse are left", || {
        let levels = page.attributes("[data-testid=log-row]", "data-level")?;
        let severe = |level: &String| ["warn", "error", "fatal"].contains(&level.as_str());
        if !levels.is_empty() && levels.iter().all(severe) {
            Ok(())
        } else {
            Err(format!("{levels:?}"))
        }
    });
    page.click("[data-testid=level-warn]");
    eventually("all levels are back", || {
        let levels = page.attributes("[data-testid=log-row]", "data-level")?;
        if levels.iter().any(|level| level == "debug") {
            Ok(())
        } else {
            Err(format!("{levels:?}"))
        }
    });

    page.write("[data-testid=log-search]", "fault on demand");
    eventually("only lines with the text are left", || {
        let script = "return [...document.querySelectorAll('[data-testid=log-row]')]
            .map((row) => row.innerText)";
        let lines = page.run(script, &[])?;
        let lines: Vec<&str> = lines
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let found = !lines.is_empty() && lines.iter().all(|line| line.contains("fault on demand"));
        if found {
            Ok(())
        } else {
            Err(format!("{lines:?}"))
        }
    });
    let before = newest().expect("a line");
    fault(&desktop.home, "worker", "none");
    eventually("what is found is followed, too", || match newest()? {
        seq if seq > before => Ok(()),
        seq => Err(format!("{seq} is the newest")),
    });

    page.click("[data-testid=nav-runs]");
    let runs = eventually("the run is listed", || {
        let runs = page.attributes("[data-testid=run-row]", "data-run")?;
        if runs.is_empty() {
            Err("no run".to_owned())
        } else {
            Ok(runs)
        }
    });
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(
        Some(runs[0].as_str()),
        desktop.home.status(WHICH)["run"].as_str()
    );
}

#[test]
fn what_cannot_be_opened_is_told_with_line_and_hint() {
    let Some(mut desktop) = Desktop::new("what_cannot_be_opened_is_told_with_line_and_hint") else {
        return;
    };
    let project = Project::new("name: shop\nservices:\n  counter:\n    proces: sleep 1000\n");
    let path = project.path().display().to_string();
    let dialog = format!("Cannot open {path}");

    for first in [true, false] {
        match first {
            true => desktop.start(&[&path]),
            false => desktop.start_again(&[&path]),
        }
        desktop.wait_for_window(&dialog, true);
        desktop.close_window(&dialog);
        desktop.wait_for_window(&dialog, false);
    }

    // What the dialog says is logged, too, where a test can read it.
    let said = desktop.said();
    assert_eq!(
        said.matches("benchtop.yaml:4:5: error: unknown key `proces`")
            .count(),
        2,
        "{said}"
    );
    assert_eq!(said.matches("did you mean `process`?").count(), 2, "{said}");
    let page = desktop.page();
    assert_eq!(
        page.has("[data-testid=open-folder]"),
        Ok(true),
        "the start page is shown"
    );
    assert_eq!(
        page.has("[data-testid=connection-banner]"),
        Ok(false),
        "the engine answers"
    );
}

/// Not a check: makes the pictures of the README, where it is asked to.
#[test]
fn screenshot_of_the_window_for_the_readme() {
    if std::env::var_os("BENCHTOP_WRITE_SCREENSHOTS").is_none() {
        return;
    }
    let Some(mut desktop) = Desktop::new("screenshot_of_the_window_for_the_readme") else {
        return;
    };
    desktop.start(&["--sample"]);
    desktop.wait_until_healthy();
    // So that there is something to see: lines, uptimes, the first curves.
    std::thread::sleep(Duration::from_secs(20));
    let folder = root().join("docs/images");
    std::fs::create_dir_all(&folder).expect("a folder for pictures");
    for (name, view, theme) in [
        ("resources-light", "resources", "light"),
        ("resources-dark", "resources", "dark"),
        ("logs", "logs", "light"),
    ] {
        desktop.page().click(&format!("[data-testid=nav-{view}]"));
        let script = "document.documentElement.dataset.theme = arguments[0];
            document.activeElement?.blur();";
        desktop
            .page()
            .run(script, &[json!(theme)])
            .expect("choose a theme");
        let row = ["[data-testid=service-row]", "[data-testid=log-row]"];
        desktop.page().text_of(row[usize::from(view == "logs")]);
        // Colours fade over.
        std::thread::sleep(Duration::from_secs(1));
        let picture = desktop.page().screenshot().expect("a picture");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("write the picture");
    }
}

fn action(service: &str, action: &str) -> String {
    format!("[data-service=\"{service}\"] [data-testid=action-{action}]")
}

fn wait_for_status(desktop: &Desktop, status: &str) {
    eventually(&format!("the environment is {status}"), || {
        let found = desktop
            .page()
            .attributes("[data-testid=environment-status]", "data-status")?;
        (found == [status])
            .then_some(())
            .ok_or_else(|| format!("it is {found:?}"))
    });
}

fn wait_for_row(desktop: &Desktop, service: &str, status: &str, generation: u64) {
    eventually(
        &format!("{service} is {status} in generation {generation}"),
        || {
            let row = desktop.page().row(service)?;
            let reached = row.status == status && row.generation == generation;
            if reached {
                Ok(())
            } else {
                Err(format!("{row:?}"))
            }
        },
    );
}

/// Waits until the tray shows the picture of this name.
fn wait_for_icon(desktop: &Desktop, name: &str) {
    let wanted = root().join(format!("icons/tray/{name}@2x.png"));
    let wanted = std::fs::read(wanted).expect("a picture of the product");
    let wanted = desktop.page().points_of(&wanted).expect("it can be drawn");
    eventually(&format!("the tray shows {name}"), || {
        let path = desktop.tray.icon()?;
        assert!(path.is_absolute(), "a panel must find {}", path.display());
        // It may be replaced between the two steps.
        let shown = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let shown = desktop.page().points_of(&shown)?;
        if shown == wanted {
            Ok(())
        } else {
            Err(format!("{} is another", path.display()))
        }
    });
}

fn assert_menu_is_complete(desktop: &Desktop) {
    let menu = desktop.tray.menu().expect("a menu");
    for service in SERVICES {
        let entry = find(&menu, &[service]).unwrap_or_else(|| panic!("no {service} in {menu:?}"));
        assert!(
            entry.label.contains("Healthy"),
            "it says the status: {}",
            entry.label
        );
        let labels: Vec<&str> = entry.below.iter().map(|e| e.label.as_str()).collect();
        assert_eq!(labels, ["Restart", "Stop", "Logs"]);
        assert!(entry.below.iter().all(|entry| entry.enabled), "{entry:?}");
    }
    let enabled = |label: &str| find(&menu, &[label]).map(|entry| entry.enabled);
    assert_eq!(enabled("Start all"), Some(false), "all run");
    for label in ["Stop all", "Open Benchtop", "Quit"] {
        assert_eq!(enabled(label), Some(true), "{label} in {menu:?}");
    }
}

/// A project that was not started: its page stands still.
fn idle_project(name: &str, services: u32) -> Project {
    let service = |n| format!("  {name}-{n}:\n    process: sleep 1000\n");
    let services: String = (1..=services).map(service).collect();
    Project::new(&format!("name: {name}\nservices:\n{services}"))
}
