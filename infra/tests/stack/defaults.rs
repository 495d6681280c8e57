//! A template as others deploy it: conditions that a default decides, and what macros add.

use infra::{Deployment, NoTemplates, Source, Stack, Templates};

struct Child;

impl Templates for Child {
    fn open(&mut self, _from: &str, location: &str) -> Result<Option<Source>, String> {
        let text = "
Parameters: { Stage: { Type: String }, Mail: { Type: String, Default: '' } }
Conditions: { IsProd: !Equals [!Ref Stage, prod], HasMail: !Not [!Equals [!Ref Mail, '']] }
Resources: { P: { Type: T, Condition: IsProd }, M: { Type: T, Condition: HasMail } }
";
        Ok(Some(Source {
            file: location.to_owned(),
            text: text.to_owned(),
        }))
    }
}

const TEMPLATE: &str = "
Parameters:
  Stage: { Type: String, Default: dev }
  Mail: { Type: String, Default: '' }
  Size: { Type: String }
Mappings: { Kinds: { dev: { kind: small }, prod: { kind: large } } }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  HasMail: !Not [!Equals [!Ref Mail, '']]
  ByMap: !Equals [!FindInMap [Kinds, !Ref Stage, kind], large]
  ByText: !Equals [!Sub '${Stage}-x', prod-x]
  ByEither: !Equals [!If [IsProd, a, b], a]
  Here: !Equals [!Ref AWS::Region, us-east-1]
  Never: !Equals [a, b]
Resources:
  ById: { Type: T, Condition: ByMap }
  ByText: { Type: T, Condition: ByText }
  ByEither: { Type: T, Condition: ByEither }
  Dev: { Type: T, Condition: IsDev }
  Here: { Type: T, Condition: Here }
  Mail: { Type: T, Condition: HasMail }
  Never: { Type: T, Condition: Never }
  Prod: { Type: T, Condition: IsProd, Properties: { Name: !Sub 'x-${Stage}', Send: !If [HasMail, true, false] } }
  Nested: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: ./child.yaml, Parameters: { Stage: !Ref Stage } } }
";

/// Resources that are or may be there, those that may with `?`.
fn there(deployment: &Deployment) -> String {
    let source = Source {
        file: "t.yaml".to_owned(),
        text: TEMPLATE.to_owned(),
    };
    let stack = Stack::read(source, deployment, &mut Child).unwrap_or_else(|problems| panic!("{problems}"));
    let name = |one: &infra::StackResource| {
        let mark = if one.perhaps.is_some() { "?" } else { "" };
        format!("{}{mark}", one.logical_id)
    };
    let all = stack.all().into_iter().flat_map(|stack| &stack.resources);
    all.map(name).collect::<Vec<_>>().join(" ")
}

#[test]
fn conditions_that_a_default_decides_stay_open_on_request() {
    let region = Some("eu-west-1".to_owned());
    let closed = Deployment {
        region,
        ..Deployment::default()
    };
    assert_eq!(there(&closed), "Dev Nested");
    let open = Deployment {
        open_conditions: true,
        ..closed.clone()
    };
    assert_eq!(
        there(&open),
        "ByEither? ById? ByText? Dev? Mail? Nested Prod? M? P?"
    );
    let mut given = open;
    given.parameters.insert("Stage".to_owned(), "prod".to_owned());
    assert_eq!(there(&given), "ByEither ById ByText Mail? Nested Prod M? P");
}

#[test]
fn values_keep_their_defaults() {
    let open = Deployment {
        open_conditions: true,
        ..Deployment::default()
    };
    let source = Source {
        file: "t.yaml".to_owned(),
        text: TEMPLATE.to_owned(),
    };
    let stack = Stack::read(source, &open, &mut Child).unwrap_or_else(|problems| panic!("{problems}"));
    let properties = &stack.resource("Prod").unwrap().properties;
    assert_eq!(properties["Name"].as_text(), Some("x-dev"));
    assert!(properties["Send"].is_unknown());
}

#[test]
fn all_parameters_of_a_nested_stack_may_depend_on_a_condition() {
    let text = "
Conditions: { Here: !Equals [!Ref AWS::Region, eu-west-1] }
Resources:
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties: { TemplateURL: ./child.yaml, Parameters: !If [Here, { Stage: prod }, { Stage: dev }] }
";
    let read = |region: Option<&str>| {
        let source = Source {
            file: "t.yaml".to_owned(),
            text: text.to_owned(),
        };
        let deployment = Deployment {
            region: region.map(str::to_owned),
            ..Deployment::default()
        };
        Stack::read(source, &deployment, &mut Child).unwrap_or_else(|problems| panic!("{problems}"))
    };
    assert!(read(Some("eu-west-1")).nested["Nested"].resource("P").is_some());
    assert!(read(Some("us-east-1")).nested["Nested"].resource("P").is_none());
    let perhaps = read(None);
    assert!(
        perhaps.nested["Nested"]
            .resource("P")
            .is_some_and(|one| one.perhaps.is_some())
    );
}

#[test]
fn what_macros_make_is_not_refused() {
    let check = |text: &str| {
        let source = Source {
            file: "t.yaml".to_owned(),
            text: text.to_owned(),
        };
        let read = Stack::read(source, &Deployment::default(), &mut NoTemplates);
        assert!(read.is_ok(), "{text}: {}", read.unwrap_err());
    };
    // A loop that makes conditions.
    check(
        "
Transform: AWS::LanguageExtensions
Conditions: { 'Fn::ForEach::On': [N, [A, B], { 'Is${N}': !Equals [!Ref { 'Fn::Sub': 'P${N}' }, 'true'] }] }
Resources: { R: { Type: T, Condition: IsA } }
",
    );
    check("Resources: { R: { Type: T, Properties: { P: !Sub { 'Fn::Transform': { Name: Text } } } } }");
    check(
        "Resources: { R: { Type: T, Properties: { P: { 'Fn::GetStackOutput': { StackName: a, OutputName: b } } } } }",
    );
    // A module's resources begin with its name.
    check(
        "Resources: { M: { Type: My::S3::Bucket::MODULE }, R: { Type: T, Properties: { P: !Ref MBucket } } }",
    );
    // Each value of a list, or the list as a whole.
    check(
        "
Parameters: { L: { Type: CommaDelimitedList, Default: 'three,four', AllowedValues: [one, 'three,four'] } }
Resources: { R: { Type: T } }
",
    );
}
