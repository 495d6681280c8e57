//! CloudWatch's API: `PutMetricData`, `ListMetrics`, `GetMetricData` with expressions, as `alarms::metric_data` answers them.
//! What needs CloudWatch itself (quotas, anomaly models) is refused with a clear error, never answered wrongly.

use alarms::metric_data::{self, Refused, Request};
use alarms::model::{Metric, MetricDataQuery};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::query::{self, Stored};
use crate::clock::Clock;
use crate::gateway::Refusal;
use crate::store::{Datum, Statistics, Store, StoreError, Write};

/// Metrics of one page of `ListMetrics` (API reference).
const PAGE: usize = 500;
/// Queries of one `GetMetricData` (API reference).
const MOST_QUERIES: usize = 500;

/// Answers an operation. `input` is `None` when it could not be read.
pub(crate) async fn answer(
    store: &Store,
    clock: &Clock,
    operation: &str,
    input: Option<Value>,
) -> Result<Value, Refusal> {
    let Some(input) = input else {
        return Err((
            400,
            "SerializationException",
            "the local CloudWatch reads JSON and CBOR; the query protocol of older SDKs and CLIs is not spoken"
                .to_owned(),
        ).into());
    };
    store.flush().await;
    match operation {
        "PutMetricData" => put(store, clock, &input).await,
        "ListMetrics" => list(store, &input).await,
        "GetMetricData" => get(store, &input).await,
        _ => Err((
            400,
            "InvalidAction",
            format!("{operation} is not answered by the local CloudWatch"),
        )
            .into()),
    }
}

fn invalid(told: impl Into<String>) -> Refusal {
    (400, "InvalidParameterValueException", told.into()).into()
}

fn failed(error: &StoreError) -> Refusal {
    (500, "InternalServiceFault", error.to_string()).into()
}

async fn put(store: &Store, clock: &Clock, input: &Value) -> Result<Value, Refusal> {
    let namespace = input["Namespace"]
        .as_str()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| invalid("Namespace is needed"))?;
    let now = clock.now().as_millisecond();
    let data = input["MetricData"].as_array().into_iter().flatten();
    let data: Vec<Datum> = data
        .map(|datum| read_datum(namespace, datum, now))
        .collect::<Result<_, _>>()?;
    for datum in data {
        store.write(Write::Datum(datum));
    }
    store.flush().await;
    Ok(json!({}))
}

fn read_datum(namespace: &str, datum: &Value, now_ms: i64) -> Result<Datum, Refusal> {
    let name = datum["MetricName"]
        .as_str()
        .filter(|name| !name.is_empty())
        .ok_or_else(|| invalid("MetricName is needed"))?;
    let numbers = |key: &str| {
        datum[key]
            .as_array()
            .map(|list| list.iter().filter_map(Value::as_f64).collect::<Vec<_>>())
    };
    let statistics = if let Some(value) = datum["Value"].as_f64() {
        Statistics::of(&[(value, 1.0)])
    } else if let Some(values) = numbers("Values") {
        let counts = numbers("Counts").unwrap_or_else(|| vec![1.0; values.len()]);
        if counts.len() != values.len() {
            return Err(invalid("Values and Counts differ in length"));
        }
        Statistics::of(&values.into_iter().zip(counts).collect::<Vec<_>>())
    } else if let Some(set) = datum["StatisticValues"].as_object() {
        let member = |key: &str| {
            set.get(key)
                .and_then(Value::as_f64)
                .ok_or_else(|| invalid(format!("StatisticValues needs {key}")))
        };
        Statistics {
            count: member("SampleCount")?,
            sum: member("Sum")?,
            min: member("Minimum")?,
            max: member("Maximum")?,
            values: Vec::new(),
        }
    } else {
        return Err(invalid("Value, Values or StatisticValues is needed"));
    };
    Ok(Datum {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        dimensions: query::dimensions(&datum["Dimensions"]),
        unit: datum["Unit"].as_str().unwrap_or("None").to_owned(),
        timestamp_ms: datum["Timestamp"]
            .as_f64()
            .map_or(now_ms, |seconds| (seconds * 1e3) as i64),
        resolution: if datum["StorageResolution"] == 1 { 1 } else { 60 },
        statistics,
    })
}

