//! The registry as a page for people: METRICS.md is generated, a test holds it to the declarations.

use std::fmt::Write as _;

use super::spec::MetricSpec;

/// A table of declarations under a heading.
#[must_use]
pub fn markdown(heading: &str, metrics: &[&MetricSpec]) -> String {
    let mut page = format!(
        "## {heading}\n\n| metric | kind | unit | dimensions | what it counts |\n|---|---|---|---|---|\n"
    );
    for metric in metrics {
        let resolution = if metric.high_resolution {
            ", per second"
        } else {
            ""
        };
        // Writing into a string does not fail.
        let _ = writeln!(
            page,
            "| `{}` | {}{resolution} | {} | {} | {} |",
            metric.name,
            metric.kind.as_str(),
            metric.unit.as_str(),
            dimensions(metric),
            metric.description
        );
    }
    page
}

/// The sets that it is published by.
fn dimensions(metric: &MetricSpec) -> String {
    let usual = [&["Service"][..], metric.dimensions];
    let sets = match (metric.sets, metric.dimensions.len()) {
        ([], 0 | 1) => &usual[..1],
        ([], _) => &usual,
        (sets, _) => sets,
    };
    let shown = |set: &&[&str]| format!("`{}`", set.join(", "));
    sets.iter().map(shown).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Unit;

    #[test]
    fn the_page_of_the_standard_metrics_is_current() {
        let intro = "# Metrics of every wrapped function\n\nGenerated from `src/metrics/standard.rs`.\n\n";
        let page = intro.to_owned() + &markdown("Standard", crate::metrics::standard::METRICS);
        expect_test::expect_file!["../../METRICS.md"].assert_eq(&page);
    }

    #[test]
    fn a_declaration_is_a_row() {
        let views = MetricSpec::counter("Views", Unit::Count, &["Service", "Operation"], "pages shown");
        let depth = MetricSpec::gauge("Depth", Unit::None, &["Service"], "what waits").per_second();
        let page = markdown("Shop", &[&views, &depth]);
        let rows: Vec<_> = page.lines().skip(4).collect();
        assert_eq!(
            rows,
            [
                "| `Views` | counter | Count | `Service`; `Service, Operation` | pages shown |",
                "| `Depth` | gauge, per second | None | `Service` | what waits |",
            ]
        );
    }
}
