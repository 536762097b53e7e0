import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { OperationsTable } from './operations.table.js';

/** How many have ended; more to measure: `REGATTA_SPEC_OPERATIONS=1000000 npx vitest run libs/control/src/operations`. */
const ended = Number(process.env['REGATTA_SPEC_OPERATIONS'] ?? 50_000);
const underWay = 3;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await db.dataSource.query(
    `INSERT INTO control.operations
       (id, name, kind, status, tenant_id, subscription_id, resource_id, target_id, percent_complete, started_at, ended_at)
     SELECT gen_random_uuid(), 'registries-' || n, 'CreateRegistry', 'Succeeded', $1, $1, '/subscriptions/x', gen_random_uuid(), 100,
            now() - interval '1 hour', CASE WHEN n > $2 THEN now() END
       FROM generate_series(1, $3::int) n`,
    [randomUUID(), underWay, ended + underWay],
  );
  await db.dataSource.query('ANALYZE control.operations');
});
afterAll(() => db?.drop());

interface Plan {
  'Index Name'?: string;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  'Execution Time'?: number;
  Plans?: Plan[];
}

it('finds the operations under way without looking at those that ended', async () => {
  const runner = db.dataSource.createQueryRunner();
  try {
    const asked = vi.spyOn(runner, 'query');
    const operations = new OperationsTable(runner.manager);
    const found: string[] = [];
    for await (const { id } of operations.underWaySince(new Date(), ['CreateRegistry'])) found.push(id);
    expect(found).toHaveLength(underWay);
    const [statement, values] = asked.mock.calls.find(([text]) => text.includes('ended_at'))!;
    const [row] = await db.dataSource.query<{ 'QUERY PLAN': [{ Plan: Plan; 'Execution Time': number }] }[]>(
      `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${statement}`,
      values as unknown[],
    );
    const [{ Plan: plan, 'Execution Time': time }] = row!['QUERY PLAN'];
    if (process.env['REGATTA_SPEC_OPERATIONS']) process.stderr.write(`${ended} ended: ${time} ms, ${JSON.stringify(plan)}\n`);
    const indexes = (one: Plan): string[] => [one['Index Name'] ?? [], (one.Plans ?? []).flatMap(indexes)].flat();
    expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(30);
    expect(indexes(plan)).toEqual(['operations_under_way']);
  } finally {
    await runner.release();
  }
});
