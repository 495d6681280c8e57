//! The table that Athena has over the parts: its columns, its partitions and what projects them. `infra/shopfast.yaml` has the same,
//! and its tests hold it to this.

/// The database.
pub const DATABASE: &str = "shopfast_log_archive";
/// The table in it: a row for each line.
pub const TABLE: &str = "lines";
/// The view in it: the same with `message`, put together by [`crate::MESSAGE_SQL`].
pub const VIEW: &str = "messages";

/// Columns of the table, name and type, in the order of the files.
pub const COLUMNS: [(&str, &str); 13] = [
    ("correlation_id", "string"),
    ("at", "timestamp"),
    ("log_group", "string"),
    ("log_stream", "string"),
    ("level", "string"),
    ("request_id", "string"),
    ("trace_id", "string"),
    ("order_id", "string"),
    ("account", "string"),
    ("event_batch", "binary"),
    ("event_number", "int"),
    ("event_id", "string"),
    ("template", "string"),
];

/// Its partitions, name and type: the folders `dt=2026-11-21/hour=19`.
pub const PARTITIONS: [(&str, &str); 2] = [("dt", "string"), ("hour", "int")];

/// Properties of the table for an archive in this bucket: what it is, and partitions that are computed, so that none is ever added.
#[must_use]
pub fn properties(bucket: &str) -> Vec<(&'static str, String)> {
    let fixed = [
        ("classification", "parquet"),
        ("projection.enabled", "true"),
        ("projection.dt.type", "date"),
        ("projection.dt.format", "yyyy-MM-dd"),
        ("projection.dt.range", "2025-01-01,NOW+1DAY"),
        ("projection.dt.interval", "1"),
        ("projection.dt.interval.unit", "DAYS"),
        ("projection.hour.type", "integer"),
        ("projection.hour.range", "0,23"),
        ("projection.hour.digits", "2"),
    ];
    let mut properties: Vec<_> = fixed.map(|(name, value)| (name, value.to_owned())).into();
    let template = format!("{}dt=${{dt}}/hour=${{hour}}/", location(bucket));
    properties.push(("storage.location.template", template));
    properties
}

/// Where the parts are.
#[must_use]
pub fn location(bucket: &str) -> String {
    format!("s3://{bucket}/{}/", log_archive_domain::layout::LINES)
}

/// The table and the view, as Athena is told of them.
#[must_use]
pub fn ddl(bucket: &str) -> String {
    let listed = |columns: &[(&str, &str)]| {
        let columns = columns.iter().map(|(name, kind)| format!("  `{name}` {kind}"));
        columns.collect::<Vec<_>>().join(",\n")
    };
    let properties = properties(bucket);
    let properties = properties
        .iter()
        .map(|(name, value)| format!("  '{name}' = '{value}'"));
    let (columns, partitions) = (listed(&COLUMNS), listed(&PARTITIONS));
    let (location, properties) = (location(bucket), properties.collect::<Vec<_>>().join(",\n"));
    let query = view_query();
    format!(
        "CREATE EXTERNAL TABLE {DATABASE}.{TABLE} (\n{columns}\n)\nPARTITIONED BY (\n{partitions}\n)\nSTORED AS PARQUET\nLOCATION '{location}'\n\
         TBLPROPERTIES (\n{properties}\n);\n\nCREATE VIEW {DATABASE}.{VIEW} AS\n{query};\n"
    )
}

/// What the view asks.
fn view_query() -> String {
    let columns = message_columns().join(", ");
    format!(
        "SELECT {columns}, {} AS message, dt, hour\nFROM {DATABASE}.{TABLE}",
        crate::MESSAGE_SQL
    )
}

/// Columns of the view, name and type, its partitions last.
#[must_use]
pub fn view_columns() -> Vec<(&'static str, &'static str)> {
    let all = || COLUMNS.into_iter().chain(PARTITIONS);
    let of_name = |name: &str| all().find(|(own, _)| *own == name);
    let shown = message_columns();
    let mut columns: Vec<_> = shown.into_iter().filter_map(of_name).collect();
    columns.push(("message", "string"));
    columns.extend(PARTITIONS);
    columns
}

/// The view as Athena keeps it in Glue, where its text stands in base64: the query, and the columns with Trino's types.
#[must_use]
pub fn view_definition() -> serde_json::Value {
    let column = |(name, kind): (&str, &str)| {
        let kind = match kind {
            "string" => "varchar",
            "timestamp" => "timestamp(3)",
            "int" => "integer",
            other => other,
        };
        serde_json::json!({"name": name, "type": kind})
    };
    serde_json::json!({
        "originalSql": view_query(),
        "catalog": "awsdatacatalog",
        "schema": DATABASE,
        "columns": view_columns().into_iter().map(column).collect::<Vec<_>>(),
    })
}

/// Columns of the view before `message`: all that a person asks for.
#[must_use]
pub fn message_columns() -> Vec<&'static str> {
    let is_shown = |name: &&str| !name.starts_with("event_") && *name != "template";
    COLUMNS
        .map(|(name, _)| name)
        .into_iter()
        .filter(is_shown)
        .collect()
}

#[cfg(test)]
mod tests {
    use parquet::basic::{LogicalType, Type};

    use super::*;
    use crate::columns;

    /// What Athena calls a type of Parquet.
    fn glue_type(column: &parquet::schema::types::Type) -> &'static str {
        let info = column.get_basic_info();
        match (column.get_physical_type(), info.logical_type_ref()) {
            (Type::BYTE_ARRAY, Some(LogicalType::String)) => "string",
            (Type::BYTE_ARRAY, None) => "binary",
            (Type::INT64, Some(LogicalType::Timestamp { .. })) => "timestamp",
            (Type::INT32, None) => "int",
            other => panic!("{} is {other:?}", column.name()),
        }
    }

    #[test]
    fn the_table_has_the_columns_of_the_files() {
        let schema = columns::schema().unwrap();
        let fields = schema.get_fields().iter();
        let own: Vec<(&str, &str)> = fields.map(|field| (field.name(), glue_type(field))).collect();
        assert_eq!(own, COLUMNS);
    }

    #[test]
    fn partitions_are_where_parts_are() {
        let hour = "2026-11-21T07".parse().unwrap();
        let key = log_archive_domain::layout::part(hour, 1, 1, "4f0c9a1b");
        let properties = properties("logs");
        let (_, template) = properties.last().unwrap();
        let folder = template.replace("${dt}", "2026-11-21").replace("${hour}", "07");
        assert!(format!("s3://logs/{key}").starts_with(&folder), "{key} {folder}");
    }

    /// `UPDATE_EXPECT=1` writes the page.
    #[test]
    fn the_statements_for_athena_are_current() {
        expect_test::expect_file!["../../athena.sql"].assert_eq(&ddl("BUCKET"));
    }
}
