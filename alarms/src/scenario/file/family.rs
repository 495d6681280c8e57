//! One scenario for many alarms of a rule: chosen by tags or by a name with `*`, with values relative to each alarm's threshold.
//! What comes out are scenarios of one alarm each, whose values still know their places.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::{Content, Name, Node, Place, Wrong, value};
use crate::model::alarm_rule::{name_of, parse};
use crate::model::{Definition, Tag};

/// Beside tags: alarms that have them, and scenarios of their own.
const EXCEPT: &str = "except";

type Alarms = BTreeMap<String, Definition>;

/// The scenario once for each alarm that it is about.
pub(super) fn expand(node: &Node, alarms: &Alarms) -> Result<Vec<Node>, Wrong> {
    let Some(chosen) = entry(node, "alarm") else {
        return Ok(vec![node.clone()]);
    };
    let names = match &chosen.content {
        Content::Map(wanted) => by_tags(chosen, wanted, alarms)?,
        Content::Plain(text) | Content::Quoted(text) if text.contains('*') => by_glob(chosen, text, alarms)?,
        _ => vec![value::<String>(chosen)?],
    };
    let mut scenarios = Vec::new();
    for name in names {
        let mut scenario = node.clone();
        if let Some(definition) = alarms.get(&name) {
            fit(&mut scenario, definition)?;
        }
        if let Some(place) = entry_mut(&mut scenario, "alarm") {
            place.content = Content::Quoted(name);
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

/// `{ kind: Function, mode: errors, except: [shop-slow-errors] }`: the alarms with these tags, but for those named.
fn by_tags(at: &Node, wanted: &[(Name, Node)], alarms: &Alarms) -> Result<Vec<String>, Wrong> {
    let mut pairs = Vec::new();
    let mut except = Vec::new();
    for (key, node) in wanted {
        match key.text.as_str() {
            EXCEPT => except = names(node)?,
            tag => pairs.push((tag, value::<String>(node)?)),
        }
    }
    let fits = |definition: &Definition| {
        let tags = tags(definition);
        pairs
            .iter()
            .all(|(key, value)| tags.iter().any(|tag| tag.key == *key && tag.value == *value))
    };
    let mut found: Vec<String> = alarms
        .iter()
        .filter(|(_, one)| fits(one))
        .map(|(name, _)| name.clone())
        .collect();
    for (place, name) in &except {
        let index = found.iter().position(|one| one == name);
        let index = index.ok_or_else(|| {
            let message = format!("`{name}` has not these tags: nothing to except");
            Wrong::new(*place, message)
        })?;
        found.remove(index);
    }
    if found.is_empty() {
        let shown: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{key}: {value}"))
            .collect();
        return Err(Wrong::new(
            at.at,
            format!("no alarm has the tags {{ {} }}", shown.join(", ")),
        ));
    }
    Ok(found)
}

fn names(node: &Node) -> Result<Vec<(Place, String)>, Wrong> {
    let Content::List(items) = &node.content else {
        let message = format!(
            "{EXCEPT}: expected a list of names of alarms, not {}",
            node.kind()
        );
        return Err(Wrong::new(node.at, message));
    };
    items.iter().map(|item| Ok((item.at, value(item)?))).collect()
}

fn tags(definition: &Definition) -> &[Tag] {
    match definition {
        Definition::Metric(alarm) => &alarm.tags,
        Definition::Composite(alarm) => &alarm.tags,
    }
}

fn by_glob(at: &Node, pattern: &str, alarms: &Alarms) -> Result<Vec<String>, Wrong> {
    let found: Vec<String> = alarms
        .keys()
        .filter(|name| matches(pattern, name))
        .cloned()
        .collect();
    if found.is_empty() {
        return Err(Wrong::new(at.at, format!("no alarm has a name like `{pattern}`")));
    }
    Ok(found)
}

/// `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, rest)) => name.strip_prefix(before).is_some_and(|behind| {
            let mut starts = behind.char_indices().map(|(n, _)| n).chain([behind.len()]);
            starts.any(|n| matches(rest, &behind[n..]))
        }),
    }
}

