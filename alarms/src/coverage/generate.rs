//! Every resource against every failure mode of its kind: an alarm, an accepted gap, or a problem.

use std::collections::{BTreeMap, BTreeSet};

use infra::{Place, Stack};

use crate::definitions::{Definitions, Tuning};
use crate::registry::MetricRegistry;

use super::catalogue::{Cell, Mode, modes};
use super::condition::Condition;
use super::drafts::{Body, Draft};
use super::generated::{AcceptedGap, Generated, GeneratedFilter};
use super::knobs::Knobs;
use super::links::Links;
use super::problem::{At, Problems};
use super::subject::{Facts, Found, Subject};
use super::symbol::Symbols;
use super::{ResourceKind, account, application, decided, facts, incidents, names, subject, used};

/// Alarms for all resources of these stacks and of the stacks in them.
///
/// # Errors
/// A failure mode has neither alarm nor reason, a definition names what is not there or has no effect, or an alarm would be
/// refused by CloudWatch. All of that is told, with places.
pub fn generate(
    stacks: &[Stack],
    definitions: &Definitions,
    registry: &MetricRegistry,
) -> Result<Generated, Problems> {
    let mut making = Making::new(definitions, registry);
    let all: Vec<&Stack> = stacks.iter().flat_map(Stack::all).collect();
    for stack in &all {
        making.stack(stack);
    }
    account::add(&mut making, &all);
    application::add(&mut making);
    making.finish()
}

/// Generation on its way.
pub(super) struct Making<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) registry: &'a MetricRegistry,
    pub(super) problems: Problems,
    pub(super) symbols: Symbols,
    pub(super) drafts: Vec<Draft>,
    pub(super) filters: Vec<GeneratedFilter>,
    gaps: Vec<AcceptedGap>,
    /// Logical IDs and their kinds.
    pub(super) kinds: BTreeMap<String, ResourceKind>,
    /// Logical IDs of functions, and what people call them.
    pub(super) functions: BTreeMap<String, FunctionNames>,
    /// Functions, and the APIs before them.
    pub(super) apis: BTreeMap<String, BTreeSet<String>>,
    /// Logical IDs, and what tells of the same failure: functions that are at fault, queues in which it ends.
    pub(super) culprits: BTreeMap<String, Vec<String>>,
    /// Reasons of kinds and types that were used.
    pub(super) reasons: BTreeSet<At>,
}

/// A function's own name, and what people call it.
#[derive(Debug, Clone)]
pub(super) struct FunctionNames {
    pub(super) name: String,
    pub(super) short: String,
}

impl<'a> Making<'a> {
    fn new(definitions: &'a Definitions, registry: &'a MetricRegistry) -> Self {
        Self {
            definitions,
            registry,
            problems: Problems::default(),
            symbols: Symbols::new(),
            drafts: Vec::new(),
            filters: Vec::new(),
            gaps: Vec::new(),
            kinds: BTreeMap::new(),
            functions: BTreeMap::new(),
            apis: BTreeMap::new(),
            culprits: BTreeMap::new(),
            reasons: BTreeSet::new(),
        }
    }

    fn stack(&mut self, stack: &Stack) {
        let links = Links::of(stack);
        self.apis.extend(links.apis.clone());
        let mut groups = BTreeSet::new();
        for found in subject::find(stack, &links) {
            self.kinds.insert(found.logical_id.clone(), found.kind);
            let Some(subject) = self.subject(stack, &links, found) else {
                continue;
            };
            // Schedules of a group have the group's metrics.
            if subject.kind == ResourceKind::ScheduleGroup && !groups.insert(subject.name.clone()) {
                continue;
            }
            if let Some(condition) = stack
                .resource(&subject.logical_id)
                .and_then(|one| one.perhaps.as_ref())
            {
                let message = format!(
                    "whether {} is there depends on the condition {condition}: give the parameters that decide it",
                    subject.logical_id
                );
                self.problems.say(&subject.at, message);
            }
            self.rows(&subject);
        }
    }

