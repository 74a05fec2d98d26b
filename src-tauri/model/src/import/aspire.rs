//! The manifest of an Aspire application as an environment file.
//!
//! A manifest is made for deployment: it has resources and the expressions that
//! join them, but no order and no health. References follow from the
//! expressions; what is only there for a cloud becomes a comment with its reason.

use super::expression::{Expanded, Resources, Variable};
use super::write::Lines;
use super::{Imported, name};
use crate::file::excerpt;
use crate::graph;
use crate::problem::{Place, Problem};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Largest manifest that is read.
const MOST_BYTES: usize = 10 << 20;

/// Most resources.
const MOST_RESOURCES: usize = 2_000;

/// The first port that is fixed where two services need each other's address
/// before either is started.
const FIRST_PORT: u16 = 15_100;

/// One service in the making.
struct Service<'m> {
    name: &'m str,
    resource: &'m Value,
    kind: Kind,
    /// Those whose addresses it is told.
    uses: BTreeSet<String>,
}

/// What a resource becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Container,
    Project,
    Executable,
}

/// Reads a manifest. `file` names it in messages, `base` leads from the folder of
/// the file that is written to the manifest's, and is empty where they are one.
#[must_use]
pub fn manifest(file: &str, text: &str, base: &str) -> Imported {
    let place = Place {
        file: file.into(),
        ..Place::default()
    };
    let mut notes = Vec::new();
    let resources = match read(&place, text) {
        Ok(resources) => resources,
        Err(problem) => {
            let mut notes = vec![problem];
            excerpt::add(&mut notes, |_| Some(text.into()));
            return Imported { text: None, notes };
        }
    };
    let text = Import::new(&resources, base, &place, &mut notes).write();
    Imported {
        text: Some(text),
        notes,
    }
}

/// The binding that stands for another one: a service that has both is reached
/// without a certificate.
pub(super) fn kept_binding<'b>(bindings: &Value, binding: &'b str) -> &'b str {
    match binding {
        "https" if !bindings["http"].is_null() => "http",
        other => other,
    }
}

fn read(place: &Place, text: &str) -> Result<Map<String, Value>, Problem> {
    if text.len() > MOST_BYTES {
        let message = format!("the manifest is larger than {} MB", MOST_BYTES >> 20);
        return Err(Problem::error(place, message));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut json: Value = serde_json::from_str(text).map_err(|error| {
        let place = Place {
            line: u32::try_from(error.line()).unwrap_or(0),
            column: u32::try_from(error.column()).unwrap_or(0),
            ..place.clone()
        };
        Problem::error(&place, format!("the manifest is not valid JSON: {error}"))
            .hint("let the application write it again: `aspire publish --publisher manifest`")
    })?;
    let resources = json.get_mut("resources").map(Value::take);
    let Some(Value::Object(resources)) = resources else {
        let problem = Problem::error(place, "the manifest has no `resources`");
        return Err(problem.hint("choose the `aspire-manifest.json` of an AppHost"));
    };
    if resources.len() > MOST_RESOURCES {
        let message = format!("the manifest has more than {MOST_RESOURCES} resources");
        return Err(Problem::error(place, message));
    }
    Ok(resources)
}

struct Import<'m> {
    resources: Resources<'m>,
    services: Vec<Service<'m>>,
    /// Resources that become comments, with the reason.
    stubs: Vec<(&'m str, &'m Value, String)>,
    /// Endpoints that have to be known before any start: those of services that
    /// need each other.
    fixed: BTreeMap<(String, String), u16>,
    volumes: RefCell<BTreeSet<String>>,
    base: &'m str,
    place: &'m Place,
    notes: RefCell<&'m mut Vec<Problem>>,
}

