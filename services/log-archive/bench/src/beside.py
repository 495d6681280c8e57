"""The archive's lines as Parquet with DuckDB's default settings, and what DuckDB and DataFusion need to find an ID in it.

Prints rows of cells between tabs: `whole` lines and bytes of text by SQL, `column` name and size, `asked` name, median in milliseconds,
bytes read for one ID, lines."""
import os
import sys
import time

import datafusion
import duckdb

lines, copy, message, ids = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
# It would be drawn among the rows.
duckdb.sql("SET enable_progress_bar = false")
# Sorts on disk then: what it takes otherwise, 80 % of the memory, other programs of the machine may need.
duckdb.sql("SET memory_limit = '4GB'")
duckdb.sql(f"SET temp_directory = '{copy}.sorting'")
own = f"read_parquet('{lines}/**/*.parquet', hive_partitioning=false)"

whole = duckdb.sql(f"SELECT count(*), sum(strlen({message})) FROM {own}").fetchall()
print("whole", *whole[0], sep="\t")
columns = duckdb.sql(
    f"SELECT path_in_schema, sum(total_compressed_size)::BIGINT size FROM parquet_metadata('{lines}/**/*.parquet') GROUP BY 1 ORDER BY 2 DESC"
).fetchall()
for name, size in columns:
    print("column", name, size, sep="\t")
# In the order of their time, as lines are delivered.
duckdb.sql(
    f"COPY (SELECT * EXCLUDE (template, event_batch, event_number, event_id), {message} AS message FROM {own} ORDER BY \"at\") TO '{copy}' (FORMAT parquet)"
)


def read_so_far():
    return int(open("/proc/self/io").readline().split()[1])


def ask(name, query):
    times, found = [], 0
    before = read_so_far()
    for id in ids:
        started = time.perf_counter()
        found += query(id)
        times.append(time.perf_counter() - started)
    read = (read_so_far() - before) // len(ids)
    print("asked", f"{name}, Parquet of {os.path.getsize(copy) / 1e6:.0f} MB", f"{sorted(times)[len(times) // 2] * 1000:.3f}", read, found, sep="\t")


# A connection of its own for every ID: nothing but the operating system's cache of pages helps.
def by_duckdb(id):
    # As a number: as a date Python would want another module.
    query = f"SELECT * REPLACE (epoch_ms(\"at\") AS \"at\") FROM read_parquet('{copy}') WHERE correlation_id = ?"
    return len(duckdb.connect().execute(query, [id]).fetchall())


ask(f"DuckDB {duckdb.__version__}", by_duckdb)


def by_datafusion(id):
    context = datafusion.SessionContext()
    context.register_parquet("lines", copy)
    batches = context.sql(f"SELECT * FROM lines WHERE correlation_id = '{id}'").collect()
    return sum(batch.num_rows for batch in batches)


ask(f"DataFusion {datafusion.__version__}", by_datafusion)
