//! Mails that are too many: an alarm's change of state is told in one mail. Mails that tell of several alarms at once (digests, what
//! the budget held back) are about no single one, and do not count.

use super::Letter;
use crate::drill::Drill;
use crate::observed::{Observed, State};

/// The states that mails tell of, with how their subjects begin.
const TOLD: [(State, &[&str]); 2] = [(State::Alarm, &["PAGE ", "TICKET "]), (State::Ok, &["OK "])];

/// Alarms of the drill that were mailed more often than they changed. Those of drills beside it are these drills' to judge.
pub(crate) fn surplus(drill: &Drill, observed: &Observed) -> Vec<String> {
    let expect = &drill.expect;
    let told = expect.pages.union(&expect.tickets);
    // What the topic mails itself goes to as many mailboxes as are subscribed.
    let reported = told.filter(|alarm| !expect.direct.contains(*alarm));
    reported
        .flat_map(|alarm| TOLD.map(|(state, begins)| (alarm, state, begins)))
        .filter_map(|(alarm, state, begins)| {
            let mails = mails_about(alarm, begins, observed);
            let changes = changes_of(alarm, state, observed);
            (mails > changes).then(|| {
                let state = state.name();
                format!("{mails} mails tell of {state} of {alarm}; changes to it: {changes}")
            })
        })
        .collect()
}

fn mails_about(alarm: &str, begins: &[&str], observed: &Observed) -> usize {
    let is_one = |mail: &&crate::ReceivedMail| {
        begins.iter().any(|begin| mail.subject.starts_with(begin)) && Letter::of(mail).alarm() == Some(alarm)
    };
    observed.mails.iter().filter(is_one).count()
}

fn changes_of(alarm: &str, state: State, observed: &Observed) -> usize {
    let changes = observed.changes.iter();
    changes
        .filter(|change| change.alarm == alarm && change.to == state)
        .count()
}
