//! `shopwatch dashboards`.

use std::path::Path;

use expect_test::expect;
use ops_monitoring::Workspace;

use crate::shell::{Output, shopwatch, shopwatch_in};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/dashboards");

fn fixture(name: &str) -> String {
    format!("{FIXTURES}/{name}")
}

/// The repository itself.
fn repository() -> Workspace {
    Workspace::at(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.."))
}

fn said(output: &Output) -> String {
    format!("{}{}", output.out, output.error).replace(FIXTURES, "")
}

#[test]
fn dashboards_are_listed() {
    let output = shopwatch(&["dashboards", "list", "--template", &fixture("shop.yaml")]);
    assert_eq!(output.code, 0);
    expect![[r#"
        shop-dev    2 widgets  /shop.yaml:4
    "#]]
    .assert_eq(&said(&output));
    let output = shopwatch(&[
        "dashboards",
        "list",
        "--json",
        "--parameter",
        "Stage=prod",
        "--template",
        &fixture("shop.yaml"),
    ]);
    expect![[r#"
        [{"name":"shop-prod","widgets":2,"file":"/shop.yaml","line":4}]
    "#]]
    .assert_eq(&said(&output));
}

#[test]
fn bugs_are_found() {
    let output = shopwatch(&["dashboards", "lint", "--template", &fixture("shop.yaml")]);
    assert_eq!(output.code, 1);
    expect![[r#"
        /shop.yaml:9:9: bug dead-metric: Board: /widgets/1/properties/metrics/0: AWS/Lambda has no metric Invocation: the graph stays empty; it publishes Invocations
        /shop.yaml:9:9: warning overlapping-widgets: Board: /widgets/1: it lies on /widgets/0
        2 found, 1 of them bugs
    "#]]
    .assert_eq(&said(&output));
    let output = shopwatch(&["dashboards", "lint", "--json", "--body", &fixture("body.json")]);
    assert_eq!(output.code, 1);
    expect![[r#"
        [{"check":"invalid-body","severity":"bug","file":"/body.json","line":5,"column":5,"resource":"","message":"/widgets/1/properties: Should have required property 'markdown'"}]
    "#]]
    .assert_eq(&said(&output));
}

#[test]
fn a_picture_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let metrics = fixture("errors.csv");
    let template = fixture("shop.yaml");
    let draw = |name: &str, out: &Path| {
        let out = out.display().to_string();
        shopwatch(&[
            "dashboards",
            "render",
            name,
            "--template",
            &template,
            "--metrics",
            &metrics,
            "--since",
            "1h",
            "--out",
            &out,
        ])
    };
    for (file, begins) in [("a.svg", &b"<svg"[..]), ("a.png", b"\x89PNG")] {
        let out = folder.path().join(file);
        let output = draw("shop-dev", &out);
        assert_eq!(output.code, 0, "{output:?}");
        assert!(std::fs::read(&out).unwrap().starts_with(begins), "{file}");
    }
    let refused = draw("shop-de", &folder.path().join("a.svg"));
    assert_eq!(
        (refused.code, refused.error.as_str()),
        (2, "find the dashboard shop-de; did you mean shop-dev?")
    );
    let refused = draw("shop-dev", &folder.path().join("a.gif"));
    assert_eq!(refused.code, 2);
    assert!(
        refused.error.ends_with("let it end in .svg or .png"),
        "{refused:?}"
    );
    let refused = shopwatch(&["dashboards", "render", "shop-dev", "--template", &template]);
    assert_eq!(refused.code, 2);
    assert!(refused.error.contains("--metrics"), "{refused:?}");
}

/// The other line is drawn, and this one is not missed by nobody.
#[test]
fn a_line_that_cannot_be_drawn_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.svg");
    let output = shopwatch(&[
        "dashboards",
        "render",
        "--body",
        &fixture("copied.json"),
        "--metrics",
        &fixture("errors.csv"),
        "--since",
        "1h",
        "--out",
        &out.display().to_string(),
    ]);
    assert_eq!(output.code, 0, "{output:?}");
    let told = output.out.lines().nth(1).unwrap_or_default();
    assert!(told.starts_with("not drawn: widget 0, metric 1: "), "{output:?}");
    let svg = std::fs::read_to_string(&out).unwrap();
    assert!(svg.contains("not drawn: metric 1: "), "{svg}");
}

/// The template that the command writes is the committed one.
#[test]
fn the_repositorys_dashboards_are_current() {
    let output = shopwatch_in(&repository(), &["dashboards", "generate", "--check"]);
    assert_eq!(output.code, 0, "{output:?}");
}

#[test]
fn nothing_is_found_in_the_repositorys_dashboards() {
    let output = shopwatch_in(&repository(), &["dashboards", "lint"]);
    assert_eq!(output.code, 0, "{output:?}");
    expect![["nothing found\n"]].assert_eq(&output.out);
}
