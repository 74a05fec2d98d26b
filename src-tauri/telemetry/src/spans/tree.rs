//! The shape of a trace: which span lies below which, what each did itself, and which
//! chain made the trace as long as it is. Pure, and whatever is received has an answer:
//! spans without their parents, in circles, twice, or from a clock that is wrong.

use crate::trace::FindingKind;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What is known of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: u64,
    /// Id of its parent.
    pub parent: Option<u64>,
    /// When it began, in nanoseconds.
    pub start: i64,
    /// When it ended, in nanoseconds; never before its begin.
    pub end: i64,
}

/// The shape of a trace. All lists but `order` are by index of the nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The nodes in the order of display: each once, directly before its children.
    pub order: Vec<usize>,
    /// How deep each lies: 0 for roots.
    pub depth: Vec<u32>,
    /// How long each lasted while none of its children did.
    pub self_ns: Vec<u64>,
    /// Whether each is part of the chain that the length is made of.
    pub critical: Vec<bool>,
    /// Whether the parent of each is missing.
    pub orphan: Vec<bool>,
    /// What is odd, with the node it is about.
    pub findings: Vec<(FindingKind, Option<usize>)>,
}

/// Clocks of one machine differ by less, in nanoseconds.
const TOLERANCE: i64 = 100_000;

/// The shape of these spans.
#[must_use]
pub fn shape(nodes: &[Node]) -> Shape {
    let mut findings = Vec::new();
    let (mut parents, orphan) = parents(nodes, &mut findings);
    cut_cycles(nodes, &mut parents, &mut findings);
    let roots = nodes.iter().filter(|node| node.parent.is_none()).count();
    match roots {
        0 if !nodes.is_empty() => findings.push((FindingKind::NoRoot, None)),
        0 | 1 => {}
        _ => findings.push((FindingKind::ManyRoots, None)),
    }
    let (top, children) = children(nodes, &parents);
    let (order, depth) = order(nodes.len(), &top, &children);
    for (index, parent) in parents.iter().enumerate() {
        if parent.is_some_and(|p| nodes[index].start + TOLERANCE < nodes[p].start) {
            findings.push((FindingKind::ClockSkew, Some(index)));
        }
    }
    Shape {
        self_ns: (0..nodes.len())
            .map(|index| self_time(nodes, index, &children[index]))
            .collect(),
        critical: critical(nodes, &order, &top, &children),
        order,
        depth,
        orphan,
        findings,
    }
}

type Findings = Vec<(FindingKind, Option<usize>)>;

/// The index of each span's parent, where it is there; and whether it is missing.
fn parents(nodes: &[Node], findings: &mut Findings) -> (Vec<Option<usize>>, Vec<bool>) {
    let mut by_id = HashMap::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        match by_id.entry(node.id) {
            Entry::Occupied(_) => findings.push((FindingKind::Duplicate, Some(index))),
            Entry::Vacant(free) => _ = free.insert(index),
        }
    }
    let parent = |node: &Node| Some(by_id.get(&node.parent?).copied());
    let found: Vec<Option<Option<usize>>> = nodes.iter().map(parent).collect();
    let orphan: Vec<bool> = found.iter().map(|p| matches!(p, Some(None))).collect();
    let missing = orphan.iter().enumerate().filter(|(_, missing)| **missing);
    findings.extend(missing.map(|(index, _)| (FindingKind::Orphan, Some(index))));
    (found.into_iter().map(Option::flatten).collect(), orphan)
}

/// Makes the earliest span of each circle a root. Each chain is walked once.
fn cut_cycles(nodes: &[Node], parents: &mut [Option<usize>], findings: &mut Findings) {
    const NEW: usize = 0;
    let mut walked = vec![NEW; nodes.len()];
    for begin in 0..nodes.len() {
        let walk = begin + 1;
        let mut at = Some(begin);
        while let Some(index) = at {
            if walked[index] == walk {
                let cut = earliest(nodes, parents, index);
                parents[cut] = None;
                findings.push((FindingKind::Cycle, Some(cut)));
            }
            if walked[index] != NEW {
                break;
            }
            walked[index] = walk;
            at = parents[index];
        }
    }
}

