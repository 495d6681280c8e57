//! The committed template is what generation gives, within CloudFormation's quota. What CloudFormation would refuse otherwise is
//! found in `infra/tests/template/lint.rs`.

use dashboards::template::{TemplateText, write};
use expect_test::expect_file;

use super::{DASHBOARDS, root};

const FILE: &str = "infra/generated/shopfast-dashboards.yaml";

fn written() -> String {
    let text = TemplateText {
        description: "ShopFast - dashboards that follow from its template and its alarms",
        command: "shopwatch dashboards generate",
    };
    write(&text, &DASHBOARDS)
}

/// `UPDATE_EXPECT=1 cargo test -p dashboards --test shopfast` writes it, as `shopwatch dashboards generate` does.
#[test]
fn the_template_is_current() {
    expect_file![root().join(FILE)].assert_eq(&written());
}

/// CloudFormation takes 1 MB from S3.
#[test]
fn the_template_is_within_cloudformations_quota() {
    let bytes = written().len();
    assert!(bytes < 1_000_000, "{bytes}");
}
