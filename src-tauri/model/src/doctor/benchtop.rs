//! Benchtop itself: versions that fit together, and a data folder that can be trusted.

use super::facts::{BenchtopFacts, DataFact, Integrity};
use super::machine::bytes;
use super::{DoctorCheck, DoctorGroup, Subject};

const VERSIONS: Subject = Subject("versions", DoctorGroup::Benchtop, "Versions");
const DATA: Subject = Subject("data-folder", DoctorGroup::Benchtop, "Data folder");
const HISTORY: Subject = Subject("history", DoctorGroup::Benchtop, "Run history");

/// More than 20 runs of several environments take by their own limits, in bytes.
const LARGE: u64 = 20 << 30;

pub(super) fn checks(facts: &BenchtopFacts) -> Vec<DoctorCheck> {
    vec![versions(facts), folder(&facts.data), history(&facts.data)]
}

pub(super) fn versions(facts: &BenchtopFacts) -> DoctorCheck {
    const FIX: &str =
        "restart the engine with `benchtop engine stop --leave-running`; services keep running";
    let engine = match &facts.engine {
        Ok(Some(engine)) => engine,
        Ok(None) => {
            return VERSIONS.pass(format!(
                "this is version {}; no engine runs, and one is started when it is needed",
                facts.version
            ));
        }
        Err(why) => return VERSIONS.warn(format!("the engine does not say who it is: {why}"), FIX),
    };
    let differs = format!(
        "the running engine is version {}, this is {}",
        engine.version, facts.version
    );
    let check = if engine.protocol != facts.protocol {
        VERSIONS.fail(
            format!("{differs}, and they do not understand each other"),
            FIX,
        )
    } else if engine.version != facts.version {
        VERSIONS.warn(differs, FIX)
    } else {
        VERSIONS.pass(format!("engine and face are version {}", facts.version))
    };
    check
        .detail(
            "face",
            format!("{}, protocol {}", facts.version, facts.protocol),
        )
        .detail(
            "engine",
            format!(
                "{}, protocol {}, pid {}",
                engine.version, engine.protocol, engine.pid
            ),
        )
}

pub(super) fn folder(data: &DataFact) -> DoctorCheck {
    let check = match (&data.usable, &data.size) {
        (Err(why), _) => DATA.fail(
            format!("{} cannot be used: {why}", data.path),
            "give the folder to this user alone, or name another one in BENCHTOP_DATA_DIR",
        ),
        (Ok(()), Ok((size, _))) if *size > LARGE => DATA.warn(
            format!("{} takes {}", data.path, bytes(*size)),
            "delete folders of environments that are no longer used below `environments`",
        ),
        (Ok(()), Ok((size, true))) => DATA.pass(format!("{} takes {}", data.path, bytes(*size))),
        (Ok(()), Ok((size, false))) => {
            DATA.pass(format!("{} takes more than {}", data.path, bytes(*size)))
        }
        (Ok(()), Err(why)) => DATA.pass(format!(
            "{} can be used; its size is not known: {why}",
            data.path
        )),
    };
    check.detail("folder", &data.path)
}

fn history(data: &DataFact) -> DoctorCheck {
    match &data.history {
        Err(why) => HISTORY.skipped(why),
        Ok(Integrity::Absent) => HISTORY.pass("nothing was recorded yet"),
        Ok(Integrity::Sound) => HISTORY.pass("its file is sound"),
        Ok(Integrity::Damaged(why)) => HISTORY.fail(
            format!("the file of the run history is damaged: {why}"),
            "restart the engine with `benchtop engine stop --leave-running`: it sets the file aside and begins a new one",
        ),
    }
}
