//! Values for the metrics of an alarm, to find some with which a datapoint breaches and some with which it does not.

/// A value of each metric, in the order of `Evaluator::metrics`; none where nothing is published.
pub(super) type Inputs = Vec<Option<f64>>;

/// What is tried, weak ones first: the same for all metrics, then one metric other than the rest.
pub(super) fn candidates(metrics: usize, threshold: f64) -> Vec<Inputs> {
    let mut values = vec![
        0.0,
        1.0,
        10.0,
        100.0,
        1e9,
        threshold,
        threshold + 1.0,
        threshold - 1.0,
    ];
    values.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    values.dedup();
    let values: Vec<Option<f64>> = std::iter::once(None)
        .chain(values.into_iter().map(Some))
        .collect();
    let alike = values.iter().map(|value| vec![*value; metrics]);
    let mut found: Vec<Inputs> = Vec::new();
    if metrics > 1 {
        for (rest, one) in values
            .iter()
            .flat_map(|rest| values.iter().map(move |one| (rest, one)))
        {
            found.extend((0..metrics).filter(|_| rest != one).map(|place| {
                let mut inputs = vec![*rest; metrics];
                if let Some(other) = inputs.get_mut(place) {
                    *other = *one;
                }
                inputs
            }));
        }
    }
    found.sort_by(|a, b| strength(a).total_cmp(&strength(b)));
    // All alike is first for what is good, and last, which is tried first, for trouble.
    let alike: Vec<Inputs> = alike.collect();
    let (weak, strong) = alike.split_at(alike.len().div_ceil(2));
    weak.iter()
        .cloned()
        .chain(found)
        .chain(strong.iter().cloned())
        .collect()
}

fn strength(inputs: &Inputs) -> f64 {
    inputs.iter().flatten().map(|value| value.abs()).sum()
}
