//! A function fails, and whoever is on call has one mail that says it all: the alarm's, with the errors behind it, one case with its
//! story, and what to type next. When it is over there is a mail that says so. What cannot be read is said.
//!
//! And a flood of lines sends a few mails, of which one names what matters.
//!
//! On platforms of their own, because the mails of an hour are counted; the mails are those of the inbox. With the variable
//! `SHOPWATCH_WRITE_MAILS` naming a folder the mails of the first scenario are written there: docs/mails has them.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tests::http::call;
use tests::shop::order_of;
use tests::{Options, Platform, wait};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[
    ("report::whoever_is_on_call_has_one_mail", on_call),
    ("report::a_flood_of_lines_is_a_few_mails", flood),
];

/// Names the folder where the mails are written.
const WRITE_MAILS: &str = "SHOPWATCH_WRITE_MAILS";

const LIMIT: Duration = Duration::from_secs(120);
const PRODUCT: &str = "prod-009";
const FUNCTION: &str = "shopfast-notification-handler";
const ALARM: &str = "shopfast-notification-handler-errors";
const PAGE_TOPIC: &str = "arn:aws:sns:us-east-1:000000000000:shopfast-alarm-page";

fn on_call(_: &Platform) -> Result<()> {
    let platform = Platform::start(&Options {
        state: "report",
        fresh: true,
        time_scale: 60,
    })?;
    let desk = Desk(&platform);
    desk.calm()?;
    desk.sends_html()?;
    // A minute is a second here: what is not mended at once raises other alarms on a slow machine, whose mails use up the budget.
    let page = page(&desk)?;
    recovery(&desk, &page)?;
    garbage(&desk)?;
    unknown_alarm(&desk)?;
    unreadable_lines(&desk)?;
    desk.write_mails(&[
        ("new-failure", format!("NEW {FUNCTION}: ")),
        ("alarm", format!("TICKET {FUNCTION}: errors, ")),
        ("ok", format!("OK {FUNCTION}: errors over after ")),
    ])?;
    platform.stop()
}

/// Kinds of a flood, and how many lines each has; the rest are many small ones.
const KINDS: [(&str, u32); 5] = [
    ("card declined by the provider", 30_000),
    ("stock was taken meanwhile", 20_000),
    ("no answer from the carrier", 15_000),
    ("the address has no city", 10_000),
    ("the cache is away", 5_000),
];
/// Others, each with a thousand lines: 100 000 in all.
const OTHERS: u32 = 20;
/// Mails of an hour (`services/error-report`, `Limits`).
const BUDGET: usize = 10;

/// A hundred thousand lines in a minute, as fast as the machine takes them.
fn flood(_: &Platform) -> Result<()> {
    let platform = Platform::start(&Options {
        state: "flood",
        fresh: true,
        time_scale: 1,
    })?;
    let desk = Desk(&platform);
    let function = "shopfast-order-status";
    let write = |line: &Value, count: u32| {
        let (line, count) = (line.to_string(), count.to_string());
        platform.text(&["fault", "lines", function, "--line", &line, "--count", &count])
    };
    let line = |kind: &str| json!({"level": "ERROR", "message": kind, "error.code": "conflict", "customer_id": "customer-1"});
    let begun = std::time::Instant::now();
    for (kind, count) in KINDS {
        write(&line(kind), count)?;
    }
    for n in 0..OTHERS {
        let letter = char::from(b'a' + u8::try_from(n)?);
        write(&line(&format!("failure of kind {letter}")), 1_000)?;
    }
    let took = begun.elapsed();
    ensure!(took < Duration::from_secs(60), "the lines took {took:?} to write");
    let critical = json!({"level": "ERROR", "severity": "CRITICAL", "message": "and this one matters", "error.code": "matters"});
    write(&critical, 1)?;
    let mail = desk.mail(&format!("PAGE {function}: "))?;
    let told: Vec<&str> = text(&mail)
        .lines()
        .filter(|line| line.contains("x conflict: "))
        .collect();
    let top: Vec<String> = KINDS
        .iter()
        .map(|(kind, count)| format!("{count}x conflict: {kind}"))
        .collect();
    ensure!(told == top, "{}", text(&mail));
    let sent = desk.all()?.len();
    ensure!(sent <= BUDGET, "{sent} mails");
    eprintln!("flood: 100 000 lines in {took:?}, {sent} mails");
    platform.stop()
}

