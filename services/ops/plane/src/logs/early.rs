//! Lines of groups that have no filter yet. Filters are asked for every few seconds, and a function that is called as soon as it is deployed
//! writes before that: on AWS its filter is there by then.
//!
//! Not here: what filters do with lines ([`super::subscription`]).

use crate::store::LogEvent;

/// How many looks at the filters a line waits for: one may have begun before the group's filter was there.
const LOOKS: u8 = 2;
/// Lines that wait; groups without a filter write few.
const MOST: usize = 20_000;

/// Lines that wait for a filter.
#[derive(Debug, Default)]
pub(super) struct Early(Vec<(u8, LogEvent)>);

impl Early {
    /// Keeps a line of a group without a filter. `false` if too many wait.
    pub(super) fn keep(&mut self, event: &LogEvent) -> bool {
        let has_room = self.0.len() < MOST;
        if has_room {
            self.0.push((0, event.clone()));
        }
        has_room
    }

    /// After a look: lines whose groups have a filter now, in their order. What has waited for long enough is forgotten: its group has none.
    pub(super) fn looked(&mut self, has_filter: impl Fn(&str) -> bool) -> Vec<LogEvent> {
        let mut ready = Vec::new();
        for (looks, event) in std::mem::take(&mut self.0) {
            if has_filter(&event.log_group) {
                ready.push(event);
            } else if looks + 1 < LOOKS {
                self.0.push((looks + 1, event));
            }
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::line;

    #[test]
    fn lines_wait_for_two_looks() {
        let mut early = Early::default();
        let messages = |events: Vec<LogEvent>| -> Vec<String> {
            events.into_iter().map(|event| event.message).collect()
        };
        assert!(early.keep(&line("/shop", "one")) && early.keep(&line("/other", "two")));
        assert_eq!(messages(early.looked(|_| false)), [""; 0]);
        assert!(early.keep(&line("/shop", "three")));
        assert_eq!(messages(early.looked(|group| group == "/shop")), ["one", "three"]);
        // The other group's line has waited for long enough.
        assert_eq!(messages(early.looked(|_| true)), [""; 0]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut early = Early::default();
        assert!((0..MOST).all(|_| early.keep(&line("/shop", "x"))));
        assert!(!early.keep(&line("/shop", "x")));
    }
}
