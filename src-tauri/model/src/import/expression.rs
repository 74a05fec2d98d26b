//! The expressions of a manifest, `{name.bindings.http.url}` and the like, as
//! templates and variables of an environment file.

use super::name;
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Deepest nesting of one expression in another: connection strings are made of
/// connection strings.
const MOST_DEPTH: usize = 16;

/// Longest text that an expression may become.
const MOST_TEXT: usize = 64 << 10;

/// A password for a machine of one's own, of the kinds of characters that servers
/// ask for, and none that would have to be encoded in an address.
const LOCAL_PASSWORD: &str = "LocalOnlyPassword0000001";

/// What the expressions of a manifest are about.
pub(super) struct Resources<'m> {
    pub(super) all: &'m Map<String, Value>,
    /// Variables that the file will use, with what stands for each.
    pub(super) variables: RefCell<BTreeMap<String, Variable>>,
    /// Resources with endpoints: only they can be named in a template.
    pub(super) services: BTreeSet<&'m str>,
}

/// A variable that the environment file uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    /// Where it comes from in the manifest.
    pub(super) source: String,
    /// What counts where it is not set.
    pub(super) default: String,
    /// It is a value that somebody has to fill in.
    pub(super) needed: bool,
}

/// A text of the manifest as it is written here.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Expanded {
    pub(super) text: String,
    /// Services whose addresses are in it.
    pub(super) uses: BTreeSet<String>,
    /// Expressions that mean nothing here, and were left as they are.
    pub(super) unknown: Vec<String>,
}

impl Resources<'_> {
    /// `text` of the resource `own`.
    pub(super) fn expand(&self, own: &str, text: &str) -> Expanded {
        let mut out = Expanded::default();
        self.expand_into(own, text, 0, &mut out);
        out
    }

    fn expand_into(&self, own: &str, text: &str, depth: usize, out: &mut Expanded) {
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if out.text.len() > MOST_TEXT {
                return;
            }
            if let Some(escaped) = ["{{", "}}"].into_iter().find(|two| rest.starts_with(two)) {
                out.text.push(c);
                rest = &rest[escaped.len()..];
                continue;
            }
            if let Some((inner, behind)) = expression(rest) {
                self.one(own, inner, depth, out);
                rest = behind;
                continue;
            }
            // A dollar sign begins a variable here, but not there.
            out.text
                .push_str(if c == '$' { "$$" } else { rest_char(rest) });
            rest = &rest[c.len_utf8()..];
        }
    }

    fn one(&self, own: &str, inner: &str, depth: usize, out: &mut Expanded) {
        let (name, path) = inner.split_once('.').unwrap_or((inner, ""));
        let Some(resource) = self.all.get(name) else {
            out.unknown.push(inner.to_owned());
            out.text.push_str(&format!("{{{inner}}}"));
            return;
        };
        let parts: Vec<&str> = path.split('.').collect();
        match parts.as_slice() {
            ["bindings", binding, part] if self.binding(own, name, binding, part, out) => {}
            ["connectionString"] | ["value"] if depth >= MOST_DEPTH => {
                out.unknown.push(inner.to_owned());
            }
            ["connectionString"] if resource["connectionString"].is_string() => {
                let text = resource["connectionString"].as_str().unwrap_or_default();
                self.expand_into(own, text, depth + 1, out);
            }
            ["value"] if resource["value"].is_string() => {
                let text = resource["value"].as_str().unwrap_or_default();
                self.expand_into(own, text, depth + 1, out);
            }
            ["inputs", input] => self.input(name, resource, input, out),
            _ => self.outside(inner, out),
        }
    }

    /// An address of a service, and whether there is one.
    fn binding(
        &self,
        own: &str,
        name: &str,
        binding: &str,
        part: &str,
        out: &mut Expanded,
    ) -> bool {
        let bindings = &self.all[name]["bindings"];
        let binding = super::aspire::kept_binding(bindings, binding);
        let found = &bindings[binding];
        if found.is_null() || !self.services.contains(name) {
            return false;
        }
        let target = found["targetPort"].as_u64();
        match (part, target) {
            ("scheme", _) => out.text.push_str(found["scheme"].as_str().unwrap_or("tcp")),
            ("targetPort", Some(port)) => out.text.push_str(&port.to_string()),
            // A process listens where it is reached.
            ("targetPort", None) => out.text.push_str(&format!("{{{{{name}.{binding}.port}}}}")),
            ("url" | "host" | "port", _) => {
                out.text
                    .push_str(&format!("{{{{{name}.{binding}.{part}}}}}"));
            }
            _ => return false,
        }
        if name != own {
            out.uses.insert(name.to_owned());
        }
        true
    }

    /// What a person types in: a variable, with the manifest's default where it
    /// has one.
    fn input(&self, name: &str, resource: &Value, input: &str, out: &mut Expanded) {
        let of = &resource["inputs"][input];
        let default = &of["default"];
        let (default, needed) = match (default["value"].as_str(), &default["generate"]) {
            (Some(value), _) => (value.to_owned(), false),
            (None, Value::Object(rules)) => (password(rules), false),
            _ => (String::new(), true),
        };
        let variable = match input {
            "value" => name::variable(name),
            input => name::variable(&format!("{name}_{input}")),
        };
        self.variable(
            variable,
            format!("the parameter `{name}`"),
            default,
            needed,
            out,
        );
    }

    /// What only a cloud or another tool could tell.
    fn outside(&self, inner: &str, out: &mut Expanded) {
        let variable = name::variable(inner);
        let source = format!("`{{{inner}}}`, which has no meaning here");
        self.variable(variable, source, String::new(), true, out);
    }

    fn variable(
        &self,
        variable: String,
        source: String,
        default: String,
        needed: bool,
        out: &mut Expanded,
    ) {
        let shown = default.replace('$', "$$").replace('}', "");
        out.text.push_str(&format!("${{{variable}:-{shown}}}"));
        let entry = Variable {
            source,
            default,
            needed,
        };
        self.variables.borrow_mut().insert(variable, entry);
    }
}

