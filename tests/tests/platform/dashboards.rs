//! `shopwatch dashboards render` of the running platform: every dashboard of ours as SVG, one as PNG, and a body of a person with what
//! only CloudWatch evaluates: a search, a query of Metrics Insights, an explorer, a custom widget.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;
use tests::shop::order_of;
use tests::{Platform, wait};

use crate::Scenario;

pub(crate) const SCENARIOS: &[Scenario] = &[("dashboards::every_dashboard_is_drawn", render)];

/// An order's datapoints come within seconds; the rest is for a machine that has other things to do.
const LIMIT: Duration = Duration::from_secs(60);

fn render(platform: &Platform) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let draw = |what: &[&str], name: &str| -> Result<Vec<u8>> {
        let out = folder.path().join(name);
        let out = out.to_string_lossy().into_owned();
        let arguments = [&["dashboards", "render"], what, &["--since", "1h", "--out", &out]].concat();
        platform.text(&arguments)?;
        Ok(fs::read(&out)?)
    };
    let shop = platform.shop();
    let order = order_of(&[("prod-001", 1)], "dashboards@example.com");
    let answer = shop.orders("POST", "/orders").json(&order).send()?;
    ensure!(answer.status < 300, "{}: {}", answer.status, answer.text);

    let listed = platform.json(&["dashboards", "list", "--json"])?;
    let names = listed
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one["name"].as_str());
    let names: Vec<&str> = names.collect();
    ensure!(names.len() >= 7, "{listed}");
    for name in names {
        let picture = String::from_utf8(draw(&[name], &format!("{name}.svg"))?)?;
        ensure!(
            picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"),
            "{name}"
        );
        ensure!(picture.contains(&format!("<title>{name}</title>")), "{name}");
    }
    let image = draw(&["shopwatch-overview"], "overview.png")?;
    ensure!(image.starts_with(b"\x89PNG\r\n\x1a\n"), "no PNG");

    let search = "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Invocations\" order-service', 'Sum', 60)";
    let select = "SELECT SUM(Invocations) FROM SCHEMA(\"AWS/Lambda\", FunctionName) GROUP BY FunctionName ORDER BY SUM() DESC LIMIT 30";
    let widget = |expression: &str| {
        json!({"type": "metric", "width": 12, "height": 6, "properties": {"region": "us-east-1", "period": 60,
            "metrics": [[{"expression": expression, "id": "e1"}]]}})
    };
    let explorer = json!({"type": "explorer", "width": 24, "height": 8, "properties": {
        "labels": [{"key": "FunctionName", "value": "shopfast-order-service"}],
        "metrics": [{"metricName": "Duration", "resourceType": "AWS::Lambda::Function", "stat": "Average"}]}});
    let custom = |function: &str| {
        json!({"type": "custom", "width": 12, "height": 4, "properties": {"title": "Mine",
            "endpoint": format!("arn:aws:lambda:us-east-1:000000000000:function:{function}"), "params": {"describe": true}}})
    };
    let widgets = [
        widget(search),
        widget(select),
        widget("SERVICE_QUOTA(1)"),
        explorer,
        custom("nobody"),
    ];
    let body = folder.path().join("mine.json");
    fs::write(&body, json!({"widgets": widgets}).to_string())?;
    let body = body.to_string_lossy().into_owned();
    let shown = |flags: &[&str], words: &[&str]| -> Result<()> {
        wait::until("the order's invocations are drawn", LIMIT, || {
            let picture = String::from_utf8(draw(&[&["--body", &body], flags].concat(), "mine.svg")?)?;
            let missing = words.iter().find(|word| !picture.contains(**word));
            Ok(missing.map_or(Ok(()), |word| Err(format!("no `{word}` in the picture"))))
        })
    };
    // The search finds the one function, the query names functions, the explorer is a graph, and what is not there says why.
    let always = [
        "shopfast-order-service",
        "shopfast-inventory-service",
        "Duration Average",
        "which only the service has",
    ];
    shown(
        &[],
        &[
            &always[..],
            &["Drawn by the function nobody", "It was not called"],
        ]
        .concat(),
    )?;
    shown(&["--run-custom-widgets"], &["The function did not answer"])?;
    // The same without the platform, from what it stored.
    let store = platform.state_dir().to_string_lossy().into_owned();
    shown(&["--metrics", &store], &always)?;

    let wrong = platform.run(&["dashboards", "render", "shopwatch-overvew"])?;
    ensure!(wrong.status.code() == Some(2), "{wrong:?}");
    ensure!(
        String::from_utf8_lossy(&wrong.stderr).contains("did you mean shopwatch-overview?"),
        "{wrong:?}"
    );
    Ok(())
}