/// The mail of an alarm: nothing needs to be looked up to begin.
fn page(desk: &Desk<'_>) -> Result<Value> {
    let platform = desk.0;
    let refusal = ["fail-call", "ses", "SendEmail", "MessageRejected"];
    let fault = [&["fault", "set", FUNCTION, "--times", "0"][..], &refusal].concat();
    platform.text(&fault)?;
    let order = platform
        .shop()
        .place(&order_of(&[(PRODUCT, 1)], "ada@example.com"))?;
    let subject = format!("TICKET {FUNCTION}: errors, ");
    let mail = desk.mail(&subject)?;
    let text = text(&mail);
    for part in [
        "errors",
        "THE ERRORS",
        "MessageRejected",
        "fingerprint ",
        &format!("correlation ID {}", order.correlation_id),
        &format!("   shopwatch trace {}", order.correlation_id),
        &format!("   shopwatch runbooks run {ALARM}"),
        &format!("# in the log group /aws/lambda/{FUNCTION}"),
        "#dashboards/dashboard/shopfast",
        "   fields @timestamp, function_name, error.code, record.errorType, message, correlation_id",
        &format!("{FUNCTION}: failed in "),
    ] {
        ensure!(text.contains(part), "no {part:?} in the mail:\n{text}");
    }
    leads_to_the_page(text)?;
    ensure!(!text.contains("ada@example.com"), "personal data:\n{text}");
    ensure!(!text.contains("NOT KNOWN"), "something is not known:\n{text}");
    // What was typed next works.
    platform.text(&["trace", &order.correlation_id])?;
    // The lines themselves were news, before the alarm.
    desk.mail(&format!("NEW {FUNCTION}: "))?;
    Ok(mail)
}

/// The link to the runbook opens it, with the commands of this platform.
fn leads_to_the_page(text: &str) -> Result<()> {
    let link = text
        .split_whitespace()
        .find(|word| word.starts_with("http://127.0.0.1:") && word.ends_with(&format!("/{ALARM}.md")));
    let link = link.with_context(|| format!("no link to the runbook:\n{text}"))?;
    let page = call("GET", link).send()?;
    ensure!(page.status == 200, "{link}: {}", page.status);
    for part in [
        &*format!("<title>{ALARM}</title>"),
        "<h2 id=\"mitigation\">",
        &*format!("--function {FUNCTION}"),
    ] {
        ensure!(
            page.text.contains(part),
            "no {part:?} in the page:\n{}",
            page.text
        );
    }
    ensure!(!page.text.contains("{{"), "a placeholder:\n{}", page.text);
    Ok(())
}

/// Somebody's message in the alarm topic is told, once.
fn garbage(desk: &Desk<'_>) -> Result<()> {
    for _ in 0..2 {
        desk.publish("Please call me back")?;
    }
    let mail = desk.mail("NEW shopfast-alarm-page: 1x a message of the topic cannot be read")?;
    ensure!(text(&mail).contains("Please call me back"), "{mail}");
    Ok(())
}

/// An alarm that is not ours is told with what there is.
fn unknown_alarm(desk: &Desk<'_>) -> Result<()> {
    let message = desk.notification("somebody-elses")?;
    desk.publish(&message)?;
    desk.mail("PAGE somebody-elses").map(drop)
}

