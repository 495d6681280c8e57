//! Everything that is linted together: the resources of all templates, found by reference or by name. A value that is not
//! known before deployment finds nothing, and nothing is said about it.

use infra::{Data, Node, Part, Reference, Stack, StackResource, Unknown};

/// A resource and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    /// Which of the linted templates; references do not lead from one to another.
    pub(super) root: usize,
    /// Its stack: the root or one nested in it.
    pub(super) stack: &'a Stack,
    pub(super) resource: &'a StackResource,
}

/// All resources.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) members: Vec<Member<'a>>,
}

impl<'a> World<'a> {
    pub(super) fn of(stacks: &[&'a Stack]) -> Self {
        let mut members = Vec::new();
        for (root, whole) in stacks.iter().enumerate() {
            for stack in whole.all() {
                let of_stack = stack.resources.iter();
                members.extend(of_stack.map(|resource| Member {
                    root,
                    stack,
                    resource,
                }));
            }
        }
        Self { members }
    }

    pub(super) fn of_kind(&self, kind: &'a str) -> impl Iterator<Item = Member<'a>> {
        let members = self.members.iter().copied();
        members.filter(move |member| member.resource.kind == kind)
    }

    /// The resource that a reference of a template means.
    pub(super) fn referred(&self, root: usize, reference: &Reference) -> Option<Member<'a>> {
        let is_meant = |member: &&Member<'_>| {
            member.root == root
                && member.stack.path == reference.stack
                && member.resource.logical_id == reference.logical_id
        };
        self.members.iter().find(is_meant).copied()
    }

    /// The resource that a whole value came from.
    pub(super) fn source(&self, root: usize, node: &Node) -> Option<Member<'a>> {
        self.referred(root, reference_of(node)?)
    }
}

/// The reference that a whole value is, or came from.
pub(super) fn reference_of(node: &Node) -> Option<&Reference> {
    match (&node.from, &node.data) {
        (Some(from), _) => Some(from),
        (None, Data::Unknown(Unknown::Resource(reference))) => Some(reference),
        _ => None,
    }
}

/// The fields of an ARN; a field of which a part is unknown is `None`. The last one keeps its colons.
pub(super) fn arn_fields(node: &Node) -> Option<[Option<String>; 6]> {
    let parts = match &node.data {
        Data::Text(text) => vec![Part::Text(text.clone())],
        Data::Unknown(Unknown::Text(parts)) => parts.clone(),
        _ => return None,
    };
    let mut fields: Vec<Option<String>> = vec![Some(String::new())];
    for part in parts {
        match part {
            Part::Text(text) => {
                for (n, piece) in text.split(':').enumerate() {
                    match (n > 0, fields.len() < 6) {
                        (true, true) => fields.push(Some(piece.to_owned())),
                        (true, false) => extend(&mut fields, &format!(":{piece}")),
                        (false, _) => extend(&mut fields, piece),
                    }
                }
            }
            Part::Unknown(_) => {
                if let Some(last) = fields.last_mut() {
                    *last = None;
                }
            }
        }
    }
    let fields: [Option<String>; 6] = fields.try_into().ok()?;
    (fields[0].as_deref() == Some("arn")).then_some(fields)
}

fn extend(fields: &mut [Option<String>], more: &str) {
    if let Some(Some(last)) = fields.last_mut() {
        last.push_str(more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_arns_are_seen_through_symbols() {
        let check = |text: &str, expected: Option<[Option<&str>; 6]>| {
            let template = format!("Resources: {{ A: {{ Type: A::B::C, Properties: {{ X: {text} }} }} }}");
            let source = infra::Source {
                file: "a.yaml".to_owned(),
                text: template,
            };
            let stack = Stack::read(source, &infra::Deployment::default(), &mut infra::NoTemplates).unwrap();
            let fields = arn_fields(&stack.resources[0].properties["X"]);
            let fields = fields
                .as_ref()
                .map(|fields| fields.each_ref().map(Option::as_deref));
            assert_eq!(fields, expected);
        };
        check(
            "!Sub 'arn:aws:sns:${AWS::Region}:1:a:b'",
            Some([
                Some("arn"),
                Some("aws"),
                Some("sns"),
                None,
                Some("1"),
                Some("a:b"),
            ]),
        );
        check(
            "!Sub 'arn:${AWS::Partition}:sns:eu-west-1:${AWS::AccountId}:shop-${AWS::Region}'",
            Some([Some("arn"), None, Some("sns"), Some("eu-west-1"), None, None]),
        );
        check("orders", None);
        check("!Ref AWS::StackId", None);
    }
}
