//! A query, from its text to its rows.

use std::ops::RangeInclusive;
use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider as _, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider as _,
};
use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SQLOptions, SessionConfig, SessionContext};
use futures::TryStreamExt as _;
use log_archive_domain::Hour;
use log_archive_store::{Archive, ArchiveError, Hours, glue};

use crate::batch::Kind;
use crate::cell::{Cell, cells};
use crate::error::SqlError;
use crate::pruning::Listed;
use crate::table::Table;

/// As Athena calls it.
const CATALOG: &str = "awsdatacatalog";

/// What a query may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of memory: what sorts beyond them uses the disk, what cannot ends with [`SqlError::Memory`].
    pub memory: usize,
    /// Parts that are read at once.
    pub at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 512 * 1_024 * 1_024,
            at_once: 4,
        }
    }
}

/// The archive's tables, as they were when it was made.
pub struct Engine(SessionContext);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// Lists which of these hours have lines.
    ///
    /// # Errors
    /// The archive cannot be read.
    pub async fn new(
        archive: &Archive,
        hours: RangeInclusive<Hour>,
        limits: Limits,
    ) -> Result<Self, SqlError> {
        let all = Hours::within(archive, &hours).await?;
        let listed = all.iter().map(|(hour, generation)| Listed { hour, generation });
        let listed: Arc<Vec<Listed>> = Arc::new(listed.collect());
        let schema = MemorySchemaProvider::new();
        for kind in Kind::ALL {
            let table = Table::new(archive.clone(), kind, Arc::clone(&listed));
            let registered = schema.register_table(kind.name().to_owned(), Arc::new(table));
            registered.map_err(SqlError::of_planning)?;
        }
        let catalog = MemoryCatalogProvider::new();
        let registered = catalog.register_schema(glue::DATABASE, Arc::new(schema));
        registered.map_err(SqlError::of_planning)?;
        let context = context(limits).map_err(SqlError::of_planning)?;
        context.register_catalog(CATALOG, Arc::new(catalog));
        Ok(Self(context))
    }

    /// Runs a query. The names of its columns are handed over first, then each row.
    ///
    /// # Errors
    /// It is no query, or would change something; the archive cannot be read; or `row` refuses, which ends it.
    pub async fn query<E: From<SqlError>>(
        &self,
        sql: &str,
        mut columns: impl FnMut(&[String]) -> Result<(), E>,
        mut row: impl FnMut(Vec<Cell>) -> Result<(), E>,
    ) -> Result<(), E> {
        let planning = |error| E::from(SqlError::of_planning(error));
        let running = |error| E::from(SqlError::of_running(error));
        let frame = self
            .0
            .sql_with_options(sql, read_only())
            .await
            .map_err(planning)?;
        let fields = frame.schema().fields().iter();
        columns(&fields.map(|field| field.name().clone()).collect::<Vec<_>>())?;
        let mut batches = frame.execute_stream().await.map_err(running)?;
        while let Some(batch) = batches.try_next().await.map_err(running)? {
            let of_column = batch.columns().iter().map(cells).collect::<Result<Vec<_>, _>>();
            let of_column = of_column.map_err(|error| running(DataFusionError::from(error)))?;
            let mut of_column: Vec<_> = of_column.into_iter().map(Vec::into_iter).collect();
            for _ in 0..batch.num_rows() {
                row(of_column.iter_mut().filter_map(Iterator::next).collect())?;
            }
        }
        Ok(())
    }
}

fn context(limits: Limits) -> Result<SessionContext, DataFusionError> {
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_limit(limits.memory, 1.0)
        .build_arc()?;
    let config = SessionConfig::new()
        .with_default_catalog_and_schema(CATALOG, glue::DATABASE)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(true)
        .with_target_partitions(limits.at_once);
    Ok(SessionContext::new_with_config_rt(config, runtime))
}

/// Questions only: no `COPY`, `CREATE`, `INSERT`, `SET`.
fn read_only() -> SQLOptions {
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
}

impl From<ArchiveError> for SqlError {
    fn from(error: ArchiveError) -> Self {
        Self::Archive(Box::new(error))
    }
}