impl<'m> Import<'m> {
    fn new(
        all: &'m Map<String, Value>,
        base: &'m str,
        place: &'m Place,
        notes: &'m mut Vec<Problem>,
    ) -> Self {
        let mut services = Vec::new();
        let mut stubs = Vec::new();
        for (name, resource) in all {
            match kind(name, resource) {
                Ok(Some(kind)) => services.push(Service {
                    name,
                    resource,
                    kind,
                    uses: BTreeSet::new(),
                }),
                Ok(None) => {}
                Err(reason) => stubs.push((name.as_str(), resource, reason)),
            }
        }
        let resources = Resources {
            all,
            variables: RefCell::default(),
            services: services.iter().map(|s| s.name).collect(),
        };
        let mut import = Self {
            resources,
            services,
            stubs,
            fixed: BTreeMap::new(),
            volumes: RefCell::default(),
            base,
            place,
            notes: RefCell::new(notes),
        };
        import.link();
        import
    }

    /// Who needs whose address. Services that need each other cannot wait for
    /// each other: they get ports that are known beforehand.
    fn link(&mut self) {
        let uses = |service: &Service<'_>| {
            let texts = texts(service.resource);
            let found = texts.flat_map(|text| self.resources.expand(service.name, text).uses);
            found.collect::<BTreeSet<_>>()
        };
        let all: Vec<_> = self.services.iter().map(uses).collect();
        for (service, uses) in self.services.iter_mut().zip(all) {
            service.uses = uses;
        }
        let mut port = FIRST_PORT;
        loop {
            let edges = self.services.iter();
            let edges: graph::Edges = edges
                .map(|s| (s.name.to_owned(), s.uses.iter().cloned().collect()))
                .collect();
            let circles = graph::cycles(&edges);
            if circles.is_empty() {
                return;
            }
            for circle in circles {
                self.cut(&circle, &mut port);
            }
        }
    }

    fn cut(&mut self, circle: &[String], port: &mut u16) {
        let members: BTreeSet<&String> = circle.iter().collect();
        for service in &mut self.services {
            if !members.contains(&service.name.to_owned()) {
                continue;
            }
            service.uses.retain(|name| !members.contains(name));
            for (binding, found) in entries(&service.resource["bindings"]) {
                let key = (service.name.to_owned(), binding.to_owned());
                if found["port"].is_null() && !self.fixed.contains_key(&key) {
                    self.fixed.insert(key, *port);
                    *port += 1;
                }
            }
        }
        let message = format!(
            "these need each other's address and cannot wait for each other: {}",
            circle.join(" → ")
        );
        self.note(
            Problem::warning(self.place, message)
                .hint("they get fixed ports and start together; change the ports as you like"),
        );
    }

    fn note(&self, problem: Problem) {
        self.notes.borrow_mut().push(problem);
    }

    fn warn(&self, message: String) {
        self.note(Problem::warning(self.place, message));
    }

    fn write(self) -> String {
        let mut lines = Lines::default();
        for service in &self.services {
            self.service(service, &mut lines);
        }
        for (name, resource, reason) in &self.stubs {
            self.stub(name, resource, reason, &mut lines);
        }
        let services = lines.finish();
        let mut file = Lines::default();
        file.comment(
            0,
            "Made from an Aspire manifest by `benchtop import aspire`.",
        );
        self.parameters(&mut file);
        file.line(0, "");
        match self.services.is_empty() {
            true => file.line(0, "services: {}"),
            false => file.line(0, "services:"),
        }
        let volumes = self.volumes.into_inner();
        let mut end = Lines::default();
        if !volumes.is_empty() {
            end.line(0, "");
            end.line(0, "volumes:");
            volumes.iter().for_each(|volume| end.key(1, volume, "{}"));
        }
        format!("{}{services}{}", file.finish(), end.finish())
    }

    /// What a person may or must set, as comments at the top.
    fn parameters(&self, file: &mut Lines) {
        let variables = self.resources.variables.borrow();
        if variables.is_empty() {
            return;
        }
        file.comment(
            0,
            "Set these in `.env` beside this file where their defaults do not fit:",
        );
        for (key, variable) in variables.iter() {
            let Variable {
                source,
                default,
                needed,
            } = variable;
            let state = match (needed, default.is_empty()) {
                (true, _) => "to be set",
                (false, true) => "empty",
                (false, false) => "has a default",
            };
            file.comment(0, &format!("  {key}: {source} ({state})"));
            if *needed {
                self.warn(format!("`{key}` has to be set: it stands for {source}"));
            }
        }
    }

    fn service(&self, service: &Service<'_>, lines: &mut Lines) {
        lines.key(1, service.name, "");
        match service.kind {
            Kind::Container => self.container(service, lines),
            Kind::Project => self.project(service, lines),
            Kind::Executable => self.executable(service, lines),
        }
        self.environment(service, lines);
        self.endpoints(service, lines);
        if !service.uses.is_empty() {
            lines.key(2, "references", "");
            service.uses.iter().for_each(|name| lines.item(3, name));
        }
        for (key, reason) in [
            (
                "containerFiles",
                "files of another container's image cannot be taken over",
            ),
            ("deployment", "it says how to deploy, not how to run"),
        ] {
            if !service.resource[key].is_null() {
                self.warn(format!(
                    "`{key}` of `{}` is left out: {reason}",
                    service.name
                ));
            }
        }
    }

    fn container(&self, service: &Service<'_>, lines: &mut Lines) {
        let resource = service.resource;
        match resource["image"].as_str() {
            Some(image) => lines.text(2, "image", &self.text(service, image)),
            None => self.build(service, lines),
        }
        if let Some(entrypoint) = resource["entrypoint"].as_str() {
            lines.key(2, "entrypoint", "");
            lines.item(3, &self.text(service, entrypoint));
        }
        let arguments = strings(&resource["args"]);
        if !arguments.is_empty() {
            lines.key(2, "command", "");
            for argument in arguments {
                lines.item(3, &self.text(service, argument));
            }
        }
        self.mounts(service, lines);
    }

    /// `container.v1` has its build in a map, `dockerfile.v0` beside the rest.
    fn build(&self, service: &Service<'_>, lines: &mut Lines) {
        let resource = service.resource;
        let (build, dockerfile, arguments) = match &resource["build"] {
            Value::Null => (resource, &resource["path"], &resource["buildArgs"]),
            build => (build, &build["dockerfile"], &build["args"]),
        };
        let context = build["context"].as_str().unwrap_or(".");
        let context = name::path(self.base, context);
        lines.key(2, "build", "");
        lines.text(3, "context", &context);
        if let Some(dockerfile) = dockerfile.as_str() {
            // Of the manifest's folder there, of the context here.
            let path = name::path(self.base, dockerfile);
            lines.text(3, "dockerfile", &relative(&context, &path));
        }
        if let Some(stage) = build["stage"].as_str() {
            lines.text(3, "target", stage);
        }
        self.pairs(service, "args", 3, arguments, lines);
        if entries(&build["secrets"]).next().is_some() {
            self.warn(format!(
                "the secrets of the build of `{}` are left out: only BuildKit knows them",
                service.name
            ));
        }
    }

    fn mounts(&self, service: &Service<'_>, lines: &mut Lines) {
        let volumes = list(&service.resource["volumes"]).map(|v| (v, "volume"));
        let binds = list(&service.resource["bindMounts"]).map(|b| (b, "bind"));
        let mut mounts = volumes.chain(binds).peekable();
        if mounts.peek().is_some() {
            lines.key(2, "volumes", "");
        }
        for (mount, kind) in mounts {
            let target = mount["target"].as_str().unwrap_or_default();
            let source = match kind {
                "bind" => name::path(self.base, mount["source"].as_str().unwrap_or_default()),
                _ => name::volume(mount["name"].as_str().unwrap_or_default()),
            };
            if kind == "volume" {
                self.volumes.borrow_mut().insert(source.clone());
            }
            lines.line(3, &format!("- type: {kind}"));
            lines.text(4, "source", &source);
            lines.text(4, "target", target);
            if mount["readOnly"] == true {
                lines.key(4, "read_only", "true");
            }
        }
    }

    fn project(&self, service: &Service<'_>, lines: &mut Lines) {
        let path = service.resource["path"].as_str().unwrap_or_default();
        let path = name::path(self.base, path);
        let mut words = ["dotnet", "run", "--no-launch-profile", "--project", &path]
            .map(str::to_owned)
            .to_vec();
        let arguments = strings(&service.resource["args"]);
        if !arguments.is_empty() {
            words.push("--".to_owned());
        }
        words.extend(arguments.into_iter().map(|text| self.text(service, text)));
        lines.key(2, "process", "");
        words.iter().for_each(|word| lines.item(3, word));
    }

    fn executable(&self, service: &Service<'_>, lines: &mut Lines) {
        let resource = service.resource;
        let command = resource["command"].as_str().unwrap_or_default();
        lines.key(2, "process", "");
        lines.item(3, &self.text(service, command));
        for argument in strings(&resource["args"]) {
            lines.item(3, &self.text(service, argument));
        }
        let folder = resource["workingDirectory"].as_str().unwrap_or(".");
        lines.text(2, "working_dir", &name::path(self.base, folder));
    }

    fn environment(&self, service: &Service<'_>, lines: &mut Lines) {
        let environment = &service.resource["env"];
        self.pairs(service, "environment", 2, environment, lines);
    }

    fn pairs(
        &self,
        service: &Service<'_>,
        key: &str,
        depth: usize,
        map: &Value,
        lines: &mut Lines,
    ) {
        let mut pairs = entries(map).peekable();
        if pairs.peek().is_some() {
            lines.key(depth, key, "");
        }
        for (key, value) in pairs {
            let value = self.text(service, value.as_str().unwrap_or_default());
            // Always in quotes: a variable is text, whatever it looks like.
            lines.text(depth + 1, key, &value);
        }
    }

    fn endpoints(&self, service: &Service<'_>, lines: &mut Lines) {
        let bindings = &service.resource["bindings"];
        let is_kept = |(binding, _): &(&str, &Value)| kept_binding(bindings, binding) == *binding;
        let (udp, tcp): (Vec<_>, Vec<_>) = entries(bindings)
            .filter(is_kept)
            .partition(|(_, binding)| binding["protocol"] == "udp");
        if !tcp.is_empty() {
            lines.key(2, "endpoints", "");
        }
        for (binding, found) in tcp {
            let key = (service.name.to_owned(), binding.to_owned());
            let port = found["port"].as_u64();
            let port = port.or(self.fixed.get(&key).map(|port| u64::from(*port)));
            let target = found["targetPort"].as_u64().or(port);
            let scheme = found["scheme"].as_str().unwrap_or("tcp");
            lines.key(3, binding, "");
            lines.key(
                4,
                "port",
                &port.map_or("auto".to_owned(), |port| port.to_string()),
            );
            if let (Kind::Container, Some(target)) = (service.kind, target) {
                lines.key(4, "target", &target.to_string());
            }
            lines.text(4, "scheme", scheme);
        }
        if !udp.is_empty() && service.kind == Kind::Container {
            lines.key(2, "ports", "");
            for (_, found) in udp {
                let target = found["targetPort"].as_u64().unwrap_or_default();
                let port = found["port"].as_u64().unwrap_or(target);
                lines.item(3, &format!("{port}:{target}/udp"));
            }
        }
    }

    /// A resource that is none of ours, as a comment.
    fn stub(&self, name: &str, resource: &Value, reason: &str, lines: &mut Lines) {
        self.warn(format!("`{name}` is only a comment: {reason}"));
        lines.comment(1, &format!("{name}: {reason}"));
        for key in ["type", "path", "connectionString"] {
            if let Some(text) = resource[key].as_str() {
                lines.comment(1, &format!("  {key}: {text}"));
            }
        }
    }

    fn text(&self, service: &Service<'_>, text: &str) -> String {
        let Expanded { text, unknown, .. } = self.resources.expand(service.name, text);
        for expression in unknown {
            self.warn(format!(
                "`{{{expression}}}` in `{}` names nothing that is in the manifest",
                service.name
            ));
        }
        text
    }
}

