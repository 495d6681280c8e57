//! What keys and secrets refuse: part of row X1 of the catalogue. KMS and Secrets Manager publish no metric of it; CloudTrail
//! writes every refused call down, and a filter over the trail's log group counts them.

use crate::coverage::condition::{Condition, Source};
use crate::coverage::knobs::Knobs;
use crate::coverage::subject::{Facts, Subject};
use crate::model::{Stat, TreatMissingData};

use super::watching::LOG_NAMESPACE;
use super::{Cell, Mode, Urgency};

const KEYS: &str = "key-refusals";
const SECRETS: &str = "secret-refusals";

pub(super) const MODES: &[Mode] = &[
    Mode {
        name: KEYS,
        urgency: Urgency::Ticket,
        incident: "",
        says: "KMS refuses callers the use of a key, as {} has it.",
        look: "errorCode, userIdentity and resources of these events: a role or key policy that changed, or somebody who tries",
        rule: |subject, knobs| refused(subject, knobs, KEYS),
    },
    Mode {
        name: SECRETS,
        urgency: Urgency::Ticket,
        incident: "",
        says: "Secrets Manager refuses callers a secret, as {} has it.",
        look: "errorCode, userIdentity and requestParameters.secretId of these events",
        rule: |subject, knobs| refused(subject, knobs, SECRETS),
    },
];

/// The pattern of the filter for a failure mode, and the metric that it makes.
pub(crate) fn refusals(mode: &str, short: &str) -> Option<(String, String)> {
    let service = match mode {
        KEYS => "kms.amazonaws.com",
        SECRETS => "secretsmanager.amazonaws.com",
        _ => return None,
    };
    // `AccessDenied` and `AccessDeniedException`: services differ.
    let pattern = format!("{{ $.eventSource = \"{service}\" && $.errorCode = \"AccessDenied*\" }}");
    Some((pattern, format!("{short}-{mode}")))
}

fn refused(subject: &Subject<'_>, knobs: &Knobs<'_>, mode: &str) -> Cell {
    let (Facts::Trail, Some((_, metric))) = (&subject.facts, refusals(mode, &subject.short)) else {
        return Cell::Nothing;
    };
    Condition::one(Source::new("m", LOG_NAMESPACE, &metric, Stat::Sum, &[]))
        .at_least(knobs.threshold(1.0))
        .every(knobs.period(300))
        .of(knobs.of(1, 1))
        .missing(TreatMissingData::NotBreaching, "no event at all is no refusal")
        .into()
}
