import { ociIndex, Pusher } from '../../apps/data-plane/test/images.js';
import { oneRegistry } from '../../apps/data-plane/test/installation.js';

/** A registry whose repository `full` holds one empty index, `v1`; `query` runs SQL with the id of the registry as `$1`. */
export async function listedRegistry(name: string) {
  const { installation, region, registry } = await oneRegistry(name);
  const client = new Pusher(region.http, registry);
  await client.manifest('full', 'v1', JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [] }), ociIndex);
  const query = (sql: string) => installation.database.dataSource.query(sql, [registry.id]);
  return { installation, region, registry, client, query };
}
