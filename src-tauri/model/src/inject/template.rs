//! `{{service.endpoint.url}}` in the values of variables and in commands.
//!
//! Other programs use double braces, too (`{{json .}}`, `{{ $labels.x }}`), so
//! only what reads like ours is touched: names joined by dots that end in `url`,
//! `host` or `port`, or that begin with a service and one of its endpoints.

use super::{Ports, Viewpoint, address, url};
use crate::plan::{Plan, Service};
use crate::problem::nearest;

const PARTS: [&str; 3] = ["url", "host", "port"];

/// A template that names what does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// What is wrong with the templates of a text.
pub(crate) fn faults(text: &str, plan: &Plan) -> Vec<Fault> {
    pieces(text)
        .filter_map(|piece| Template::read(piece.inner?, plan)?.err())
        .collect()
}

/// See [`super::expand`].
pub(super) fn expand(
    text: &str,
    plan: &Plan,
    ports: &Ports,
    viewpoint: Viewpoint,
) -> Result<String, String> {
    let mut out = String::new();
    for piece in pieces(text) {
        match piece.inner.and_then(|inner| Template::read(inner, plan)) {
            None => out.push_str(piece.text),
            Some(Err(fault)) => return Err(fault.message),
            Some(Ok(template)) => out.push_str(&template.value(plan, ports, viewpoint)?),
        }
    }
    Ok(out)
}

/// A stretch of text; `inner` where it is `{{inner}}`.
struct Piece<'t> {
    text: &'t str,
    inner: Option<&'t str>,
}

/// The whole text in pieces.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (length, inner) = match (rest.starts_with("{{"), rest.find("{{")) {
            (true, _) => match rest.find("}}") {
                Some(end) => (end + 2, Some(rest[2..end].trim())),
                None => (rest.len(), None),
            },
            (false, Some(start)) => (start, None),
            (false, None) => (rest.len(), None),
        };
        let (text, behind) = rest.split_at(length);
        rest = behind;
        Some(Piece { text, inner })
    })
}

/// A template whose names exist.
struct Template<'t> {
    service: &'t str,
    endpoint: &'t str,
    part: &'t str,
}

impl<'t> Template<'t> {
    /// Nothing where it is not meant for us.
    fn read(inner: &'t str, plan: &Plan) -> Option<Result<Self, Fault>> {
        let is_name = |name: &str| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        if !is_name(inner) || inner.split('.').any(str::is_empty) {
            return None;
        }
        let mut names = inner.rsplitn(3, '.');
        let (part, endpoint, service) = (names.next()?, names.next()?, names.next());
        match service {
            Some(service) if PARTS.contains(&part) || has_endpoint(plan, service, endpoint) => {
                let template = Self {
                    service,
                    endpoint,
                    part,
                };
                Some(template.check(inner, plan).map(|()| template))
            }
            None if is_cut_short(plan, endpoint, part) => Some(Err(Fault {
                message: format!(
                    "`{{{{{inner}}}}}` does not name both an endpoint and what of it is wanted"
                ),
                hint: Some(format!(
                    "expected something like `{{{{{endpoint}.http.url}}}}`"
                )),
            })),
            _ => None,
        }
    }

    fn check(&self, inner: &str, plan: &Plan) -> Result<(), Fault> {
        let fault = |what: String, near: Option<&str>| Fault {
            message: format!("`{{{{{inner}}}}}`: {what}"),
            hint: near.map(|near| format!("did you mean `{near}`?")),
        };
        let Some(service) = plan.services.get(self.service) else {
            let near = nearest(self.service, plan.services.keys().map(String::as_str));
            return Err(fault(
                format!("there is no service `{}`", self.service),
                near,
            ));
        };
        let names = || {
            service
                .endpoints
                .iter()
                .map(|endpoint| endpoint.name.as_str())
        };
        if !names().any(|name| name == self.endpoint) {
            let what = format!(
                "the service `{}` has no endpoint `{}`{}",
                self.service,
                self.endpoint,
                list(service)
            );
            return Err(fault(what, nearest(self.endpoint, names())));
        }
        if !PARTS.contains(&self.part) {
            let what = format!(
                "an endpoint has `url`, `host` and `port`, but no `{}`",
                self.part
            );
            return Err(fault(what, nearest(self.part, PARTS)));
        }
        Ok(())
    }

    fn value(&self, plan: &Plan, ports: &Ports, viewpoint: Viewpoint) -> Result<String, String> {
        let address = || address(plan, self.service, self.endpoint, ports, viewpoint);
        let value = match self.part {
            "url" => url(plan, self.service, self.endpoint, ports, viewpoint),
            "host" => address().map(|address| address.host),
            _ => address().map(|address| address.port.to_string()),
        };
        value.ok_or_else(|| {
            format!(
                "the port of `{}.{}` is not assigned yet",
                self.service, self.endpoint
            )
        })
    }
}

fn has_endpoint(plan: &Plan, service: &str, endpoint: &str) -> bool {
    let service = plan.services.get(service);
    service.is_some_and(|service| service.endpoint(Some(endpoint)).is_some())
}

/// `{{service.endpoint}}` or `{{service.url}}`.
fn is_cut_short(plan: &Plan, service: &str, part: &str) -> bool {
    has_endpoint(plan, service, part)
        || plan.services.contains_key(service) && PARTS.contains(&part)
}

/// `` , but `a`, `b` `` for a message.
fn list(service: &Service) -> String {
    let names: Vec<String> = service
        .endpoints
        .iter()
        .map(|endpoint| format!("`{}`", endpoint.name))
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(", but {}", names.join(", "))
    }
}