/// What a resource becomes: a service, nothing of its own, or a comment with
/// this reason.
fn kind(name: &str, resource: &Value) -> Result<Option<Kind>, String> {
    if let Some(error) = resource["error"].as_str() {
        return Err(format!("the manifest says: {error}"));
    }
    let kind = resource["type"].as_str().unwrap_or_default();
    let (family, _) = kind.rsplit_once(".v").unwrap_or((kind, ""));
    let found = match family {
        "container" | "dockerfile" => {
            if resource["build"]["buildOnly"] == true {
                return Err("it is only built, never run".to_owned());
            }
            let has_image = ["image", "build", "context"].iter();
            if has_image.clone().all(|key| resource[key].is_null()) {
                return Err("it has neither an image nor a build".to_owned());
            }
            Kind::Container
        }
        "project" => Kind::Project,
        "executable" => Kind::Executable,
        // Their values are written where they are used.
        "parameter" | "value" | "annotated.string" => return Ok(None),
        "azure.bicep" => {
            return Err("it is a resource of Azure, which nothing here stands in for".to_owned());
        }
        "aws.cloudformation.stack" | "aws.cloudformation.template" => {
            return Err("it is a resource of AWS, which nothing here stands in for".to_owned());
        }
        "dapr" | "dapr.component" => {
            return Err("Dapr's sidecars are not started by Benchtop".to_owned());
        }
        "" => return Err("it has no type".to_owned()),
        other => return Err(format!("the type `{other}` is not known")),
    };
    if !name::is_service(name) {
        return Err("its name cannot be that of a service".to_owned());
    }
    Ok(Some(found))
}

