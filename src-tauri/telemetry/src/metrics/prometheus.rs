//! The pages that services offer to Prometheus: text format 0.0.4, and what of
//! OpenMetrics goes beyond it.
//!
//! A strict reader of our own: the crates that read it are unmaintained, or build a tree
//! of the whole page. A line that cannot be read is counted and left out; the others stand.

use super::point::{Descriptor, Histogram, Point, Sample, SeriesKey, Summary, Value};
use super::query::{Exemplar, MetricKind, MetricSource, Temporality};
use benchtop_model::time::Timestamp;
use line::{Line, read_line};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

mod line;

/// Lines of one page.
const MOST_LINES: usize = 100_000;

/// What is on a page.
#[derive(Debug, Default)]
pub struct Page {
    /// Points, each of one series.
    pub samples: Vec<Sample>,
    /// Lines that could not be read or are too many.
    pub refused: u64,
    /// What was wrong with the first of them.
    pub problem: Option<String>,
}

/// What comments say of a family of lines.
#[derive(Clone, Debug, Default)]
struct Family {
    kind: String,
    help: String,
    unit: String,
}

/// Lines of a histogram or summary that belong together.
#[derive(Debug, Default)]
struct Group {
    at: i64,
    sum: Option<f64>,
    count: Option<f64>,
    created: i64,
    /// Bound or quantile, and value.
    steps: Vec<(f64, f64)>,
    exemplars: Vec<Exemplar>,
}

type Labels = Vec<(String, String)>;

/// Reads a page of a service that was fetched at this time.
#[must_use]
pub fn read(service: &str, text: &str, now: Timestamp) -> Page {
    let mut reader = Reader {
        service,
        now,
        families: HashMap::new(),
        groups: BTreeMap::new(),
        created: HashMap::new(),
        numbers: Vec::new(),
        page: Page::default(),
    };
    for (number, line) in text.lines().enumerate() {
        if number >= MOST_LINES {
            reader.refuse(number, "there are too many lines".to_owned());
            break;
        }
        match read_line(line) {
            Ok(line) => reader.line(line),
            Err(problem) => reader.refuse(number, problem),
        }
    }
    reader.finish()
}

struct Reader<'a> {
    service: &'a str,
    now: Timestamp,
    families: HashMap<String, Family>,
    /// By family and labels, without `le` and `quantile`.
    groups: BTreeMap<(String, Labels), Group>,
    /// When counters began, in milliseconds.
    created: HashMap<(String, Labels), i64>,
    numbers: Vec<(String, Labels, Point)>,
    page: Page,
}

impl Reader<'_> {
    fn refuse(&mut self, number: usize, problem: String) {
        self.page.refused += 1;
        self.page
            .problem
            .get_or_insert_with(|| format!("line {}: {problem}", number + 1));
    }

    fn line(&mut self, line: Line<'_>) {
        match line {
            Line::Nothing => {}
            Line::Type(name, kind) => self.family(name).kind = kind.to_owned(),
            Line::Help(name, help) => self.family(name).help = help,
            Line::Unit(name, unit) => self.family(name).unit = unit.to_owned(),
            Line::Value {
                name,
                labels,
                value,
                at,
                exemplar,
            } => {
                let at = at.unwrap_or(self.now.0);
                self.value(name, labels, value, at, exemplar);
            }
        }
    }

    fn family(&mut self, name: &str) -> &mut Family {
        self.families.entry(name.to_owned()).or_default()
    }

    fn value(
        &mut self,
        name: &str,
        mut labels: Labels,
        value: f64,
        at: i64,
        single: Option<Exemplar>,
    ) {
        labels.sort();
        if let Some((family, part)) = self.composite(name) {
            let step = match part {
                "_bucket" => take(&mut labels, "le"),
                "" => take(&mut labels, "quantile"),
                _ => None,
            };
            let group = self.groups.entry((family, labels)).or_default();
            group.at = at;
            group.exemplars.extend(single);
            match (part, step) {
                ("_sum", _) => group.sum = Some(value),
                ("_count", _) => group.count = Some(value),
                ("_created", _) => group.created = (value * 1000.0) as i64,
                (_, Some(step)) => group.steps.push((step, value)),
                _ => {}
            }
            return;
        }
        if let Some(base) = name.strip_suffix("_created")
            && (self.is_counter(base) || self.is_counter(&format!("{base}_total")))
        {
            self.created
                .insert((base.to_owned(), labels), (value * 1000.0) as i64);
            return;
        }
        // Prometheus marks the end of a series by a value that is no number.
        if value.is_finite() {
            let mut point = Point::number(at, value);
            point.exemplars.extend(single);
            self.numbers.push((name.to_owned(), labels, point));
        }
    }

    /// The histogram or summary that a line belongs to, and which part of it it is.
    fn composite<'n>(&self, name: &'n str) -> Option<(String, &'n str)> {
        let is = |family: &str| {
            let kind = self.families.get(family).map(|family| family.kind.as_str());
            matches!(kind, Some("histogram" | "summary"))
        };
        if is(name) {
            return Some((name.to_owned(), ""));
        }
        let parts = ["_bucket", "_sum", "_count", "_created"];
        parts.into_iter().find_map(|part| {
            let family = name.strip_suffix(part).filter(|family| is(family))?;
            Some((family.to_owned(), &name[family.len()..]))
        })
    }

    fn is_counter(&self, name: &str) -> bool {
        self.families
            .get(name)
            .is_some_and(|family| family.kind == "counter")
    }

    fn finish(mut self) -> Page {
        for (name, labels, mut point) in std::mem::take(&mut self.numbers) {
            // OpenMetrics names the family without `_total`, the older format with it.
            let base = name.strip_suffix("_total").unwrap_or(&name);
            let counter = self.is_counter(&name) || (base != name && self.is_counter(base));
            let known = [name.as_str(), base];
            let family = known
                .iter()
                .find_map(|name| self.families.get(*name))
                .cloned();
            if counter {
                let key = (base.to_owned(), labels.clone());
                point.start = self.created.get(&key).copied().unwrap_or(0);
            }
            let kind = if counter {
                MetricKind::Sum
            } else {
                MetricKind::Gauge
            };
            self.keep(name, &family.unwrap_or_default(), kind, labels, point);
        }
        for ((name, labels), group) in std::mem::take(&mut self.groups) {
            let family = self.families.get(&name).cloned().unwrap_or_default();
            let (kind, value) = if family.kind == "histogram" {
                (MetricKind::Histogram, group.histogram())
            } else {
                (MetricKind::Summary, group.summary())
            };
            let Some(value) = value else {
                self.page.refused += 1;
                let problem = format!("the lines of `{name}` do not fit together");
                self.page.problem.get_or_insert(problem);
                continue;
            };
            let point = Point {
                at: group.at,
                start: group.created,
                value,
                exemplars: group.exemplars.into_iter().take(5).collect(),
            };
            self.keep(name, &family, kind, labels, point);
        }
        self.page
    }

    fn keep(
        &mut self,
        name: String,
        family: &Family,
        kind: MetricKind,
        labels: Labels,
        point: Point,
    ) {
        let counts = matches!(kind, MetricKind::Sum | MetricKind::Histogram);
        let metric = Arc::new(Descriptor {
            unit: unit(&name, family),
            name,
            description: family.help.clone(),
            kind,
            monotonic: kind == MetricKind::Sum,
            temporality: counts.then_some(Temporality::Cumulative),
            source: MetricSource::Scrape,
        });
        self.page.samples.push(Sample {
            series: SeriesKey {
                metric,
                service: self.service.to_owned(),
                attributes: labels,
            },
            point,
        });
    }
}

