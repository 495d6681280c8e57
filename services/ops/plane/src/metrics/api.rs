//! CloudWatch's API: `PutMetricData`, `ListMetrics`, `GetMetricData` with plain statistics.
//! Expressions are refused with a clear error, never answered wrongly.

use serde_json::{Value, json};

use super::query::{self, Query};
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
        ));
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
        )),
    }
}

fn invalid(told: impl Into<String>) -> Refusal {
    (400, "InvalidParameterValueException", told.into())
}

fn failed(error: &StoreError) -> Refusal {
    (500, "InternalServiceFault", error.to_string())
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
    let fits = |series: &query::Series| {
        let text = |key: &str, own: &str| wanted[key].as_str().is_none_or(|wanted| wanted == own);
        let mut filters = wanted["Dimensions"].as_array().into_iter().flatten();
        text("Namespace", &series.namespace)
            && text("MetricName", &series.name)
            && filters.all(|filter| {
                let own = filter["Name"]
                    .as_str()
                    .and_then(|name| series.dimensions.get(name));
                own.is_some_and(|own| filter["Value"].as_str().is_none_or(|value| value == own))
            })
    };
    let matching: Vec<&query::Series> = all.iter().filter(|series| fits(series)).collect();
    let page: Vec<Value> = matching
        .iter()
        .skip(after)
        .take(PAGE)
        .map(|series| series.describe())
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
    let queries: Vec<Query> = queries
        .iter()
        .map(Query::read)
        .collect::<Result<_, _>>()
        .map_err(invalid)?;
    let ascending = input["ScanBy"] == "TimestampAscending";
    let (start, end) = (start as i64, end.ceil() as i64);
    let results = store.read(move |connection| {
        queries
            .iter()
            .map(|query| query.run(connection, start, end, ascending))
            .collect::<Result<Vec<_>, _>>()
    });
    let results = results.await.map_err(|e| failed(&e))?;
    Ok(json!({"MetricDataResults": results, "Messages": []}))
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
        let expression =
            json!({"StartTime": 0, "EndTime": 1, "MetricDataQueries": [{"Id": "e", "Expression": "a+b"}]});
        assert_eq!(
            ask("GetMetricData", expression).await.unwrap_err().1,
            "InvalidParameterValueException"
        );
        store.close().await;
    }
}