async fn list(store: &Store, input: &Value) -> Result<Value, Refusal> {
    let wanted = input.clone();
    let after: usize = input["NextToken"]
        .as_str()
        .map_or(Ok(0), str::parse)
        .map_err(|_| invalid("NextToken is not ours"))?;
    let all = store.read(query::series).await.map_err(|e| failed(&e))?;
    let fits = |series: &Metric| {
        let text = |key: &str, own: &str| wanted[key].as_str().is_none_or(|wanted| wanted == own);
        let mut filters = wanted["Dimensions"].as_array().into_iter().flatten();
        text("Namespace", &series.namespace)
            && text("MetricName", &series.metric_name)
            && filters.all(|filter| {
                let mut own = series.dimensions.iter();
                own.any(|own| {
                    filter["Name"].as_str() == Some(&own.name)
                        && filter["Value"].as_str().is_none_or(|value| value == own.value)
                })
            })
    };
    let matching: Vec<&Metric> = all.iter().filter(|series| fits(series)).collect();
    let page: Vec<Value> = matching
        .iter()
        .skip(after)
        .take(PAGE)
        .map(|series| json!({"Namespace": series.namespace, "MetricName": series.metric_name, "Dimensions": series.dimensions}))
        .collect();
    let mut answer = json!({"Metrics": page});
    if matching.len() > after + PAGE {
        answer["NextToken"] = json!((after + PAGE).to_string());
    }
    Ok(answer)
}

async fn get(store: &Store, input: &Value) -> Result<Value, Refusal> {
    let (Some(start), Some(end)) = (input["StartTime"].as_f64(), input["EndTime"].as_f64()) else {
        return Err(invalid("StartTime and EndTime are needed"));
    };
    if start >= end {
        return Err(invalid("StartTime must be before EndTime"));
    }
    let queries = input["MetricDataQueries"].as_array().cloned().unwrap_or_default();
    if queries.is_empty() || queries.len() > MOST_QUERIES {
        return Err(invalid("MetricDataQueries must hold 1 to 500 queries"));
    }
    let queries: Vec<MetricDataQuery> = queries.into_iter().map(read_query).collect::<Result<_, _>>()?;
    let ascending = input["ScanBy"] == "TimestampAscending";
    let (start, end) = (start as i64, end.ceil() as i64);
    let results = store.read(move |connection| {
        let stored = Stored {
            connection,
            start,
            end,
        };
        Ok(answered(&queries, &stored, ascending))
    });
    let results = results
        .await
        .map_err(|e| failed(&e))?
        .map_err(|refused| match refused {
            Refused::Source(error) => (500, "InternalServiceFault", error.to_string()).into(),
            other => invalid(other.to_string()),
        })?;
    Ok(json!({"MetricDataResults": results, "Messages": []}))
}

/// A query as the API reference has it, with a period that the local CloudWatch keeps.
fn read_query(query: Value) -> Result<MetricDataQuery, Refusal> {
    let id = query["Id"].as_str().unwrap_or_default().to_owned();
    let query: MetricDataQuery =
        serde_json::from_value(query).map_err(|error| invalid(format!("query {id}: {error}")))?;
    let period = query
        .metric_stat
        .as_ref()
        .map(|stat| stat.period)
        .or(query.period);
    let is_kept =
        |period: u32| matches!(period, 1 | 5 | 10 | 20 | 30) || period > 0 && period.is_multiple_of(60);
    if period.is_none_or(is_kept) {
        return Ok(query);
    }
    Err(invalid(format!(
        "query {id}: Period must be 1, 5, 10, 20, 30 or a multiple of 60"
    )))
}

