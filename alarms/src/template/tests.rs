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

const PROMQL: &str = "
  Slow:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: slow
      EvaluationCriteria: { PromQLCriteria: { Query: 'rate(slow[5m]) > 1', PendingPeriod: '300', RecoveryPeriod: 600 } }
      EvaluationInterval: '60'
      ActionConfiguration: { AlarmTagsPropagation: { Enabled: 'true' } }
";

#[test]
fn promql_and_action_configurations_are_kept() {
    let found = read(PROMQL);
    let Ok(Definition::Metric(alarm)) = &found[0].definition else {
        panic!("{found:?}");
    };
    alarm.validate().unwrap();
    let criteria = &alarm.evaluation_criteria.as_ref().unwrap().promql;
    assert_eq!(criteria.query, "rate(slow[5m]) > 1");
    assert_eq!(
        (criteria.pending_period, criteria.recovery_period),
        (Some(300), Some(600))
    );
    assert_eq!(alarm.evaluation_interval, Some(60));
    let kept = serde_json::to_value(alarm).unwrap();
    assert_eq!(
        kept["ActionConfiguration"]["AlarmTagsPropagation"]["Enabled"],
        true
    );
    assert_eq!(kept["EvaluationCriteria"]["PromQLCriteria"]["PendingPeriod"], 300);
    assert_eq!(
        serde_json::from_value::<crate::model::MetricAlarm>(kept).unwrap(),
        **alarm
    );

    let found = read(&format!(
        "{ERRORS}      ActionConfiguration: {{ AlarmTagsPropagation: {{ Enabled: false }} }}\n"
    ));
    assert!(found[0].definition.as_ref().unwrap().validate().is_ok());
}

/// No alarm is lost, and none is taken for one that is written badly.
#[test]
fn a_promql_alarm_says_that_it_is_not_evaluated() {
    let found = read(PROMQL);
    let definition = found[0].definition.clone().unwrap();
    let explained = crate::explain::explain(&definition).unwrap().to_string();
    expect_test::expect![[r#"
        slow
          Watches          The answer to the PromQL query `rate(slow[5m]) > 1`: each of its series is a contributor, with a state of its own.
          Fires when       A contributor is in the answer at each evaluation for 5m. NOT evaluated here: only CloudWatch has the data that a PromQL query asks for.
          At the earliest  5m after the first evaluation that finds the contributor. It is evaluated every 1m.
          Clears           A contributor, when it is not in the answer at each evaluation for 10m.
          Silence          What the query makes of it. NOT evaluated here: only CloudWatch has the data that a PromQL query asks for.
          Late data        What the query makes of it. NOT evaluated here: only CloudWatch has the data that a PromQL query asks for.
          Actions          None: nobody hears of a change.
    "#]]
    .assert_eq(&explained);

    let known = std::collections::BTreeMap::from([("slow".to_owned(), definition.clone())]);
    let told = |alarm: &str| {
        let file = format!(
            "{alarm}\nstart: 2026-11-27T02:00:00Z\nseries: {{ a: 1 }}\nexpect: [{{ at: 1m, state: OK }}]\n"
        );
        crate::scenario::read("f", &file, &known).unwrap_err().to_string()
    };
    let why = "it is a PromQL alarm (EvaluationCriteria), which is NOT evaluated here: only CloudWatch has the data that its query \
               asks for";
    assert_eq!(
        told("alarm: slow"),
        format!("f:1:1: the alarm cannot be evaluated: {why}")
    );
    let own = "definition: { EvaluationCriteria: { PromQLCriteria: { Query: a } }, EvaluationInterval: 60 }";
    assert_eq!(told(own), format!("f:1:13: the alarm cannot be evaluated: {why}"));

    let recording =
        crate::backtest::Recording::read("timestamp,a\n2026-11-27T02:00:00Z,0\n2026-11-27T02:01:00Z,1\n")
            .unwrap();
    let reports = crate::backtest::backtest_all(
        &known,
        &["slow"],
        &recording,
        &crate::backtest::Options::default(),
    );
    assert_eq!(reports[0].1.as_ref().unwrap_err().to_string(), why);
}
