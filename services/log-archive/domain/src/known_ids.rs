//! What the line before named already: lines of a story stand together, and whoever learns their IDs learns each of them once.

use crate::Line;

/// The IDs of the line before.
#[derive(Debug, Clone, Default)]
pub struct KnownIds([Option<String>; 4]);

impl KnownIds {
    /// IDs of this line that the line before did not have in the same place. All of them, if its correlation ID was another: what an ID
    /// says depends on which story names it.
    pub fn new_in<'l>(&mut self, line: &Line<'l>) -> [Option<&'l str>; 4] {
        let mut ids = [line.correlation_id, line.request_id, line.trace_id, line.order_id];
        let [story, ..] = &self.0;
        let is_same_story = story.as_deref() == line.correlation_id;
        for (known, id) in self.0.iter_mut().zip(&mut ids) {
            if known.as_deref() != *id {
                set(known, *id);
            } else if is_same_story {
                *id = None;
            }
        }
        ids
    }
}

/// Keeps the memory of a text that is replaced.
fn set(known: &mut Option<String>, id: Option<&str>) {
    match (known, id) {
        (Some(known), Some(id)) => id.clone_into(known),
        (known, id) => *known = id.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_line_before_named_is_not_new() {
        let line = |ids: [Option<&'static str>; 3]| Line {
            correlation_id: ids[0],
            request_id: ids[1],
            order_id: ids[2],
            ..Line::default()
        };
        let mut known = KnownIds::default();
        let mut check = |ids: [Option<&'static str>; 3], expected: [&str; 3]| {
            let [correlation, request, _, order] = known.new_in(&line(ids)).map(Option::unwrap_or_default);
            assert_eq!([correlation, request, order], expected, "{ids:?}");
        };
        check([Some("c"), Some("r"), None], ["c", "r", ""]);
        check([Some("c"), Some("r"), Some("o")], ["", "", "o"]);
        check([Some("c"), None, Some("c")], ["", "", "c"]);
        check([Some("d"), None, Some("c")], ["d", "", "c"]);
        check([None, Some("r"), None], ["", "r", ""]);
        check([None, Some("r"), None], ["", "", ""]);
    }

    proptest! {
        #[test]
        fn nothing_new_is_left_out(lines in prop::collection::vec(prop::array::uniform4(prop::option::of("[ab]")), 0..20)) {
            // What a line says of an ID: that it has it, as what, and in which story.
            let told = |story: Option<&str>, ids: [Option<&str>; 4]| -> Vec<_> {
                let owned = |text: Option<&str>| text.map(str::to_owned);
                let there = ids.into_iter().enumerate().filter(|(_, id)| id.is_some());
                there.map(|(place, id)| (owned(story), place, owned(id))).collect()
            };
            let (mut known, mut all, mut new) = (KnownIds::default(), BTreeSet::new(), BTreeSet::new());
            for ids in &lines {
                let ids = [0, 1, 2, 3].map(|at: usize| ids[at].as_deref());
                let [correlation_id, request_id, trace_id, order_id] = ids;
                let line = Line { correlation_id, request_id, trace_id, order_id, ..Line::default() };
                all.extend(told(correlation_id, ids));
                new.extend(told(correlation_id, known.new_in(&line)));
            }
            prop_assert_eq!(all, new);
        }
    }
}