/// The expression at the beginning of `text`, and what is behind it. Other braces
/// are text: `/{**catch-all}` is a route.
fn expression(text: &str) -> Option<(&str, &str)> {
    let (inner, behind) = text.strip_prefix('{')?.split_once('}')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_one = inner.contains('.') && inner.chars().all(is_name);
    is_one.then_some((inner, behind))
}

fn rest_char(text: &str) -> &str {
    let end = text.chars().next().map_or(0, char::len_utf8);
    &text[..end]
}

/// Long enough for the rules, which all kinds of characters in it satisfy.
fn password(rules: &Map<String, Value>) -> String {
    let length = rules.get("minLength").and_then(Value::as_u64).unwrap_or(0);
    let length = usize::try_from(length).unwrap_or(0).min(128);
    let missing = length.saturating_sub(LOCAL_PASSWORD.len());
    format!("{LOCAL_PASSWORD}{}", "1".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = r#"{
        "db": { "connectionString": "Host={db.bindings.tcp.host};Password={pw.value}",
                "bindings": { "tcp": { "scheme": "tcp", "targetPort": 5432 } } },
        "shop": { "connectionString": "{db.connectionString};Database=shop" },
        "pw": { "value": "{pw.inputs.value}",
                "inputs": { "value": { "default": { "generate": { "minLength": 30 } } } } },
        "town": { "value": "{town.inputs.value}", "inputs": { "value": {} } },
        "api": { "bindings": { "http": { "scheme": "http" }, "https": { "scheme": "https" } } },
        "loop": { "connectionString": "{loop.connectionString}" },
        "vault": {}
    }"#;

    fn expand(text: &str) -> Expanded {
        let all: Map<String, Value> = serde_json::from_str(MANIFEST).expect("JSON");
        let resources = Resources {
            all: &all,
            variables: RefCell::default(),
            services: BTreeSet::from(["db", "api"]),
        };
        resources.expand("api", text)
    }

    #[test]
    fn expressions_become_templates_and_variables() {
        for (text, expected) in [
            (
                "{db.bindings.tcp.host}:{db.bindings.tcp.port}",
                "{{db.tcp.host}}:{{db.tcp.port}}",
            ),
            ("{db.bindings.tcp.targetPort}", "5432"),
            ("{api.bindings.http.targetPort}", "{{api.http.port}}"),
            // One address is enough, and it needs no certificate.
            ("{api.bindings.https.url}", "{{api.http.url}}"),
            ("{town.value}", "${TOWN:-}"),
            ("{vault.outputs.uri}", "${VAULT_OUTPUTS_URI:-}"),
            (
                "{shop.connectionString}",
                "Host={{db.tcp.host}};Password=${PW:-LocalOnlyPassword0000001111111};Database=shop",
            ),
            ("/api/{**rest} {{x}} $HOME", "/api/{**rest} {x} $$HOME"),
        ] {
            assert_eq!(expand(text).text, expected, "{text}");
        }
    }

    #[test]
    fn what_is_used_is_told_and_circles_end() {
        let found = expand("{shop.connectionString} {api.bindings.http.url} {nobody.x}");
        assert_eq!(found.uses, BTreeSet::from(["db".to_owned()]));
        assert_eq!(found.unknown, ["nobody.x"]);
        assert_eq!(
            expand("{loop.connectionString}").unknown,
            ["loop.connectionString"]
        );
    }
}
