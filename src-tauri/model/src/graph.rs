//! The order in which services start, and the circles that make one impossible.
//! Everything is deterministic, and linear in the number of dependencies as
//! long as there are no circles.

use crate::plan::Plan;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Who waits for whom.
pub type Edges = BTreeMap<String, BTreeSet<String>>;

/// Most circles that are reported.
const MOST_CYCLES: usize = 20;

/// The services of a plan, dependencies first, otherwise by name. What stands in
/// a circle comes last; a plan from a file has none.
#[must_use]
pub fn start_order(plan: &Plan) -> Vec<String> {
    let edges: Edges = plan
        .services
        .iter()
        .map(|(name, s)| (name.clone(), s.depends_on.keys().cloned().collect()))
        .collect();
    order(&edges)
}

/// Every node with those before it on which it depends.
#[must_use]
pub fn order(edges: &Edges) -> Vec<String> {
    let graph = Graph::of(edges);
    let mut waits: Vec<usize> = graph.next.iter().map(Vec::len).collect();
    let mut dependants = vec![Vec::new(); graph.names.len()];
    for (node, next) in graph.next.iter().enumerate() {
        next.iter()
            .for_each(|dependency| dependants[*dependency].push(node));
    }
    // Nodes are numbered by name, so the smallest number is the first name.
    let mut free: BTreeSet<usize> = (0..waits.len()).filter(|node| waits[*node] == 0).collect();
    let mut order = Vec::new();
    while let Some(node) = free.pop_first() {
        order.push(node);
        for &dependant in &dependants[node] {
            waits[dependant] -= 1;
            if waits[dependant] == 0 {
                free.insert(dependant);
            }
        }
    }
    let in_circles = (0..waits.len()).filter(|node| waits[*node] > 0);
    order
        .into_iter()
        .chain(in_circles)
        .map(|node| graph.names[node].to_owned())
        .collect()
}

/// The circles, each once and as a closed path: `[a, b, a]` begins with the name
/// that comes first. Every edge that lies on a circle lies on one of those
/// returned, as long as there are at most 20.
#[must_use]
pub fn cycles(edges: &Edges) -> Vec<Vec<String>> {
    let graph = Graph::of(edges);
    let group = graph.strong_groups();
    let mut covered = BTreeSet::new();
    let mut found = BTreeSet::new();
    for (node, next) in graph.next.iter().enumerate() {
        for &to in next.iter().filter(|to| group[**to] == group[node]) {
            if found.len() < MOST_CYCLES && !covered.contains(&(node, to)) {
                let path = graph.shortest_path(to, node, &group);
                covered.extend(path.windows(2).map(|pair| (pair[0], pair[1])));
                covered.insert((node, to));
                found.insert(from_smallest(path));
            }
        }
    }
    let closed = |cycle: Vec<usize>| {
        let first = cycle.first().copied();
        cycle
            .into_iter()
            .chain(first)
            .map(|node| graph.names[node].to_owned())
            .collect()
    };
    found.into_iter().map(closed).collect()
}

/// The same circle, beginning with its smallest node.
fn from_smallest(mut cycle: Vec<usize>) -> Vec<usize> {
    let smallest = cycle
        .iter()
        .enumerate()
        .min_by_key(|(_, node)| **node)
        .map_or(0, |(at, _)| at);
    cycle.rotate_left(smallest);
    cycle
}

/// Nodes as numbers in the order of their names. Names that only appear as a
/// dependency are left out.
struct Graph<'e> {
    names: Vec<&'e str>,
    next: Vec<Vec<usize>>,
}

impl<'e> Graph<'e> {
    fn of(edges: &'e Edges) -> Self {
        let names: Vec<&str> = edges.keys().map(String::as_str).collect();
        let number = |name: &String| names.binary_search(&name.as_str()).ok();
        let next = edges
            .values()
            .map(|to| to.iter().filter_map(number).collect())
            .collect();
        Self { names, next }
    }

    /// A number for each node; two nodes have the same one if each can be reached
    /// from the other. Kosaraju's algorithm, without recursion.
    fn strong_groups(&self) -> Vec<usize> {
        let mut back = vec![Vec::new(); self.next.len()];
        for (node, next) in self.next.iter().enumerate() {
            next.iter().for_each(|to| back[*to].push(node));
        }
        let mut seen = vec![false; self.next.len()];
        let mut finished = Vec::new();
        for node in 0..self.next.len() {
            walk(node, &self.next, &mut seen, &mut finished);
        }
        let mut group = vec![0; self.next.len()];
        seen.fill(false);
        for (number, &node) in finished.iter().rev().enumerate() {
            let mut members = Vec::new();
            walk(node, &back, &mut seen, &mut members);
            members.iter().for_each(|member| group[*member] = number);
        }
        group
    }

