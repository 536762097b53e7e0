import type { DataSource } from 'typeorm';

const columns = `
  SELECT n.nspname || '.' || c.relname AS "table", a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
         a.attnotnull AS "notNull", pg_get_expr(d.adbin, d.adrelid) AS "default", a.attidentity AS identity, a.attgenerated AS generated
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
     AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
   ORDER BY 1, a.attnum`;

const constraints = `
  SELECT conrelid::regclass::text AS "table", conname AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint WHERE connamespace::regnamespace::text NOT LIKE 'pg\\_%' AND connamespace::regnamespace::text <> 'information_schema'
   ORDER BY 1, 2`;

const indexes = `
  SELECT schemaname || '.' || tablename AS "table", indexname AS name, indexdef AS definition
    FROM pg_indexes WHERE schemaname NOT LIKE 'pg\\_%' AND schemaname <> 'information_schema' ORDER BY 1, 2`;

const routines = `
  SELECT n.nspname || '.' || p.proname AS name, md5(p.prosrc) AS source
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2`;

/** What a database consists of, ours and the queue's, as Postgres tells it: to compare one with another. */
export async function describeSchema(dataSource: DataSource): Promise<Record<string, unknown[]>> {
  return {
    columns: await dataSource.query(columns),
    constraints: await dataSource.query(constraints),
    indexes: await dataSource.query(indexes),
    routines: await dataSource.query(routines),
  };
}
