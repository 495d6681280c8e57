//! Metrics as a table.

use super::paint::visible;
use crate::emf::Metric;

/// Values that are shown one by one; of more than these the range is shown.
const MOST_VALUES: usize = 5;

/// A row per metric and dimension set, in the order in which they came: namespace, name, values, unit, dimensions. A value that was
/// seen several times stands once, with `×` and how often. Empty where there are none.
pub fn metric_table(metrics: &[Metric]) -> String {
    let rows: Vec<[String; 4]> = metrics.iter().map(row).collect();
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column));
        widths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let mut table = Vec::with_capacity(rows.len());
    let mut namespace = None;
    for (metric, [name, values, unit, dimensions]) in metrics.iter().zip(&rows) {
        if namespace != Some(&metric.namespace) {
            namespace = Some(&metric.namespace);
            table.push(visible(&metric.namespace));
        }
        let [of_name, of_values, of_unit] = widths;
        let row = format!("  {name:of_name$}  {values:>of_values$} {unit:of_unit$}  {dimensions}");
        table.push(row.trim_end().to_owned());
    }
    table.join("\n")
}

fn row(metric: &Metric) -> [String; 4] {
    let mut name = visible(&metric.name);
    if metric.resolution == 1 {
        name.push_str(" (1 s)");
    }
    let unit = match metric.unit.as_str() {
        "None" => "",
        "Milliseconds" => "ms",
        other => other,
    };
    let dimensions = metric
        .dimensions
        .iter()
        .map(|(name, value)| format!("{}={}", visible(name), visible(value)));
    [
        name,
        values(&metric.values),
        unit.to_owned(),
        dimensions.collect::<Vec<_>>().join(" "),
    ]
}

fn values(values: &[(f64, u64)]) -> String {
    if values.len() <= MOST_VALUES {
        let one = |(value, count): &(f64, u64)| match count {
            1 => number(*value),
            count => format!("{} ×{count}", number(*value)),
        };
        return values.iter().map(one).collect::<Vec<_>>().join(", ");
    }
    let all = || values.iter().map(|(value, _)| *value);
    let count: u64 = values.iter().map(|(_, count)| count).sum();
    let (least, most) = (
        all().fold(f64::INFINITY, f64::min),
        all().fold(f64::NEG_INFINITY, f64::max),
    );
    format!("{} to {} ×{count}", number(least), number(most))
}

/// At most three digits after the point: a reader compares, and does not calculate.
fn number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(
        name: &str,
        unit: &str,
        resolution: u64,
        dimensions: &[(&str, &str)],
        values: &[(f64, u64)],
    ) -> Metric {
        Metric {
            namespace: "Shop".to_owned(),
            name: name.to_owned(),
            unit: unit.to_owned(),
            resolution,
            dimensions: dimensions
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            values: values.to_vec(),
        }
    }

    #[test]
    fn a_row_has_values_unit_and_dimensions() {
        let many: Vec<(f64, u64)> = (0..10).map(|n| (f64::from(n) + 0.5, 2)).collect();
        let metrics = [
            metric("Placed", "Count", 60, &[("Service", "shop")], &[(3.0, 1)]),
            metric(
                "Wait",
                "Milliseconds",
                60,
                &[("Service", "shop"), ("Step", "a")],
                &[(1.5, 2), (0.0, 1)],
            ),
            metric("Load", "None", 1, &[], &many),
        ];
        let expected = "Shop
  Placed                   3 Count  Service=shop
  Wait             1.5 ×2, 0 ms     Service=shop Step=a
  Load (1 s)  0.5 to 9.5 ×20";
        assert_eq!(metric_table(&metrics), expected);
        assert_eq!(metric_table(&[]), "");
    }
}
