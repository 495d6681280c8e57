//! The committed templates are what generation gives, within CloudFormation's quotas. What CloudFormation would refuse otherwise is
//! found in `infra/tests/template/lint.rs`.

use expect_test::expect_file;

use super::{SHOPFAST, root};

const NAME: &str = "shopfast-alarms";

/// `UPDATE_EXPECT=1 cargo test -p alarms --test shopfast` writes them, as `shopwatch alarms generate` does.
#[test]
fn templates_are_current() {
    let rendered = alarms::render::cloudformation("shopfast", &SHOPFAST);
    for one in &rendered {
        expect_file![root().join(format!("infra/generated/{}.yaml", one.name))].assert_eq(&one.text);
    }
    let there = std::fs::read_dir(root().join("infra/generated")).expect("the folder is there");
    let names = there.map(|entry| {
        entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let stale: Vec<String> = names
        .filter(|name| {
            name.starts_with(NAME) && !rendered.iter().any(|one| format!("{}.yaml", one.name) == *name)
        })
        .collect();
    assert!(stale.is_empty(), "no longer generated: {stale:?}");
}

#[test]
fn templates_are_within_cloudformations_quotas() {
    for one in alarms::render::cloudformation("shopfast", &SHOPFAST) {
        let resources = one
            .text
            .lines()
            .filter(|line| line.starts_with("    Type: AWS::"))
            .count();
        assert!(
            one.text.len() < 1_000_000 && resources <= 500,
            "{}: {resources}, {} bytes",
            one.name,
            one.text.len()
        );
    }
}
