//! Resolution: each function, unknown values, what is refused; nothing panics or grows without bound.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Nested templates by location.
struct Folder(BTreeMap<&'static str, String>);

impl Templates for Folder {
    fn open(&mut self, _from: &str, location: &str) -> Result<Option<Source>, String> {
        let text = self.0.get(location).ok_or("there is no such file")?;
        let file = location.to_owned();
        Ok(Some(Source {
            file,
            text: text.clone(),
        }))
    }
}

fn deployment() -> Deployment {
    Deployment {
        region: Some("eu-central-1".to_owned()),
        account: Some("111122223333".to_owned()),
        stack_name: Some("shop".to_owned()),
        ..Deployment::default()
    }
}

fn read(text: &str, deployment: &Deployment) -> Result<Stack, Problems> {
    let (file, text) = ("t.yaml".to_owned(), text.to_owned());
    Stack::read(Source { file, text }, deployment, &mut NoTemplates)
}

const AROUND: &str = "
Parameters:
  Stage: { Type: String, Default: dev }
  Count: { Type: Number, Default: 3 }
  Subnets: { Type: CommaDelimitedList, Default: 'a, b' }
  Given: { Type: String }
  Looked: { Type: AWS::SSM::Parameter::Value<String>, Default: /path }
Mappings: { Sizes: { eu-central-1: { dev: 10, list: [x, y] } } }
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Not [!Condition IsDev]
  Unsure: !Equals [!Ref Given, a]
  Both: !And [!Condition IsDev, !Condition Unsure]
  Neither: !And [!Condition IsProd, !Condition Unsure]
  Three: !Equals [!Ref Count, '3']
Resources:
  Q: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub 'q-${Stage}' } }
  Nameless: { Type: AWS::SQS::Queue }
  R: { Type: A::B::C, Properties: { V: VALUE } }
";

