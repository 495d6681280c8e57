//! Templates as others write them.

use infra::{Deployment, NoTemplates, Source, Stack};

use super::{TemplateAlarm, alarms};
use crate::model::Definition;

fn read(resources: &str) -> Vec<TemplateAlarm> {
    let text = format!(
        "Parameters: {{ Limit: {{ Type: Number }}, Topic: {{ Type: String }} }}\nResources:\n{resources}"
    );
    let source = Source {
        file: "shop.yaml".to_owned(),
        text,
    };
    alarms(&Stack::read(source, &Deployment::default(), &mut NoTemplates).unwrap())
}

const ERRORS: &str = "
  Function: { Type: AWS::Lambda::Function, Properties: { Handler: index.handler } }
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{ Name: FunctionName, Value: !Ref Function }, { Name: Version, Value: 7 }]
      Statistic: Sum
      Period: '60'
      EvaluationPeriods: '3'
      Threshold: 0.5
      ActionsEnabled: 'true'
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: [!Ref Topic, !Ref 'AWS::NoValue']
";

#[test]
fn scalars_are_what_their_property_wants() {
    let found = read(ERRORS);
    let Ok(Definition::Metric(alarm)) = &found[0].definition else {
        panic!("{found:?}");
    };
    assert_eq!((alarm.period, alarm.evaluation_periods), (Some(60), 3));
    assert_eq!((alarm.threshold, alarm.actions_enabled), (Some(0.5), Some(true)));
    let values: Vec<&str> = alarm.dimensions.iter().map(|d| d.value.as_str()).collect();
    assert_eq!(values, ["${Function}", "7"]);
    assert_eq!(alarm.alarm_actions, ["${Topic}"]);
    assert_eq!((found[0].name.as_str(), found[0].at.line), ("Errors", 5));
}

#[test]
fn rules_name_alarms_whose_name_is_made_up() {
    let found = read(&format!(
        "{ERRORS}
  Any:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties:
      AlarmName: any
      ActionsSuppressor: !GetAtt Errors.Arn
      ActionsSuppressorWaitPeriod: '60'
      AlarmRule: !Sub 'ALARM(\"${{Errors}}\") OR ALARM(\"${{Errors.Arn}}\")'
"
    ));
    let any = found.iter().find(|alarm| alarm.logical_id == "Any");
    let Some(Ok(Definition::Composite(any))) = any.map(|any| &any.definition) else {
        panic!("{found:?}");
    };
    assert_eq!(any.alarm_rule, "ALARM(\"Errors\") OR ALARM(\"Errors\")");
    assert_eq!(any.actions_suppressor.as_deref(), Some("Errors"));
    assert_eq!(any.actions_suppressor_wait_period, Some(60));
}

#[test]
fn what_is_wrong_has_a_place() {
    let check = |from: &str, to: &str, message: &str| {
        let found = read(&ERRORS.replace(from, to));
        let error = found[0].definition.as_ref().unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
    };
    check(
        "Threshold: 0.5",
        "Threshold: !Ref Limit",
        "shop.yaml:14:23: Errors: Threshold is ${Limit}, which is not known before deployment",
    );
    check(
        "Period: '60'",
        "Period: soon",
        "shop.yaml:12:15: Errors: Period is soon, expected a number",
    );
    check(
        "Statistic: Sum",
        "Statistics: Sum",
        "shop.yaml:11:7: Errors: unknown field `Statistics`",
    );
    check(
        "AlarmActions: [!Ref Topic, !Ref 'AWS::NoValue']",
        "AlarmActions: arn",
        "shop.yaml:17:21: Errors: AlarmActions is arn, expected a list",
    );
}
