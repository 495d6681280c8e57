//! What a query sees: a table over the newest generation of every hour.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result};
use datafusion::datasource::TableType;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use log_archive_store::{Archive, ArchiveError, OpenHour, Part, PartReader};

use crate::batch::{self, Kind};
use crate::pruning::{Listed, Placed, kept};

/// Manifests that are read at once.
const AT_ONCE: usize = 16;

/// One of the archive's tables.
#[derive(Debug)]
pub(crate) struct Table {
    archive: Archive,
    kind: Kind,
    hours: Arc<Vec<Listed>>,
}

impl Table {
    pub(crate) fn new(archive: Archive, kind: Kind, hours: Arc<Vec<Listed>>) -> Self {
        Self { archive, kind, hours }
    }

    /// Parts that may have rows of which all filters are true. Manifests are read of hours that the filters leave.
    async fn needed(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<Placed>> {
        let predicate = match conjunction(filters.iter().cloned()) {
            None => None,
            Some(filter) => {
                let schema = self.kind.schema();
                let filter = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(&schema))?)?;
                let builder = PruningPredicateBuilder::new().with_file_schema(schema);
                Some(builder.try_build(filter)?)
            }
        };
        let hours = kept(predicate.as_ref(), self.hours.to_vec())?;
        let archive = &self.archive;
        let open = |listed: Listed| OpenHour::read(archive, listed.hour, listed.generation);
        let opening: Vec<_> = hours.into_iter().map(open).collect();
        let opened = stream::iter(opening).buffered(AT_ONCE);
        let opened: Vec<OpenHour> = opened.try_collect().await.map_err(external)?;
        kept(predicate.as_ref(), opened.iter().flat_map(placed).collect())
    }
}

/// Of an hour the parts that its newest manifest names.
fn placed(open: &OpenHour) -> impl Iterator<Item = Placed> + use<'_> {
    let times = (open.manifest.first_at, open.manifest.last_at);
    let of_part = move |part: &Part| Placed {
        hour: open.hour,
        part: part.clone(),
        times,
    };
    open.manifest.parts.iter().map(of_part)
}

#[async_trait]
impl TableProvider for Table {
    fn schema(&self) -> SchemaRef {
        self.kind.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    /// They rule parts out; whether a row is wanted is asked again of each.
    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let whole = self.kind.schema();
        let schema = match projection {
            Some(columns) => Arc::new(whole.project(columns)?),
            None => whole,
        };
        let needed = self.needed(state, filters).await?;
        // As many at once as the session wants; none of them empty.
        let streams = state.config().target_partitions().clamp(1, needed.len().max(1));
        let share = needed.len().div_ceil(streams).max(1);
        let partition = |parts: &[Placed]| {
            let archive = self.archive.clone();
            let (schema, parts) = (Arc::clone(&schema), parts.to_vec());
            Arc::new(PartRows {
                archive,
                schema,
                parts,
            }) as Arc<dyn PartitionStream>
        };
        let partitions: Vec<_> = needed.chunks(share).map(partition).collect();
        let plan = StreamingTableExec::try_new(Arc::clone(&schema), partitions, None, [], false, limit)?;
        Ok(Arc::new(plan))
    }
}

/// The rows of some parts.
#[derive(Debug, Clone)]
struct PartRows {
    archive: Archive,
    /// Only what the query needs.
    schema: SchemaRef,
    parts: Vec<Placed>,
}

impl PartitionStream for PartRows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let own = self.clone();
        let parts = stream::iter(own.parts.clone());
        let batches = parts.then(move |part| {
            let own = own.clone();
            async move { own.opened(part).await }
        });
        let batches = batches.try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

impl PartRows {
    /// A batch for each row group of a part: some 2 MiB of text.
    async fn opened(
        self,
        placed: Placed,
    ) -> Result<impl stream::Stream<Item = Result<RecordBatch>> + Send + use<>> {
        let reader = PartReader::open(&self.archive, &placed.part)
            .await
            .map_err(external)?;
        let reader = Arc::new(reader);
        let groups = stream::iter(0..reader.row_groups());
        Ok(groups.then(move |group| {
            let (reader, schema) = (Arc::clone(&reader), Arc::clone(&self.schema));
            async move {
                let lines = reader
                    .lines(group, batch::needs_messages(&schema))
                    .await
                    .map_err(external)?;
                Ok(batch::of_lines(&schema, placed.hour, &lines)?)
            }
        }))
    }
}

fn external(error: ArchiveError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}
