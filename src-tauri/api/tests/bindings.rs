//! The TypeScript bindings in `ui/src/lib/bindings.ts` are committed, and this
//! test says when they are stale. `cargo xtask bindings` writes them anew.

use benchtop_api::schema::{self, ApiError, Event};
use std::path::Path;
use ts_rs::{Config, TS, TypeVisitor};

/// Collects the declaration of a type and of all it is made of.
struct Declarations<'a> {
    config: &'a Config,
    found: std::collections::BTreeMap<String, String>,
}

impl TypeVisitor for Declarations<'_> {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        // Types without an output path are built in: numbers, strings, lists.
        if T::output_path().is_none() {
            return T::visit_generics(self);
        }
        if let Some(found) = self.found.get(&T::ident(self.config)) {
            let own = format!("export {}\n", T::decl(self.config));
            assert_eq!(*found, own, "two types of the border have the same name");
            return T::visit_generics(self);
        }
        self.found.insert(
            T::ident(self.config),
            format!("export {}\n", T::decl(self.config)),
        );
        T::visit_dependencies(self);
    }
}

macro_rules! visit_methods {
    ($($name:literal => $handler:ident($request:ident) -> $response:ty;)*) => {
        fn visit_all(declarations: &mut Declarations<'_>) {
            use benchtop_api::compare::RunComparison;
            use benchtop_api::schema::*;
            use benchtop_api::view::*;
            use benchtop_model::doctor::DoctorReport;
            use benchtop_model::scenario::report::ScenarioReport;
            use benchtop_store::row::Run;
            use benchtop_telemetry::metrics::query::{MetricFrames, MetricList, PinnedChart};
            use benchtop_telemetry::query::{LogHistogram, LogPage, LogPatterns};
            $(declarations.visit::<$request>(); declarations.visit::<$response>(); <$response as TS>::visit_generics(declarations);)*
        }
    };
}
benchtop_api::with_methods!(visit_methods);

fn bindings() -> String {
    let config = Config::default();
    let mut declarations = Declarations {
        config: &config,
        found: Default::default(),
    };
    visit_all(&mut declarations);
    declarations.visit::<ApiError>();
    declarations.visit::<Event>();
    let types: String = declarations.found.into_values().collect();
    format!(
        "// Made from src-tauri/api/src/schema.rs by `cargo xtask bindings`. Do not edit.\n\n{types}\nexport const PROTOCOL = {};\n\n{}",
        schema::PROTOCOL,
        schema::typescript_methods(&config),
    )
}

#[test]
fn committed_bindings_are_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/src/lib/bindings.ts");
    let fresh = bindings();
    if std::env::var_os("BENCHTOP_WRITE_BINDINGS").is_some() {
        std::fs::create_dir_all(path.parent().expect("the file lies in a folder")).expect("folder");
        std::fs::write(&path, fresh).expect("write bindings");
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == fresh,
        "ui/src/lib/bindings.ts is stale: run `cargo xtask bindings`"
    );
}