#[test]
fn values_are_resolved() {
    let check = |text: &str, expected: Value| {
        let stack =
            read(&AROUND.replace("VALUE", text), &deployment()).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(
            stack.resource("R").unwrap().properties["V"].to_json(),
            expected,
            "{text}"
        );
    };
    check("!Ref Stage", json!("dev"));
    check("{Ref: Stage}", json!("dev"));
    check("!Ref Count", json!(3));
    check("!Ref Subnets", json!(["a", "b"]));
    check("!Ref Given", json!({"Ref": "Given"}));
    check("!Ref Looked", json!({"Ref": "Looked"}));
    check("!Ref AWS::NoValue", json!(null));
    check("[1, !Ref AWS::NoValue]", json!([1]));
    check("!Ref AWS::StackName", json!("shop"));
    check("!Ref AWS::Partition", json!("aws"));
    check("!Ref AWS::StackId", json!({"Ref": "AWS::StackId"}));
    check(
        "!Ref Q",
        json!("https://sqs.eu-central-1.amazonaws.com/111122223333/q-dev"),
    );
    check(
        "!GetAtt Q.Arn",
        json!("arn:aws:sqs:eu-central-1:111122223333:q-dev"),
    );
    check("{'Fn::GetAtt': Q.QueueName}", json!("q-dev"));
    check("!GetAtt Q.Odd", json!({"Fn::GetAtt": ["Q", "Odd"]}));
    check("!GetAtt Nameless.Arn", json!({"Fn::GetAtt": ["Nameless", "Arn"]}));
    check(
        "!Sub '${Stage}-${!Aws}-${AWS::Region}-${Q.QueueName}'",
        json!("dev-${Aws}-eu-central-1-q-dev"),
    );
    check("!Sub ['${A}${Stage}', {A: !Ref Count}]", json!("3dev"));
    check(
        "!Sub 'x-${Nameless.Arn}-${!y}'",
        json!({"Fn::Sub": "x-${Nameless.Arn}-${!y}"}),
    );
    check("!Join ['-', [a, !Ref Stage, 1]]", json!("a-dev-1"));
    check("!Join ['-', !Ref Subnets]", json!("a-b"));
    check("!Join ['-', [a, !Ref Given]]", json!({"Fn::Sub": "a-${Given}"}));
    check("!Select [1, !Split [',', 'a,b']]", json!("b"));
    check(
        "!Select [0, !GetAZs '']",
        json!({"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    );
    check("!FindInMap [Sizes, !Ref AWS::Region, !Ref Stage]", json!(10));
    check("!FindInMap [Sizes, a, b, {DefaultValue: 7}]", json!(7));
    check("!If [IsDev, 1, 2]", json!(1));
    check("!If [IsProd, 1, !Ref AWS::NoValue]", json!(null));
    check(
        "!If [Unsure, 1, !Ref AWS::NoValue]",
        json!({"Fn::If": ["Unsure", 1, {"Ref": "AWS::NoValue"}]}),
    );
    check("!If [Both, 1, 2]", json!({"Fn::If": ["Both", 1, 2]}));
    check("!If [Neither, 1, 2]", json!(2));
    check("!If [Three, 1, 2]", json!(1));
    check("'{{resolve:ssm:/a}}'", json!("{{resolve:ssm:/a}}"));
    check(
        "!Sub '${Stage}-{{resolve:ssm:/a}}-${Nameless}'",
        json!({"Fn::Sub": "dev-{{resolve:ssm:/a}}-${Nameless}"}),
    );
    check("!ImportValue a", json!({"Fn::ImportValue": "a"}));
    check("!Base64 {Ref: Stage}", json!({"Fn::Base64": "dev"}));
    check(
        "!Cidr [10.0.0.0/16, 2, 8]",
        json!({"Fn::Cidr": ["10.0.0.0/16", 2, 8]}),
    );
}

#[test]
fn values_keep_place_and_origin() {
    let stack = read(&AROUND.replace("VALUE", "!GetAtt Q.Arn"), &deployment()).unwrap();
    let value = &stack.resource("R").unwrap().properties["V"];
    assert_eq!(value.at.line, 19);
    let from = value.from.as_deref().unwrap();
    assert_eq!(
        (from.logical_id.as_str(), from.attribute.as_deref()),
        ("Q", Some("Arn"))
    );
}

#[test]
fn what_is_wrong_is_told_with_place_resource_and_cure() {
    let check = |text: &str, expected: &str| {
        let told = read(text, &Deployment::default()).unwrap_err().to_string();
        assert_eq!(told, expected);
    };
    check(
        "A: 1\nA: 2\n",
        "t.yaml:2:1: A is there twice, first in line 1; write it as YAML or JSON that CloudFormation reads",
    );
    check(
        "Resources:\n  Q:\n    Type: T\n    Properties: {A: 1, A: 2}\n",
        "t.yaml:4:24: Q: A is there twice, first in line 4; write it as YAML or JSON that CloudFormation reads",
    );
    check(
        "Resources:\n  Q: {Type: T}\n  Q: {Type: T}\n",
        "t.yaml:3:3: Q: Q is there twice, first in line 2; write it as YAML or JSON that CloudFormation reads",
    );
    check(
        "A: 1\n",
        "t.yaml:1:1: there are no Resources; add the section Resources",
    );
    check(
        "{\n  \"Resources\": {\n    \"Q\": { \"Type\": \"T\" }\n    \"P\": { \"Type\": \"T\" }\n  }\n}\n",
        "t.yaml:4:5: it is no JSON: expected `,` or `}`; write it as YAML or JSON that CloudFormation reads",
    );
    check(
        "{\n  // Queues.\n  \"Resources\": { \"Q\": { \"Type\": \"T\" } }\n}\n",
        "t.yaml:2:3: it is no JSON: key must be a string; write it as YAML or JSON that CloudFormation reads",
    );
    check(
        "Resources:\n  A: {Type: T, Properties: {P: !Ref B, Q: !GetAtt C.D}}\n  E: {}\n",
        "t.yaml:3:3: E: it has no Type; say what it is: AWS::SQS::Queue
t.yaml:2:37: A: there is no resource or parameter B; check its spelling, or add it
t.yaml:2:51: A: there is no resource or parameter C; check its spelling, or add it",
    );
    check(
        "Conditions: {A: !Condition B, B: !Condition A}\nResources: {R: {Type: T}}\n",
        "t.yaml:1:45: condition A depends on itself; break the circle of conditions",
    );
    check(
        "Resources:\n  A: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${A.QueueName}'}}\n",
        "t.yaml:2:59: A: the name of A depends on itself; break the circle of references",
    );
    check(
        "Parameters:\n  P: {Type: String, Default: c, AllowedValues: [a, b]}\nResources: {R: {Type: T}}\n",
        "t.yaml:2:3: parameter P cannot be \"c\"; give one of a, b",
    );
    check(
        "Resources:\n  F: {Type: AWS::Lambda::Function, Properties: {Timeout: soon}}\n",
        "t.yaml:2:58: F: Timeout is no whole number: soon; give a number",
    );
    check(
        "Mappings: {M: {a: {b: 1}}}\nResources:\n  A: {Type: T, Properties: {P: !FindInMap [M, a, c]}}\n",
        "t.yaml:3:43: A: the mappings have no M.a.c; add it, or give a DefaultValue",
    );
}

#[test]
fn a_value_for_a_parameter_that_is_not_there_is_told() {
    let mut deployment = Deployment::default();
    deployment.parameters.insert("X".to_owned(), "1".to_owned());
    let told = read("Resources: {R: {Type: T}}\n", &deployment)
        .unwrap_err()
        .to_string();
    assert!(told.contains("there is no parameter X"), "{told}");
}

#[test]
fn what_depends_on_the_unknown_is_unknown() {
    let text = "
Parameters: { P: { Type: String } }
Conditions: { C: !Equals [!Ref P, a] }
Resources:
  Dead: { Type: AWS::SQS::Queue }
  Q:
    Type: AWS::SQS::Queue
    Properties:
      FifoQueue: !If [C, true, !Ref AWS::NoValue]
      VisibilityTimeout: '{{resolve:ssm:/visibility}}'
      RedrivePolicy: !If [C, { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3 }, !Ref AWS::NoValue]
";
    let stack = read(text, &Deployment::default()).unwrap();
    let Some(Typed::Queue(queue)) = stack.typed("Q") else {
        panic!("{stack:?}")
    };
    assert_eq!((queue.fifo.known(), queue.visibility_s.known()), (None, None));
    assert!(queue.redrive.as_ref().unwrap().target.is_unknown());
}

#[test]
fn macros_may_make_what_is_named() {
    let check = |text: &str| assert!(read(text, &Deployment::default()).is_ok(), "{text}");
    let named = "Resources: {R: {Type: T, Properties: {P: !Ref Made}}}\n";
    check(&format!("Transform: [AWS::Serverless-2016-10-31, Mine]\n{named}"));
    check(
        "Transform: AWS::LanguageExtensions\nResources: {'Fn::ForEach::T': [N, [a, b], {'T${N}': {Type: T}}], R: {Type: T, Properties: {P: !Ref Ta}}}\n",
    );
    check(
        "Resources: {R: {Type: T, Properties: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: s3}}}}}\n",
    );
    check(
        "Transform: AWS::LanguageExtensions
Resources: {R: {Type: T, Properties: {P: !GetAtt [!Sub 'T${N}', !Ref N], Q: !Ref {'Fn::Sub': 'T${N}'}}}}
Outputs: {'Fn::ForEach::O': [N, [a], {'O${N}': {Value: !Ref N}}]}
",
    );
    assert!(read(named, &Deployment::default()).is_err());
}

#[test]
fn resources_with_a_false_condition_are_absent() {
    let text = "
Parameters: { Given: { Type: String } }
Conditions: { Never: !Equals [a, b], Maybe: !Equals [!Ref Given, b] }
Resources:
  A: { Type: T, Condition: Never }
  B: { Type: T, Condition: Maybe }
";
    let told = read(
        &format!("{text}  C: {{ Type: T, Properties: {{ P: !Ref A }} }}\n"),
        &Deployment::default(),
    );
    let told = told.unwrap_err().to_string();
    assert_eq!(
        told,
        "t.yaml:7:39: C: A is named and not there: its condition Never is false; put what names it under the same condition"
    );
    let guarded = format!("{text}  C: {{ Type: T, Properties: {{ P: !If [Never, !Ref A, 1] }} }}\n");
    assert!(read(&guarded, &Deployment::default()).is_ok());
    let stack = read(text, &Deployment::default()).unwrap();
    assert!(stack.resource("A").is_none());
    assert_eq!(stack.resource("B").unwrap().perhaps.as_deref(), Some("Maybe"));
    assert_eq!(stack.conditions["Never"], Some(false));
}

/// YAML 1.1: a name that is `No` is false wherever it stands, so that they are one name.
#[test]
fn names_may_be_booleans() {
    let text = "
Parameters: { Loud: { Type: String, Default: yes, AllowedValues: [yes, no] } }
Mappings: { Topics: { Yes: { Name: page }, No: { Name: quiet } } }
Conditions: { On: !Equals [!Ref Loud, yes], No: !Not [!Condition On] }
Resources:
  A: { Type: T, Condition: No }
  B: { Type: T, Condition: On, Properties: { P: !If [No, 1, 2], Q: !FindInMap [Topics, !Ref Loud, Name], R: on } }
";
    let stack = read(text, &Deployment::default()).unwrap();
    assert!(stack.resource("A").is_none());
    let properties = &stack.resource("B").unwrap().properties;
    assert_eq!(properties.to_json(), json!({ "P": 2, "Q": "page", "R": true }));
}

#[test]
fn parameters_go_down_and_outputs_come_up() {
    let root = "
Resources:
  Dlq: { Type: AWS::SQS::Queue }
  Inner: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: inner, Parameters: { Prefix: shop, Dead: !GetAtt Dlq.Arn } } }
  R: { Type: T, Properties: { A: !GetAtt Inner.Outputs.Name, B: !GetAtt Inner.Outputs.Back } }
";
    let inner = "
Parameters: { Prefix: { Type: String }, Dead: { Type: String } }
Resources: { Q: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub '${Prefix}-q', RedrivePolicy: { deadLetterTargetArn: !Ref Dead, maxReceiveCount: 3 } } } }
Outputs: { Name: { Value: !GetAtt Q.QueueName }, Back: { Value: !Ref Dead } }
";
    let source = |text: &str| Source {
        file: "root".to_owned(),
        text: text.to_owned(),
    };
    let mut folder = Folder(BTreeMap::from([("inner", inner.to_owned())]));
    let stack = Stack::read(source(root), &Deployment::default(), &mut folder).unwrap();
    let properties = &stack.resource("R").unwrap().properties;
    assert_eq!(properties["A"].to_json(), json!("shop-q"));
    assert_eq!(properties["B"].to_json(), json!({"Fn::GetAtt": ["Dlq", "Arn"]}));
    let inner = &stack.nested["Inner"];
    assert_eq!(inner.path, "Inner");
    let Some(Typed::Queue(queue)) = inner.typed("Q") else {
        panic!("{inner:?}")
    };
    let redrive = queue.redrive.as_ref().unwrap();
    assert_eq!(redrive.max_receive_count.known(), Some(3));
    let from = redrive.target.from.as_deref().unwrap();
    assert_eq!((from.stack.as_str(), from.logical_id.as_str()), ("", "Dlq"));

    let circle = inner_of("root");
    folder.0.insert("root", circle.clone());
    let told = Stack::read(source(&circle), &Deployment::default(), &mut folder).unwrap_err();
    assert!(
        told.to_string().contains("the stack of root is in itself"),
        "{told}"
    );
    let told = Stack::read(source(&inner_of("none")), &Deployment::default(), &mut folder).unwrap_err();
    assert!(
        told.to_string()
            .contains("the template none: there is no such file"),
        "{told}"
    );
}

