//! What definitions name must be there, and reasons must be for something.

use crate::near::nearest;

use super::generate::Making;

/// Says what is named and not there, and what is a reason for nothing.
pub(super) fn check(making: &mut Making<'_>) {
    let ids: Vec<&str> = making.kinds.keys().map(String::as_str).collect();
    let near = |id: &str| nearest(id, &ids).map_or_else(String::new, |near| format!("; is it {near}?"));
    let definitions = making.definitions;
    for ((id, mode), tuning) in &definitions.resources {
        let Some(at) = &tuning.at else { continue };
        match making.kinds.get(id) {
            None => making
                .problems
                .say(at, format!("there is no resource {id}{}", near(id))),
            Some(kind) => {
                let known = super::mode_names(*kind);
                if !known.contains(&mode.as_str()) {
                    let known = known.join(", ");
                    making.problems.say(
                        at,
                        format!("`{mode}` is no failure mode of {id}, a {kind}; known are {known}"),
                    );
                }
            }
        }
    }
    let functions: Vec<&str> = making.functions.keys().map(String::as_str).collect();
    for one in &definitions.critical {
        if !functions.contains(&one.value.as_str()) {
            let near = nearest(&one.value, &functions);
            let near = near.map_or_else(String::new, |near| format!("; is it {near}?"));
            let message = format!("there is no function {}{near}", one.value);
            making.problems.say(&one.at, message);
        }
    }
    let of_kinds = definitions
        .kinds
        .values()
        .filter_map(|tuning| tuning.accepted.as_ref());
    for reason in of_kinds.chain(definitions.types.values()) {
        if !making.reasons.contains(&reason.at) {
            let message =
                "this is a reason for nothing: every resource has an alarm, or there is none. Take it out";
            making.problems.say(&reason.at, message);
        }
    }
}