    fn subject<'s>(&mut self, stack: &'s Stack, links: &Links, found: Found<'s>) -> Option<Subject<'s>> {
        let at = at(&stack.file, found.at);
        let name = match facts::name(&found, &mut self.symbols) {
            Ok(name) => name,
            Err(wrong) => {
                self.problems.say(&at, format!("{}: {wrong}", found.logical_id));
                return None;
            }
        };
        let called = if name.contains("${") || name.is_empty() {
            &found.logical_id
        } else {
            &name
        };
        let short = names::short(&self.definitions.group, found.kind, called);
        let facts = match facts::of(stack, links, &found, &mut self.symbols) {
            Ok(facts) => facts,
            Err(wrong) => {
                self.problems.say(&at, format!("{}: {wrong}", found.logical_id));
                return None;
            }
        };
        if let Facts::Function(_) = facts {
            let names = FunctionNames {
                name: name.clone(),
                short: short.clone(),
            };
            self.functions.insert(found.logical_id.clone(), names);
        }
        let many =
            [&links.readers, &links.culprits, &links.letter_boxes].map(|many| many.get(&found.logical_id));
        let culprits: Vec<String> = many.into_iter().flatten().flatten().cloned().collect();
        self.culprits.insert(found.logical_id.clone(), culprits);
        let critical = &self.definitions.critical;
        Some(Subject {
            kind: found.kind,
            critical: critical.iter().any(|one| one.value == found.logical_id),
            logical_id: found.logical_id,
            resource_type: found.resource_type,
            at,
            name,
            short,
            facts,
        })
    }

    /// Every failure mode of a subject.
    pub(super) fn rows(&mut self, subject: &Subject<'_>) {
        if subject.kind == ResourceKind::Other {
            self.other(subject);
        }
        for mode in modes(subject.kind) {
            let (layers, named) = self
                .definitions
                .layers(subject.kind, mode.name, &subject.logical_id);
            let knobs = Knobs::new(layers.clone(), named);
            let named = &layers[..named];
            let cell = (mode.rule)(subject, &knobs);
            self.cell(subject, mode, cell, named, &knobs);
        }
    }

    /// A type without catalogue.
    fn other(&mut self, subject: &Subject<'_>) {
        let Some(reason) = self.definitions.types.get(subject.resource_type) else {
            let message = format!(
                "{}: there is no catalogue of alarms for {}. Say in a definition file why it needs none: `types: {{ \"{}\": {{ \
                 accepted: … }} }}`",
                subject.logical_id, subject.resource_type, subject.resource_type
            );
            self.problems.say(&subject.at, message);
            return;
        };
        self.reasons.insert(reason.at.clone());
        self.gap(subject, "any", &reason.value);
    }