/// Values and children for one alarm.
fn fit(scenario: &mut Node, definition: &Definition) -> Result<(), Wrong> {
    match definition {
        Definition::Metric(alarm) => match entry_mut(scenario, "series") {
            Some(series) => values(series, alarm.threshold),
            None => Ok(()),
        },
        Definition::Composite(alarm) => {
            let Ok(rule) = parse(&alarm.alarm_rule) else {
                return Ok(());
            };
            let children = rule
                .children()
                .into_iter()
                .chain(alarm.actions_suppressor.as_deref());
            let watched: BTreeSet<&str> = children.map(name_of).collect();
            match entry_mut(scenario, "children") {
                Some(children) => spread(children, &watched),
                None => Ok(()),
            }
        }
    }
}

/// Puts numbers in the place of `{threshold}`, `{threshold*2}`, `{threshold+1}`.
fn values(series: &mut Node, threshold: Option<f64>) -> Result<(), Wrong> {
    let Content::Map(entries) = &mut series.content else {
        return Ok(());
    };
    for (_, node) in entries {
        let at = node.at;
        let (Content::Plain(text) | Content::Quoted(text)) = &mut node.content else {
            continue;
        };
        let mut result = String::new();
        let mut rest = text.as_str();
        while let Some((before, behind)) = rest.split_once('{') {
            let wrong = || {
                let message = "expected {threshold}, {threshold*2}, {threshold+1} or {threshold-1}, of an alarm with a threshold";
                Wrong::new(at, message)
            };
            let (inside, after) = behind.split_once('}').ok_or_else(wrong)?;
            let number = relative(inside, threshold).ok_or_else(wrong)?;
            result.push_str(before);
            result.push_str(&number.to_string());
            rest = after;
        }
        result.push_str(rest);
        *text = result;
    }
    Ok(())
}

fn relative(text: &str, threshold: Option<f64>) -> Option<f64> {
    let rest = text.trim().strip_prefix("threshold")?.trim();
    let threshold = threshold?;
    if rest.is_empty() {
        return Some(threshold);
    }
    let (operator, number) = rest.split_at_checked(1)?;
    let number: f64 = number.trim().parse().ok()?;
    let found = match operator {
        "*" => threshold * number,
        "+" => threshold + number,
        "-" => threshold - number,
        _ => return None,
    };
    // Percentages times ten are whole again.
    Some((found * 1e9).round() / 1e9)
}

/// Children by names with `*`: each alarm that is watched takes the first entry that fits.
fn spread(children: &mut Node, watched: &BTreeSet<&str>) -> Result<(), Wrong> {
    let Content::Map(entries) = &mut children.content else {
        return Ok(());
    };
    if !entries.iter().any(|(name, _)| name.text.contains('*')) {
        return Ok(());
    }
    let mut result = Vec::new();
    for child in watched {
        if let Some((name, node)) = entries.iter().find(|(name, _)| matches(&name.text, child)) {
            let text = (*child).to_owned();
            result.push((Name { at: name.at, text }, node.clone()));
        }
    }
    if let Some((name, _)) = entries
        .iter()
        .find(|(name, _)| !watched.iter().any(|child| matches(&name.text, child)))
    {
        return Err(Wrong::new(
            name.at,
            format!("nothing that the alarm watches has a name like `{}`", name.text),
        ));
    }
    *entries = result;
    Ok(())
}

fn entry<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    match &node.content {
        Content::Map(entries) => entries
            .iter()
            .find(|(found, _)| found.text == name)
            .map(|(_, value)| value),
        _ => None,
    }
}

fn entry_mut<'a>(node: &'a mut Node, name: &str) -> Option<&'a mut Node> {
    match &mut node.content {
        Content::Map(entries) => entries
            .iter_mut()
            .find(|(found, _)| found.text == name)
            .map(|(_, value)| value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_text() {
        let check = |pattern: &str, name: &str, expect: bool| {
            assert_eq!(matches(pattern, name), expect, "{pattern} {name}")
        };
        check("shop-*-errors", "shop-orders-errors", true);
        check("shop-*-errors", "shop-errors", false);
        check("*", "anything", true);
        check("*-a-*", "x-a-y", true);
        check("*-a", "x-a-b", false);
        check("é*", "éa", true);
    }

    #[test]
    fn values_are_relative_to_the_threshold() {
        let check = |text: &str, expect: Option<f64>| assert_eq!(relative(text, Some(0.5)), expect, "{text}");
        check("threshold", Some(0.5));
        check("threshold*3", Some(1.5));
        check("threshold + 1", Some(1.5));
        check("threshold-0.1", Some(0.4));
        check("threshold/2", None);
        check("limit", None);
        check("threshold*", None);
    }
}
