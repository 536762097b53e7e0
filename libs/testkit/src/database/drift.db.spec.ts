import { migrate } from '#lib/platform';
import type { DataSource, MigrationInterface } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeSchema } from './describe-schema.js';
import { wholeSchema } from './schema.js';
import { dropDatabase, emptyDatabase, testDatabase, type TestDatabase } from './test-database.js';

/** Schemas whose every table has an entity. BullMQ looks after its own. */
const ourSchemas = ['platform', 'identity', 'control', 'content'];

describe('entities and migrations', () => {
  let db: TestDatabase;
  beforeAll(async () => (db = await testDatabase()));
  afterAll(() => db.drop());

  it('agree: TypeORM would change nothing in the migrated database', async () => {
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('agree: a table that TypeORM does not know of is only its own list of migrations', async () => {
    const rows: { path: string }[] = await db.dataSource.query(
      `SELECT table_schema || '.' || table_name AS path FROM information_schema.tables WHERE table_schema = ANY($1) AND table_type = 'BASE TABLE'`,
      [ourSchemas],
    );
    const known = new Set(db.dataSource.entityMetadatas.map(({ tablePath }) => tablePath));
    expect(known.size).toBeGreaterThan(5);
    expect(rows.map(({ path }) => path).filter((path) => !known.has(path))).toEqual(['platform.migrations']);
  });

  it('notice a column that no migration makes', async () => {
    await db.dataSource.query('ALTER TABLE platform.outbox ADD COLUMN stray text');
    const { upQueries } = await db.dataSource.driver.createSchemaBuilder().log();
    await db.dataSource.query('ALTER TABLE platform.outbox DROP COLUMN stray');
    expect(upQueries.map(({ query }) => query)).toEqual([expect.stringContaining('DROP COLUMN "stray"')]);
  });

  it('find nothing to do on a database that is up to date', async () => {
    const before = await describeSchema(db.dataSource);
    await expect(migrate(db.dataSource, db.url)).resolves.toEqual([]);
    expect(await describeSchema(db.dataSource)).toEqual(before);
  });
});

describe('migrations', () => {
  it('bring an empty database to the same schema when several run them at once', async () => {
    const expected = await testDatabase();
    const url = await emptyDatabase();
    const racers: DataSource[] = [];
    try {
      for (let count = 0; count < 3; count++) racers.push(await wholeSchema(url).initialize());
      const ran = await Promise.all(racers.map((dataSource) => migrate(dataSource, url)));
      const all = migrationsOf(racers[0]!).map(nameOf);
      expect(ran.flat().toSorted()).toEqual(all.toSorted()); // Each once, whoever ran it.
      expect(await describeSchema(racers[0]!)).toEqual(await describeSchema(expected.dataSource));
    } finally {
      await Promise.all(racers.map((dataSource) => dataSource.destroy()));
      await dropDatabase(url);
      await expected.drop();
    }
  });

  it('go forward only: every `down` refuses', async () => {
    const { migrations } = wholeSchema('postgres://nobody@localhost/none').options;
    const classes = migrations as unknown as (new () => MigrationInterface)[];
    expect(classes.length).toBeGreaterThanOrEqual(4);
    for (const migration of classes) {
      // No connection: a `down` that tried to use it would fail in another way than by refusing.
      await expect(
        Promise.resolve().then(() => new migration().down(undefined as never)),
        migration.name,
      ).rejects.toThrow('Migrations go forward only');
    }
  });

  it('have names that say when they were made, each its own', () => {
    const { migrations } = wholeSchema('postgres://nobody@localhost/none').options;
    const names = (migrations as unknown as (new () => MigrationInterface)[]).map(({ name }) => name);
    expect(names.filter((name) => !/^[A-Z]\w*?\d{13}$/.test(name))).toEqual([]);
    const times = names.map((name) => name.slice(-13));
    expect(new Set(times).size, 'two migrations with the same time have no order').toBe(times.length);
  });
});

function migrationsOf(dataSource: DataSource): MigrationInterface[] {
  return dataSource.migrations;
}

function nameOf(migration: MigrationInterface): string {
  return migration.name ?? migration.constructor.name;
}