    fn cell(
        &mut self,
        subject: &Subject<'_>,
        mode: &Mode,
        cell: Cell,
        named: &[&'a Tuning],
        knobs: &Knobs<'a>,
    ) {
        let own = self
            .definitions
            .resources
            .get(&(subject.logical_id.clone(), mode.name.to_owned()));
        let own_at = own.and_then(|own| own.at.as_ref());
        let accepted = named.iter().find_map(|layer| layer.accepted.as_ref());
        let is_off = named
            .iter()
            .find_map(|layer| layer.enabled.as_ref())
            .is_some_and(|enabled| !enabled.value);
        match cell {
            Cell::Nothing => {
                if let Some(at) = own_at {
                    let message = format!(
                        "{} cannot fail by `{}`: take this out",
                        subject.logical_id, mode.name
                    );
                    self.problems.say(at, message);
                }
            }
            Cell::Empty(why) => match accepted {
                Some(reason) => {
                    self.reasons.insert(reason.at.clone());
                    self.gap(subject, mode.name, &reason.value);
                }
                None => {
                    let message = empty_cell(subject, mode, &why);
                    self.problems.say(&subject.at, message);
                }
            },
            Cell::Alarm(_) | Cell::Joined(..) if is_off => {
                if let Some(reason) = accepted {
                    self.reasons.insert(reason.at.clone());
                    self.gap(subject, mode.name, &reason.value);
                }
            }
            cell => {
                if let Some(reason) = own.and_then(|own| own.accepted.as_ref()) {
                    let message = format!(
                        "{} has an alarm for `{}`: a reason for having none says something else. Take it out, or add `enabled: false`",
                        subject.logical_id, mode.name
                    );
                    self.problems.say(&reason.at, message);
                }
                for (name, at) in knobs.unused() {
                    self.problems.say(
                        at,
                        format!(
                            "`{name}` has no effect on `{}` of {}",
                            mode.name, subject.logical_id
                        ),
                    );
                }
                self.draft(subject, mode, cell, named);
            }
        }
    }

    fn draft(&mut self, subject: &Subject<'_>, mode: &Mode, cell: Cell, named: &[&Tuning]) {
        let severity = named
            .iter()
            .find_map(|layer| layer.severity.as_ref())
            .map(|found| found.value);
        let more: Vec<&str> = named
            .iter()
            .filter_map(|layer| layer.description.as_ref())
            .map(|one| one.value.as_str())
            .collect();
        let name = format!("{}-{}-{}", self.definitions.group, subject.short, mode.name);
        let draft = Draft {
            name: name.clone(),
            body: Body::Composite(String::new(), None),
            severity: severity.unwrap_or(mode.urgency.severity(subject.critical)),
            kind: subject.kind,
            logical_id: subject.logical_id.clone(),
            mode: mode.name.to_owned(),
            says: mode.says.replace("{}", &subject.called()),
            look: mode.look.to_owned(),
            more: (!more.is_empty()).then(|| more.join(" ")),
            missing_because: incidents::NO_DATA_OF_ITS_OWN.to_owned(),
            group: mode.incident,
            incident: None,
            at: subject.at.clone(),
        };
        match cell {
            Cell::Alarm(condition) => self.drafts.push(of_metrics(draft, condition)),
            Cell::Joined(parts, rule) => {
                let mut rule = rule.to_owned();
                for (n, (end, condition)) in parts.into_iter().enumerate() {
                    let part = format!("{name}-{end}");
                    rule = rule.replace(&format!("{{{n}}}"), &format!("ALARM(\"{part}\")"));
                    let part = Draft {
                        name: part,
                        incident: Some(name.clone()),
                        group: "",
                        ..draft.clone()
                    };
                    self.drafts.push(of_metrics(part, condition));
                }
                self.drafts.push(Draft {
                    body: Body::Composite(rule, None),
                    ..draft
                });
            }
            Cell::Nothing | Cell::Empty(_) => {}
        }
        if let Some(filter) = subject.filter(mode.name, &name) {
            self.filters.push(filter);
        }
    }

    fn gap(&mut self, subject: &Subject<'_>, mode: &str, because: &str) {
        self.gaps.push(AcceptedGap {
            resource: subject.logical_id.clone(),
            kind: subject.kind,
            resource_type: subject.resource_type.to_owned(),
            failure_mode: mode.to_owned(),
            because: because.to_owned(),
        });
    }

    fn finish(mut self) -> Result<Generated, Problems> {
        used::check(&mut self);
        incidents::join(&mut self);
        decided::add(&mut self);
        let mut alarms: Vec<_> = self
            .drafts
            .iter()
            .map(|draft| draft.finish(self.definitions))
            .collect();
        for (alarm, draft) in alarms.iter().zip(&self.drafts) {
            if let Err(invalid) = alarm.definition.validate() {
                self.problems.say(
                    &draft.at,
                    format!("{}: CloudWatch would refuse it: {invalid}", alarm.name),
                );
            }
        }
        let mut seen = BTreeMap::new();
        for draft in &self.drafts {
            if let Some(other) = seen.insert(&draft.name, &draft.logical_id) {
                let message = format!(
                    "{} and {other} both have an alarm {}: rename one",
                    draft.logical_id, draft.name
                );
                self.problems.say(&draft.at, message);
            }
        }
        alarms.sort_by(|a, b| a.name.cmp(&b.name));
        incidents::children_first(&mut alarms);
        self.filters.sort_by(|a, b| a.name.cmp(&b.name));
        let key = |gap: &AcceptedGap| (gap.resource.clone(), gap.kind, gap.failure_mode.clone());
        self.gaps.sort_by_key(key);
        // A symbol of something that got no alarm is no parameter.
        let texts: Vec<String> = alarms
            .iter()
            .map(|alarm| format!("{:?}", alarm.definition))
            .collect();
        let filters: Vec<&str> = self
            .filters
            .iter()
            .map(|filter| filter.log_group.as_str())
            .collect();
        self.symbols.retain(|name, _| {
            let symbol = format!("${{{name}}}");
            texts.iter().any(|text| text.contains(&symbol))
                || filters.iter().any(|text| text.contains(&symbol))
        });
        self.problems.or(Generated {
            alarms,
            metric_filters: self.filters,
            gaps: self.gaps,
            symbols: self.symbols,
        })
    }
}

/// What belongs to no resource is accepted for its kind.
fn empty_cell(subject: &Subject<'_>, mode: &Mode, why: &str) -> String {
    let (whose, who, layer) = match subject.logical_id.as_str() {
        "" => ("The account".to_owned(), subject.kind.as_str(), "kinds"),
        id => (id.to_owned(), id, "resources"),
    };
    format!(
        "{whose}: no alarm for `{0}`: {why}. Change the resource, or say why nobody wants to know: `{layer}: {{ {who}: {{ {0}: {{ \
         accepted: … }} }} }}`",
        mode.name
    )
}

pub(super) fn of_metrics(draft: Draft, condition: Condition) -> Draft {
    Draft {
        missing_because: condition.missing_because.clone(),
        body: Body::Metric(Box::new(condition)),
        ..draft
    }
}

pub(super) fn at(file: &str, place: Place) -> At {
    At {
        file: file.to_owned(),
        line: place.line,
        column: place.column,
    }
}