/// Without lines there is a mail all the same, and it says what it lacks.
fn unreadable_lines(desk: &Desk<'_>) -> Result<()> {
    let name = "shopfast-error-report";
    let fault = ["fault", "set", name, "--times", "0", "fail-call", "logs"];
    let fault = [&fault[..], &["FilterLogEvents", "AccessDeniedException"]].concat();
    desk.0.text(&fault)?;
    let message = desk.notification("shopfast-order-relay-made-up")?;
    desk.publish(&message)?;
    let mail = desk.mail("PAGE shopfast-order-relay: made-up")?;
    let text = text(&mail).split_whitespace().collect::<Vec<_>>().join(" ");
    ensure!(
        text.contains("NOT KNOWN The log lines of shopfast-order-relay could not be read: read log lines: AccessDeniedException"),
        "{text}"
    );
    desk.0.text(&["fault", "clear"]).map(drop)
}

/// The end closes it: how long, how many errors, for how many; and there was one mail for each change.
fn recovery(desk: &Desk<'_>, page: &Value) -> Result<()> {
    desk.0.text(&["fault", "clear"])?;
    let mail = desk.mail(&format!("OK {FUNCTION}: errors over after "))?;
    let subject = mail["subject"].as_str().unwrap_or_default();
    ensure!(
        subject.contains(" min, ") && subject.contains(" errors"),
        "{subject}"
    );
    desk.alarm_is("OK")?;
    let same = desk
        .all()?
        .into_iter()
        .filter(|mail| mail["subject"] == page["subject"]);
    ensure!(same.count() == 1, "the page came more than once");
    // What could not be mailed to customers is sent now, so that nothing is left over.
    let dlq = "shopfast-notification-dlq";
    wait::until("the dead letters are sent again", LIMIT, || {
        desk.0.run(&["dlq", "redrive", dlq, "--json"])?;
        let queues = desk.0.json(&["dlq", "list", "--json"])?;
        let mine = queues
            .as_array()
            .into_iter()
            .flatten()
            .find(|queue| queue["queue"] == dlq);
        let left = mine.and_then(|queue| queue["messages"].as_u64());
        let left = left.with_context(|| format!("{dlq} in {queues}"))?;
        Ok(if left == 0 {
            Ok(())
        } else {
            Err(format!("{left} left"))
        })
    })
}

/// The desk of whoever is on call.
struct Desk<'a>(&'a Platform);