/// The entries that return data, in their order; a search gives several results of one entry.
fn answered(
    queries: &[MetricDataQuery],
    stored: &Stored<'_>,
    ascending: bool,
) -> Result<Vec<Value>, Refused> {
    let moment = |at: i64| Timestamp::from_second(at).unwrap_or(Timestamp::MAX);
    let request = Request {
        queries,
        begin: moment(stored.start),
        end: moment(stored.end),
    };
    let mut results = Vec::new();
    for query in queries.iter().filter(|query| query.returns_data()) {
        for mut series in metric_data::answer(&request, &query.id, stored)? {
            if !ascending {
                series.points.reverse();
            }
            let points = series.points.into_iter().map(|(at, value)| (at as f64, value));
            let (timestamps, values): (Vec<f64>, Vec<f64>) = points.unzip();
            results.push(
                json!({"Id": query.id, "Label": series.label, "Timestamps": timestamps, "Values": values, "StatusCode": "Complete"}),
            );
        }
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Limits;

    #[tokio::test]
    async fn what_is_put_is_listed_and_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("o.db"), Limits::default()).unwrap();
        let datum = |service: &str, at: f64, value: f64| json!({"MetricName": "Orders", "Unit": "Count", "Timestamp": at, "Value": value, "Dimensions": [{"Name": "Service", "Value": service}]});
        let data = [
            datum("a", 600.0, 1.0),
            datum("a", 659.0, 2.0),
            datum("a", 660.0, 4.0),
            datum("b", 600.0, 8.0),
        ];
        let ask = async |operation: &str, input: Value| {
            answer(&store, &Clock::wall(), operation, Some(input)).await
        };
        ask("PutMetricData", json!({"Namespace": "Shop", "MetricData": data}))
            .await
            .unwrap();
        let listed = ask(
            "ListMetrics",
            json!({"Namespace": "Shop", "Dimensions": [{"Name": "Service", "Value": "a"}]}),
        )
        .await
        .unwrap();
        assert_eq!(listed["Metrics"].as_array().unwrap().len(), 1);
        let read = async |stat: &str, period: i64| {
            let metric = json!({"Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "Service", "Value": "a"}]});
            let query = json!({"Id": "q", "MetricStat": {"Metric": metric, "Period": period, "Stat": stat}});
            let got = ask("GetMetricData", json!({"StartTime": 0.0, "EndTime": 3600.0, "MetricDataQueries": [query], "ScanBy": "TimestampAscending"})).await.unwrap();
            (
                got["MetricDataResults"][0]["Timestamps"].to_string(),
                got["MetricDataResults"][0]["Values"].to_string(),
            )
        };
        assert_eq!(
            read("Sum", 60).await,
            ("[600.0,660.0]".into(), "[3.0,4.0]".into())
        );
        assert_eq!(read("Sum", 300).await, ("[600.0]".into(), "[7.0]".into()));
        assert_eq!(read("Average", 60).await.1, "[1.5,4.0]");
        assert_eq!(read("p50", 300).await.1, "[2.0]");
        assert!(
            answer(&store, &Clock::wall(), "GetMetricData", None)
                .await
                .is_err()
        );
        assert_eq!(read("TM(0:3)", 60).await.1, "[1.5]");
        let computed = async |expression: &str| {
            let queries = [json!({"Id": "e", "Expression": expression, "Period": 60})];
            let asked = json!({"StartTime": 0, "EndTime": 3600, "MetricDataQueries": queries, "ScanBy": "TimestampAscending"});
            ask("GetMetricData", asked).await
        };
        let found = computed("SEARCH('{Shop,Service} Orders', 'Sum')").await.unwrap();
        let results = found["MetricDataResults"].as_array().unwrap();
        let told: Vec<String> = results
            .iter()
            .map(|one| format!("{} {}", one["Label"], one["Values"]))
            .collect();
        assert_eq!(told, [r#""a" [3.0,4.0]"#, r#""b" [8.0]"#]);
        let selected = computed("SELECT MAX(Orders) FROM Shop").await.unwrap();
        assert_eq!(
            selected["MetricDataResults"][0]["Values"].to_string(),
            "[8.0,4.0]"
        );
        let refused = computed("a+b").await.unwrap_err();
        assert_eq!(refused.code, "InvalidParameterValueException");
        store.close().await;
    }
}