/// Every template nests two more.
struct Endless(usize);

impl Templates for Endless {
    fn open(&mut self, _from: &str, _location: &str) -> Result<Option<Source>, String> {
        self.0 += 1;
        let file = format!("t{}", self.0);
        let nested = |name: &str| {
            format!(
                "  {name}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: n, Parameters: {{P: !Base64 {{Ref: P}}}}}}}}\n"
            )
        };
        let text = format!(
            "Parameters: {{P: {{Type: String}}}}\nResources:\n{}{}Outputs: {{O: {{Value: !GetAtt A.Outputs.O}}}}\n",
            nested("A"),
            nested("B")
        );
        Ok(Some(Source { file, text }))
    }
}

#[test]
fn endless_nesting_ends() {
    let mut endless = Endless(0);
    let root = endless.open("", "").unwrap().unwrap();
    let told = Stack::read(root, &Deployment::default(), &mut endless)
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("more than 200 nested stacks") || told.contains("more than 160 levels"),
        "{told}"
    );
    assert!(endless.0 < 300, "{}", endless.0);
}

fn inner_of(location: &str) -> String {
    format!(
        "Resources: {{ I: {{ Type: AWS::CloudFormation::Stack, Properties: {{ TemplateURL: {location} }} }} }}\n"
    )
}

