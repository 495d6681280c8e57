//! SAM's `Globals`: which sections there are, and how they are merged.

use crate::node::{Data, Node};

/// Where globals of resources of this type are: those of `AWS::Serverless::Function` in `Function`.
pub(crate) fn section(kind: &str) -> Option<&str> {
    kind.strip_prefix("AWS::Serverless::")
}

/// SAM's rules: the resource's own value wins, mappings are merged, lists are joined, the global part first.
/// <https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html>
pub(crate) fn merged(global: &Node, own: &Node) -> Node {
    let mut result = own.clone();
    match (&global.data, &own.data) {
        (_, Data::Null) => return global.clone(),
        (Data::Map(globals), Data::Map(owned)) if global.as_call().is_none() && own.as_call().is_none() => {
            let mut all = globals.clone();
            for (name, entry) in owned {
                let mut entry = entry.clone();
                if let Some(global) = globals.get(name) {
                    entry.value = merged(&global.value, &entry.value);
                }
                all.insert(name.clone(), entry);
            }
            result.data = Data::Map(all);
        }
        (Data::List(globals), Data::List(owned)) => {
            result.data = Data::List(globals.iter().chain(owned).cloned().collect());
        }
        _ => {}
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document;

    #[test]
    fn globals_are_merged_as_sam_does() {
        let check = |global: &str, own: &str, expected: &str| {
            let [global, own, expected] = [global, own, expected].map(|text| document::read(text).unwrap());
            assert_eq!(merged(&global, &own).to_json(), expected.to_json());
        };
        check("{A: 1, B: 2}", "{B: 3}", "{A: 1, B: 3}");
        check("{E: {V: {A: 1}}}", "{E: {V: {B: 2}}}", "{E: {V: {A: 1, B: 2}}}");
        check("{L: [1]}", "{L: [2]}", "{L: [1, 2]}");
        check("{P: !Ref A}", "{P: !Ref B}", "{P: !Ref B}");
        check("{P: !Ref A}", "{P: !If [C, 1, 2]}", "{P: !If [C, 1, 2]}");
        check("~", "{A: 1}", "{A: 1}");
    }
}
