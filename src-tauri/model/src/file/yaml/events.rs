//! First pass: the parser's events as a flat list in the order of the text.
//! A container knows where it ends, so that an alias can go back to it.

use super::{MOST_DEPTH, MOST_NODES, syntax};
use crate::problem::{Place, Problem};
use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// One node as written.
#[derive(Debug)]
pub(super) struct Item<'t> {
    pub(super) kind: Kind<'t>,
    pub(super) place: Place,
    /// `!name`, or `!!name` for those of YAML itself.
    pub(super) tag: Option<String>,
}

/// What was written. Positions are indexes in the list of items.
#[derive(Debug)]
pub(super) enum Kind<'t> {
    Scalar {
        text: Cow<'t, str>,
        /// Neither quoted nor a block, so that `null` means nothing.
        plain: bool,
    },
    Seq {
        /// First position behind it.
        end: usize,
    },
    Map {
        /// First position behind it.
        end: usize,
    },
    Alias {
        /// Where the anchored node is.
        target: usize,
    },
}

/// All nodes of the one document in `text`.
pub(super) fn collect<'t>(file: &Arc<str>, text: &'t str) -> Result<Vec<Item<'t>>, Problem> {
    let mut collector = Collector {
        file,
        items: Vec::new(),
        open: Vec::new(),
        anchors: HashMap::new(),
        documents: 0,
    };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax::explain(file, text, &error))?;
        collector.take(event, span)?;
    }
    Ok(collector.items)
}

struct Collector<'f, 't> {
    file: &'f Arc<str>,
    items: Vec<Item<'t>>,
    /// Positions of the containers that have not ended.
    open: Vec<usize>,
    /// Position of each anchored node, by the parser's number of the anchor.
    anchors: HashMap<usize, usize>,
    documents: usize,
}

impl<'t> Collector<'_, 't> {
    fn take(&mut self, event: Event<'t>, span: Span) -> Result<(), Problem> {
        match event {
            Event::DocumentStart(_) => self.start_document(span),
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                self.add(Kind::Scalar { text, plain }, anchor, tag, span)
            }
            Event::SequenceStart(anchor, tag) => {
                self.start(Kind::Seq { end: 0 }, anchor, tag, span)
            }
            Event::MappingStart(anchor, tag) => self.start(Kind::Map { end: 0 }, anchor, tag, span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::SequenceEnd | Event::MappingEnd => {
                self.end();
                Ok(())
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn start_document(&mut self, span: Span) -> Result<(), Problem> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let message = "a second document begins here, but a file holds exactly one";
        Err(Problem::error(&self.place(span), message)
            .hint("remove the line `---`, or move what follows to another file"))
    }

    fn start(
        &mut self,
        kind: Kind<'t>,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        span: Span,
    ) -> Result<(), Problem> {
        let at = self.items.len();
        self.add(kind, anchor, tag, span)?;
        self.open.push(at);
        if self.open.len() > MOST_DEPTH {
            return Err(syntax::too_deep(&self.place(span)));
        }
        Ok(())
    }

    fn end(&mut self) {
        let behind = self.items.len();
        let Some(at) = self.open.pop() else { return };
        if let Kind::Seq { end } | Kind::Map { end } = &mut self.items[at].kind {
            *end = behind;
        }
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Problem> {
        let Some(&target) = self.anchors.get(&anchor) else {
            return Err(Problem::error(
                &self.place(span),
                "this alias has no anchor",
            ));
        };
        if self.open.contains(&target) {
            return Err(Problem::error(
                &self.place(span),
                "this alias stands inside the very node that it repeats",
            )
            .hint("an alias can only repeat what is complete before it"));
        }
        self.add(Kind::Alias { target }, 0, None, span)
    }

    fn add(
        &mut self,
        kind: Kind<'t>,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        span: Span,
    ) -> Result<(), Problem> {
        let place = self.place(span);
        if self.items.len() >= MOST_NODES {
            return Err(Problem::error(
                &place,
                format!("the file has more than {MOST_NODES} values"),
            ));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, self.items.len());
        }
        self.items.push(Item {
            kind,
            place,
            tag: tag.map(|tag| short(&tag)),
        });
        Ok(())
    }

    fn place(&self, span: Span) -> Place {
        syntax::place(self.file, span.start)
    }
}

/// A tag as one writes it.
fn short(tag: &Tag) -> String {
    if tag.is_yaml_core_schema() {
        format!("!!{}", tag.suffix)
    } else {
        format!("{}{}", tag.handle, tag.suffix)
    }
}