#[test]
fn chains_and_doubling_end() {
    let queue = |n: usize, name: &str| {
        format!("  Q{n}: {{Type: AWS::SQS::Queue, Properties: {{QueueName: !Sub '{name}'}}}}\n")
    };
    let chain: String = (0..5000)
        .map(|n| queue(n, &format!("${{Q{}.QueueName}}", n + 1)))
        .collect();
    let told = read(&format!("Resources:\n{chain}"), &Deployment::default()).unwrap_err();
    assert!(told.to_string().contains("more than 160 levels"), "{told}");
    let doubled: String = (0..60)
        .map(|n| queue(n, &format!("${{Q{}.QueueName}}", n + 1).repeat(2)))
        .chain([queue(60, "laugh")])
        .collect();
    let told = read(&format!("Resources:\n{doubled}"), &Deployment::default()).unwrap_err();
    assert!(told.to_string().contains("too large"), "{told}");
    let mut conditions = String::new();
    for n in 0..5000 {
        conditions.push_str(&format!("  C{n}: !Not [!Condition C{}]\n", n + 1));
    }
    let told = read(
        &format!("Conditions:\n{conditions}Resources: {{}}\n"),
        &Deployment::default(),
    );
    assert!(told.is_err());
}

proptest! {
    #[test]
    fn no_template_panics(values in prop::collection::vec("(!(Ref|GetAtt|Sub|Join|Select|Split|If|FindInMap|Base64|ImportValue|Condition|Equals|Not) |\\[|\\]|\\{|\\}|, |: |[A-C]|A.B|'\\$\\{A\\}'|AWS::(Region|NoValue)|Outputs|1|Type|Properties){0,12}", 1..4)) {
        for kind in ["AWS::Serverless::Function", "AWS::CloudFormation::Stack", "AWS::SQS::Queue", "AWS::DynamoDB::Table"] {
            let mut text = "Parameters: {P: {Type: String}}\nConditions: {A: !Equals [!Ref P, B]}\nMappings: {A: {B: {C: 1}}}\nResources:\n".to_owned();
            for (n, value) in values.iter().enumerate() {
                let name = ["A", "B", "C"][n];
                let property = ["QueueName", "Events", "Timeout", "TableName", "RedrivePolicy"][(n + value.len()) % 5];
                text.push_str(&format!("  {name}: {{Type: {kind}, Properties: {{{property}: {value}}}}}\n"));
            }
            let _ = read(&text, &Deployment::default());
        }
    }
}
