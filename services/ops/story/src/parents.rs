//! Who is above whom. What a span has from the spans above it is found for all spans at once: a story may be thousands of
//! spans deep, and walking up from each of them would take their square.

use std::collections::HashMap;

use crate::span::Span;

/// The span above each span, by position; `None` for those whose parent is not there.
#[derive(Debug)]
pub(crate) struct Parents(Vec<Option<usize>>);

impl Parents {
    pub(crate) fn of(spans: &[Span]) -> Self {
        let by_id: HashMap<&str, usize> = spans
            .iter()
            .enumerate()
            .map(|(n, span)| (span.id.as_str(), n))
            .collect();
        let parent = |(n, span): (usize, &Span)| {
            let parent = span.parent_id.as_deref().and_then(|id| by_id.get(id).copied());
            parent.filter(|parent| *parent != n)
        };
        Self(spans.iter().enumerate().map(parent).collect())
    }

    /// The span directly above.
    pub(crate) fn above(&self, n: usize) -> Option<usize> {
        self.0[n]
    }

    /// For each span its own answer, or else that of the nearest span above that has one.
    pub(crate) fn nearest<T: Copy>(&self, own: impl Fn(usize) -> Option<T>) -> Vec<Option<T>> {
        let mut known: Vec<Option<Option<T>>> = vec![None; self.0.len()];
        let mut path = Vec::new();
        for start in 0..self.0.len() {
            let mut next = Some(start);
            let found = loop {
                let Some(n) = next else { break None };
                if let Some(found) = known[n] {
                    break found;
                }
                path.push(n);
                if let Some(found) = own(n) {
                    break Some(found);
                }
                // Where parents go in a circle, the way up ends here.
                known[n] = Some(None);
                next = self.0[n];
            };
            for n in path.drain(..) {
                known[n] = Some(found);
            }
        }
        known.into_iter().map(Option::flatten).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::span::read;

    #[test]
    fn the_nearest_answer_counts_also_where_parents_go_in_a_circle() {
        let check = |parents: &[Option<usize>], own: &[usize], expected: &[Option<usize>]| {
            let document = |(n, parent): (usize, &Option<usize>)| -> Value {
                json!({"id": format!("s{n}"), "parent_id": parent.map(|parent| format!("s{parent}"))})
            };
            let documents = parents.iter().enumerate().map(document);
            let spans: Vec<Span> = documents.flat_map(|document| read(&document, "t")).collect();
            let found = Parents::of(&spans).nearest(|n| own.contains(&n).then_some(n));
            assert_eq!(found, expected, "{parents:?} {own:?}");
        };
        check(
            &[None, Some(0), Some(1), Some(9)],
            &[0],
            &[Some(0), Some(0), Some(0), None],
        );
        check(&[Some(1), Some(2), None], &[1], &[Some(1), Some(1), None]);
        check(&[Some(1), Some(0), Some(0)], &[], &[None, None, None]);
        check(&[Some(1), Some(0), Some(0)], &[1], &[Some(1), Some(1), Some(1)]);
        check(&[Some(0)], &[], &[None]);
    }
}