/// The span of a circle that began first.
fn earliest(nodes: &[Node], parents: &[Option<usize>], on_it: usize) -> usize {
    let (mut found, mut at) = (on_it, parents[on_it]);
    while let Some(index) = at.filter(|index| *index != on_it) {
        if (nodes[index].start, index) < (nodes[found].start, found) {
            found = index;
        }
        at = parents[index];
    }
    found
}

/// Who has no parent, and whose children are whose; each list by time.
fn children(nodes: &[Node], parents: &[Option<usize>]) -> (Vec<usize>, Vec<Vec<usize>>) {
    let mut by_time: Vec<usize> = (0..nodes.len()).collect();
    // What lasts longer comes first, so that it encloses the other to the eye, too.
    by_time.sort_by_key(|&index| {
        (
            nodes[index].start,
            std::cmp::Reverse(nodes[index].end),
            index,
        )
    });
    let mut top = Vec::new();
    let mut children = vec![Vec::new(); nodes.len()];
    for index in by_time {
        match parents[index] {
            Some(parent) => children[parent].push(index),
            None => top.push(index),
        }
    }
    // Those that nothing is known of above come last.
    top.sort_by_key(|&index| nodes[index].parent.is_some());
    (top, children)
}

fn order(count: usize, top: &[usize], children: &[Vec<usize>]) -> (Vec<usize>, Vec<u32>) {
    let (mut order, mut depth) = (Vec::with_capacity(count), vec![0; count]);
    let mut open: Vec<usize> = top.iter().rev().copied().collect();
    while let Some(index) = open.pop() {
        order.push(index);
        for &child in children[index].iter().rev() {
            depth[child] = depth[index] + 1;
            open.push(child);
        }
    }
    (order, depth)
}

/// The length without what its children cover, however they overlap.
fn self_time(nodes: &[Node], index: usize, children: &[usize]) -> u64 {
    let span = nodes[index];
    let (mut covered, mut until) = (0_i64, span.start);
    for child in children.iter().map(|&child| nodes[child]) {
        let (from, to) = (child.start.max(until), child.end.min(span.end));
        if to > from {
            covered += to - from;
            until = to;
        }
    }
    u64::try_from(span.end - span.start - covered).unwrap_or_default()
}