impl Desk<'_> {
    /// Those of the topic: with a sender each comes as HTML too.
    fn all(&self) -> Result<Vec<Value>> {
        let of_topic = |mail: &Value| mail["topic_arn"].is_string();
        Ok(self.every()?.into_iter().filter(of_topic).collect())
    }

    fn every(&self) -> Result<Vec<Value>> {
        let found = self.0.json(&[
            "mails",
            "--to",
            "oncall@shopfast.example",
            "--limit",
            "500",
            "--json",
        ])?;
        Ok(found["mails"].as_array().cloned().unwrap_or_default())
    }

    /// The mail whose subject begins so.
    fn mail(&self, subject: &str) -> Result<Value> {
        wait::until(&format!("a mail {subject:?}"), LIMIT, || {
            let mails = self.all()?;
            let subjects: Vec<&str> = mails.iter().filter_map(|mail| mail["subject"].as_str()).collect();
            let told = subjects.join("\n");
            ensure!(
                subjects
                    .iter()
                    .all(|subject| subject.len() <= 100 && subject.is_ascii()),
                "{told}"
            );
            let found = mails.iter().find(|mail| {
                mail["subject"]
                    .as_str()
                    .is_some_and(|text| text.starts_with(subject))
            });
            Ok(found.cloned().ok_or(told))
        })
    }

    /// Nothing has been mailed: a fresh platform has nothing to tell.
    fn calm(&self) -> Result<()> {
        self.alarm_is("OK")?;
        for heartbeat in [
            "shopfast-order-reconciler-heartbeat",
            "shopfast-error-report-heartbeat",
        ] {
            wait::until(&format!("{heartbeat} OK"), LIMIT, || {
                let shown = self.0.json(&["alarms", "status", heartbeat, "--json"])?;
                ensure!(shown[0]["state"] != "ALARM", "{heartbeat} went off: {shown}");
                Ok(if shown[0]["state"] == "OK" {
                    Ok(())
                } else {
                    Err(shown.to_string())
                })
            })?;
        }
        let mails = self.all()?;
        ensure!(mails.is_empty(), "mails of a platform that is well: {mails:?}");
        Ok(())
    }

    /// Gives the error report a sender, so that its mails go as HTML too.
    fn sends_html(&self) -> Result<()> {
        let path = "/2015-03-31/functions/shopfast-error-report/configuration";
        let aws = self.0.aws();
        let identity = json!({"EmailIdentity": "reports@shopfast.example"});
        aws.rest_call("ses", "POST", "/v2/email/identities", Some(&identity))?;
        let mut environment = aws.rest_call("lambda", "GET", path, None)?["Environment"].clone();
        environment["Variables"]["MAIL_FROM"] = json!("reports@shopfast.example");
        environment["Variables"]["MAIL_TO"] = json!("oncall@shopfast.example");
        aws.rest_call("lambda", "PUT", path, Some(&json!({"Environment": environment})))?;
        Ok(())
    }

    /// For docs/mails, where somebody asks for them: text and HTML as they arrived.
    fn write_mails(&self, mails: &[(&str, String)]) -> Result<()> {
        #[expect(
            clippy::disallowed_methods,
            reason = "as UPDATE_EXPECT does: only who writes docs/mails anew sets it"
        )]
        let folder = std::env::var_os(WRITE_MAILS).map(PathBuf::from);
        let Some(folder) = folder else {
            return Ok(());
        };
        for (name, subject) in mails {
            let found = self.mail(subject)?;
            let html = self
                .every()?
                .into_iter()
                .find(|mail| mail["html"].is_string() && mail["subject"] == found["subject"]);
            let html = html.with_context(|| format!("no HTML mail {subject:?}"))?;
            let head = format!(
                "From: {}\nTo: {}\nSubject: {}\n\n",
                html["from"].as_str().unwrap_or_default(),
                "oncall@shopfast.example",
                found["subject"].as_str().unwrap_or_default()
            );
            std::fs::write(folder.join(format!("{name}.txt")), head + text(&found))?;
            std::fs::write(
                folder.join(format!("{name}.html")),
                html["html"].as_str().unwrap_or_default(),
            )?;
        }
        Ok(())
    }

    fn alarm_is(&self, state: &str) -> Result<()> {
        wait::until(&format!("{ALARM} {state}"), LIMIT, || {
            let shown = self.0.json(&["alarms", "status", ALARM, "--json"])?;
            Ok(if shown[0]["state"] == state {
                Ok(())
            } else {
                Err(shown.to_string())
            })
        })
    }

    fn publish(&self, message: &str) -> Result<()> {
        let fields = [
            ("Action", "Publish"),
            ("TopicArn", PAGE_TOPIC),
            ("Message", message),
        ];
        self.0.aws().form_call("sns", &fields).map(drop)
    }

    /// As CloudWatch writes it, of an alarm that changes now.
    fn notification(&self, name: &str) -> Result<String> {
        let history = self.0.aws().json_call(
            "monitoring",
            "GraniteServiceVersion20100801.DescribeAlarmHistory",
            "application/x-amz-json-1.1",
            &json!({"AlarmName": ALARM, "HistoryItemType": "StateUpdate", "ScanBy": "TimestampDescending"}),
        )?;
        // The plane's time, which is the alarms'.
        let at = history["AlarmHistoryItems"][0]["Timestamp"]
            .as_f64()
            .context("a change")?;
        let at = jiff::Timestamp::from_millisecond((at * 1e3) as i64)?;
        let at = at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string();
        Ok(
            json!({"AlarmName": name, "NewStateValue": "ALARM", "OldStateValue": "OK", "StateChangeTime": at,
            "NewStateReason": "Threshold Crossed: 1 datapoint"})
            .to_string(),
        )
    }
}

fn text(mail: &Value) -> &str {
    mail["text"].as_str().unwrap_or_default()
}