/// Every text of a resource in which an expression may stand and that is written.
fn texts(resource: &Value) -> impl Iterator<Item = &str> {
    let pairs = ["env", "buildArgs"]
        .into_iter()
        .flat_map(|key| entries(&resource[key]));
    let pairs = pairs.chain(entries(&resource["build"]["args"]));
    let pairs = pairs.filter_map(|(_, value)| value.as_str());
    let plain = ["image", "entrypoint", "command"].into_iter();
    let plain = plain.filter_map(|key| resource[key].as_str());
    pairs.chain(strings(&resource["args"])).chain(plain)
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let map = value.as_object().into_iter().flatten();
    map.map(|(key, value)| (key.as_str(), value))
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn strings(value: &Value) -> Vec<&str> {
    list(value).filter_map(Value::as_str).collect()
}

/// `path` as seen from the folder `context`; as it is where it does not lie in it.
fn relative(context: &str, path: &str) -> String {
    let folder = format!("{}/", context.trim_end_matches('/'));
    match path.strip_prefix(&folder) {
        Some(inside) => inside.to_owned(),
        None if context == "." => path.trim_start_matches("./").to_owned(),
        None => up_from(context, path),
    }
}

/// From a folder up to what both are relative to, and down again.
fn up_from(context: &str, path: &str) -> String {
    let parts = |text: &str| -> Vec<String> {
        let parts = text
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".");
        parts.map(str::to_owned).collect()
    };
    let (from, to) = (parts(context), parts(path));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if path.starts_with('/') || from[shared..].iter().any(|part| part == "..") {
        return path.to_owned();
    }
    let up = std::iter::repeat_n("..".to_owned(), from.len() - shared);
    up.chain(to[shared..].iter().cloned())
        .collect::<Vec<_>>()
        .join("/")
}