/// Walks back from the end: what ended last was waited for, before it began something
/// else was. Work that outlives its parent counts, as far as the trace lasts for it.
fn critical(nodes: &[Node], order: &[usize], top: &[usize], children: &[Vec<usize>]) -> Vec<bool> {
    let mut critical = vec![false; nodes.len()];
    let mut ends: Vec<i64> = nodes.iter().map(|node| node.end).collect();
    for &index in order.iter().rev() {
        let below = children[index].iter().map(|&child| ends[child]).max();
        ends[index] = ends[index].max(below.unwrap_or(i64::MIN));
    }
    let mut open: Vec<usize> = top
        .iter()
        .copied()
        .max_by_key(|&i| ends[i])
        .into_iter()
        .collect();
    while let Some(index) = open.pop() {
        critical[index] = true;
        let mut until = ends[index];
        let mut by_end = children[index].clone();
        by_end.sort_by_key(|&child| std::cmp::Reverse(ends[child]));
        for child in by_end {
            if ends[child] <= until && nodes[child].start < until {
                open.push(child);
                until = nodes[child].start;
            }
        }
    }
    critical
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn node(id: u64, parent: u64, start: i64, end: i64) -> Node {
        Node {
            id,
            parent: (parent != 0).then_some(parent),
            start,
            end,
        }
    }

    fn kinds(shape: &Shape) -> Vec<FindingKind> {
        shape.findings.iter().map(|(kind, _)| *kind).collect()
    }

    #[test]
    fn each_span_stands_directly_before_its_children_in_the_order_of_time() {
        let nodes = [
            node(4, 1, 60, 90),
            node(3, 2, 20, 30),
            node(1, 0, 0, 100),
            node(2, 1, 10, 50),
        ];
        let shape = shape(&nodes);
        assert_eq!(shape.order, [2, 3, 1, 0]);
        assert_eq!(shape.depth, [1, 2, 0, 1]);
        assert_eq!(shape.self_ns, [30, 10, 30, 30]);
        assert!(shape.findings.is_empty());
    }

    #[test]
    fn overlapping_children_are_subtracted_once() {
        let nodes = [
            node(1, 0, 0, 100),
            node(2, 1, 10, 60),
            node(3, 1, 40, 80),
            node(4, 1, 45, 50),
            node(5, 1, 90, 300),
        ];
        assert_eq!(shape(&nodes).self_ns[0], 20);
    }

    #[test]
    fn the_critical_chain_goes_back_from_the_end() {
        let nodes = [
            node(1, 0, 0, 100),
            node(2, 1, 5, 40),
            node(3, 1, 10, 30), // inside of 2: nobody waited for it
            node(4, 1, 45, 95),
            node(5, 4, 50, 90),
        ];
        assert_eq!(shape(&nodes).critical, [true, true, false, true, true]);
    }

    #[test]
    fn work_that_outlives_its_parent_is_part_of_the_chain() {
        let nodes = [node(1, 0, 0, 10), node(2, 1, 5, 8), node(3, 2, 20, 90)];
        assert_eq!(shape(&nodes).critical, [true, true, true]);
    }

    #[test]
    fn what_is_odd_is_found() {
        use FindingKind::*;
        assert_eq!(kinds(&shape(&[node(1, 9, 0, 1)])), [Orphan, NoRoot]);
        let two = shape(&[node(1, 0, 0, 1), node(2, 0, 0, 1)]);
        assert_eq!(kinds(&two), [ManyRoots]);
        let same = shape(&[node(1, 0, 0, 9), node(1, 0, 1, 2)]);
        assert_eq!(kinds(&same), [Duplicate, ManyRoots]);
        let early = shape(&[node(1, 0, 1_000_000, 2_000_000), node(2, 1, 0, 1)]);
        assert_eq!(early.findings, [(ClockSkew, Some(1))]);
        let own = shape(&[node(1, 1, 0, 1)]);
        assert_eq!(own.findings, [(Cycle, Some(0)), (NoRoot, None)]);
        let circle = shape(&[node(1, 3, 5, 6), node(2, 1, 4, 6), node(3, 2, 5, 6)]);
        assert_eq!(circle.findings[0], (Cycle, Some(1)));
        assert_eq!(circle.order, [1, 2, 0], "the first of a circle is its root");
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_needs_no_stack() {
        let nodes: Vec<Node> = (1..=100_000).map(|id| node(id, id - 1, 0, 9)).collect();
        assert_eq!(shape(&nodes).depth[99_999], 99_999);
    }

    proptest! {
        /// Any set of spans, whatever their parents: each is shown once, below its
        /// parent where it has one that is shown, and no time is counted twice.
        #[test]
        fn every_span_is_shown_once(
            spans in prop::collection::vec((0_u64..12, 0_u64..14, -50_i64..50, 0_i64..60), 0..40)
        ) {
            let nodes: Vec<Node> = spans
                .iter()
                .map(|&(id, parent, start, length)| node(id, parent, start, start + length))
                .collect();
            let shape = shape(&nodes);
            let mut seen = shape.order.clone();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..nodes.len()).collect::<Vec<_>>());
            let mut path: Vec<usize> = Vec::new();
            for &index in &shape.order {
                let depth = shape.depth[index] as usize;
                prop_assert!(depth <= path.len(), "nobody stands deeper than one below");
                path.truncate(depth);
                if let Some(&above) = path.last() {
                    prop_assert_eq!(nodes[index].parent, Some(nodes[above].id));
                }
                path.push(index);
                let length = (nodes[index].end - nodes[index].start) as u64;
                prop_assert!(shape.self_ns[index] <= length);
            }
            prop_assert_eq!(nodes.is_empty(), !shape.critical.contains(&true));
        }
    }
}