impl Group {
    /// Counts up to each bound become counts between two of them; `None` where they fall.
    fn histogram(&self) -> Option<Value> {
        let mut steps = self.steps.clone();
        steps.sort_by(|one, other| one.0.total_cmp(&other.0));
        steps.dedup_by(|one, other| one.0 == other.0);
        let mut counts = Vec::new();
        let mut below = 0;
        for (_, up_to) in &steps {
            let up_to = natural(*up_to)?;
            counts.push(up_to.checked_sub(below)?);
            below = up_to;
        }
        let bounds: Vec<f64> = steps
            .iter()
            .map(|step| step.0)
            .filter(|b| b.is_finite())
            .collect();
        let all = self.count.map_or(Some(below), natural)?;
        if counts.len() == bounds.len() {
            // Without `+Inf` the rest lies above the last bound.
            counts.push(all.checked_sub(below)?);
        }
        (counts.len() == bounds.len() + 1).then(|| {
            Value::Histogram(Histogram {
                count: counts.iter().sum(),
                sum: self.sum.filter(|sum| sum.is_finite()),
                bounds: bounds.into(),
                counts,
                ..Histogram::default()
            })
        })
    }

    fn summary(&self) -> Option<Value> {
        let mut quantiles = self.steps.clone();
        quantiles.sort_by(|one, other| one.0.total_cmp(&other.0));
        Some(Value::Summary(Summary {
            count: self.count.map_or(Some(0), natural)?,
            sum: self.sum.filter(|sum| sum.is_finite()).unwrap_or(0.0),
            quantiles,
        }))
    }
}

fn natural(value: f64) -> Option<u64> {
    // Up to 2^53 every integer is there.
    (value.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&value))
        .then_some(value as u64)
}

fn take(labels: &mut Labels, key: &str) -> Option<f64> {
    let place = labels.iter().position(|(name, _)| name == key)?;
    line::number(&labels.remove(place).1)
}

/// The unit by UCUM: as told, or as the name ends by custom.
fn unit(name: &str, family: &Family) -> String {
    let base = name.strip_suffix("_total").unwrap_or(name);
    let told = Some(family.unit.as_str()).filter(|unit| !unit.is_empty());
    let word = told.or_else(|| base.rsplit('_').next()).unwrap_or_default();
    match word {
        "seconds" => "s",
        "milliseconds" => "ms",
        "bytes" => "By",
        "ratio" => "1",
        "celsius" => "Cel",
        "volts" => "V",
        "amperes" => "A",
        "joules" => "J",
        "grams" => "g",
        "meters" => "m",
        _ => told.unwrap_or_default(),
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
