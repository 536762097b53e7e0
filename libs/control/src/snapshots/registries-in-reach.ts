import type { PipelinedPool } from '#lib/platform';
import type { RegistryEntity } from '../registries/registry.entity.js';
import { isNowhere, type Reach } from './reach.js';
import type { RegistrySnapshot } from './registry-snapshot.js';
import { snapshotColumns, snapshotOf } from './snapshot.query.js';

export interface RegistriesInReachOptions {
  pool: Pick<PipelinedPool, 'queryApart'>;
  /** `REGATTA_LOGIN_SERVER_SUFFIX`. */
  loginServerSuffix: string;
}

/** What of the registries in reach is wanted: those of a tenant from the name key `from` on, at most `limit`. */
export interface ReachPage {
  tenantId: string;
  from: string;
  limit: number;
}

// Each part reads at most a page from an index in the order of names: the cost does not grow with the number of registries.
const statement = {
  name: 'registries-in-reach',
  text: `WITH subscriptions (id) AS (
           SELECT unnest($2::uuid[])
           UNION SELECT id FROM control.subscriptions WHERE $1::boolean AND tenant_id = $5
         ), keys AS (
           SELECT r.name_key FROM subscriptions s CROSS JOIN LATERAL (
             SELECT name_key FROM control.registries WHERE subscription_id = s.id AND name_key >= $6 ORDER BY name_key LIMIT $7) r
           UNION SELECT r.name_key FROM unnest($3::uuid[], $4::text[]) g (id, key) CROSS JOIN LATERAL (
             SELECT name_key FROM control.registries
             WHERE subscription_id = g.id AND group_key = g.key AND name_key >= $6 ORDER BY name_key LIMIT $7) r
           UNION (SELECT name_key FROM control.registries WHERE name_key = ANY ($8::text[]) AND name_key >= $6 ORDER BY name_key LIMIT $7)
           ORDER BY name_key LIMIT $7
         )
         SELECT ${snapshotColumns} FROM control.registries WHERE name_key IN (SELECT name_key FROM keys) ORDER BY name_key`,
};

/** Registries by what a caller's roles cover, in the order of their names. */
export class RegistriesInReach {
  constructor(private readonly options: RegistriesInReachOptions) {}

  async page(reach: Reach, { tenantId, from, limit }: ReachPage): Promise<RegistrySnapshot[]> {
    if (isNowhere(reach)) return [];
    const { pool, loginServerSuffix } = this.options;
    const groups = [reach.groups.map((group) => group.subscriptionId), reach.groups.map((group) => group.groupKey)];
    const values = [reach.everything, reach.subscriptions, ...groups, tenantId, from, limit, reach.names];
    const rows = await pool.queryApart<RegistryEntity>(statement, values);
    return rows.map((row) => snapshotOf(row, loginServerSuffix));
  }
}