    /// The nodes from `from` to `to`, both included, within one group.
    fn shortest_path(&self, from: usize, to: usize, group: &[usize]) -> Vec<usize> {
        let mut came_from = BTreeMap::from([(from, from)]);
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            for &next in self.next[node]
                .iter()
                .filter(|next| group[**next] == group[to])
            {
                came_from.entry(next).or_insert_with(|| {
                    queue.push_back(next);
                    node
                });
            }
        }
        let mut path = vec![to];
        let mut node = to;
        while node != from {
            let Some(&before) = came_from.get(&node) else {
                break;
            };
            path.push(before);
            node = before;
        }
        path.reverse();
        path
    }
}

/// Adds what can be reached from `start` to `finished`, each node after all that
/// it leads to.
fn walk(start: usize, next: &[Vec<usize>], seen: &mut [bool], finished: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    // Each node with the number of its edges that are done.
    let mut stack = vec![(start, 0)];
    while let Some((node, done)) = stack.last_mut() {
        match next[*node].get(*done) {
            Some(&to) => {
                *done += 1;
                if !std::mem::replace(&mut seen[to], true) {
                    stack.push((to, 0));
                }
            }
            None => {
                finished.push(*node);
                stack.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `a>b` says that a depends on b.
    fn edges(text: &str) -> Edges {
        let mut edges = Edges::new();
        for part in text.split_whitespace() {
            let (from, to) = part.split_once('>').unwrap_or((part, ""));
            let next = edges.entry(from.to_owned()).or_default();
            if !to.is_empty() {
                next.insert(to.to_owned());
                edges.entry(to.to_owned()).or_default();
            }
        }
        edges
    }

    fn shown(text: &str) -> Vec<String> {
        cycles(&edges(text))
            .iter()
            .map(|cycle| cycle.join(">"))
            .collect()
    }

    #[test]
    fn dependencies_come_first_and_equals_by_name() {
        assert_eq!(
            order(&edges("web>db web>cache api>db job")),
            ["cache", "db", "api", "job", "web"]
        );
        assert_eq!(order(&edges("b>c c>b a")), ["a", "b", "c"]);
    }

    #[test]
    fn each_circle_is_found_once_and_begins_with_its_first_name() {
        assert_eq!(shown("a>b b>c"), Vec::<String>::new());
        assert_eq!(shown("c>a a>b b>c"), ["a>b>c>a"]);
        assert_eq!(shown("a>b b>a c>d d>c e>a"), ["a>b>a", "c>d>c"]);
        assert_eq!(shown("a>b b>a a>c c>a"), ["a>b>a", "a>c>a"]);
        assert_eq!(shown("a>b b>d d>a a>c c>d"), ["a>b>d>a", "a>c>d>a"]);
        assert_eq!(shown("a>a"), ["a>a"]);
    }

    #[test]
    fn a_large_ring_and_a_long_chain_are_no_trouble() {
        let name = |n: usize| format!("s{n:06}");
        let ring: Edges = (0..50_000)
            .map(|n| (name(n), BTreeSet::from([name((n + 1) % 50_000)])))
            .collect();
        assert_eq!(cycles(&ring).len(), 1);
        let dense: Edges = (0..200)
            .map(|n| (name(n), (0..200).map(name).collect()))
            .collect();
        assert_eq!(cycles(&dense).len(), MOST_CYCLES);
        let chain: Edges = (0..50_000)
            .map(|n| (name(n), BTreeSet::from([name(n + 1)])))
            .collect();
        assert_eq!(order(&chain).first(), Some(&name(49_999)));
    }

    fn any_graph() -> impl Strategy<Value = Edges> {
        let node = || (0..8usize).prop_map(|n| format!("n{n}"));
        proptest::collection::btree_map(node(), proptest::collection::btree_set(node(), 0..4), 0..8)
    }

    proptest! {
        #[test]
        fn the_order_respects_every_edge_that_is_on_no_circle(edges in any_graph()) {
            let order = order(&edges);
            prop_assert_eq!(order.len(), edges.len());
            if cycles(&edges).is_empty() {
                let at = |name: &String| order.iter().position(|n| n == name);
                for (from, next) in &edges {
                    for to in next.iter().filter(|to| edges.contains_key(*to)) {
                        prop_assert!(at(to) < at(from), "{} before {} in {:?}", to, from, order);
                    }
                }
            }
        }

        #[test]
        fn every_circle_is_a_path_of_the_graph(edges in any_graph()) {
            let found = cycles(&edges);
            for cycle in &found {
                prop_assert_eq!(cycle.first(), cycle.last());
                for pair in cycle.windows(2) {
                    prop_assert!(edges[&pair[0]].contains(&pair[1]));
                }
            }
            let distinct: BTreeSet<_> = found.iter().collect();
            prop_assert_eq!(distinct.len(), found.len());
        }
    }
}
