import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, ociIndex } from '../../apps/data-plane/test/images.js';
import { listedRegistry } from '../support/listed-registry.js';
import type { Management } from '../support/management.js';
import { managementOf } from '../support/service-process.js';
import { sharedService } from '../support/shared-service.js';

/** What an attacker writes where a number of entries belongs. */
const sizes = [
  ...['2147483648', '9007199254740993', '1e309', '1000000', '9'.repeat(10_240)],
  ...['-1', '-2147483649', '0', '1.5', 'NaN', 'Infinity', '0x7fffffff', '+5', ' 7', '٣', "1'--", ''],
];
/** No list gives more at once. */
const most = 1000;
const shown = (size: string) => (size.length > 30 ? `${size.slice(0, 10)}… (${size.length} digits)` : JSON.stringify(size));

describe('the lists of the data plane', () => {
  let listed: Awaited<ReturnType<typeof listedRegistry>>;
  const subject = digestOf('the subject');

  beforeAll(async () => {
    listed = await listedRegistry('pagesize');
    const { query } = listed;
    await query(
      `INSERT INTO content.repositories (registry_id, name, listed) SELECT $1, 'many/' || n, true FROM generate_series(1, 1500) AS n`,
    );
    await query(`INSERT INTO content.tags (repository_id, name, digest) SELECT m.repository_id, 't' || n, m.digest
                 FROM content.manifests m JOIN content.repositories r ON r.id = m.repository_id AND r.registry_id = $1, generate_series(1, 1500) AS n`);
    await query(`INSERT INTO content.manifests (repository_id, digest, media_type, subject, bytes)
                 SELECT r.id, 'sha256:' || encode(sha256(n::text::bytea), 'hex'), '${ociIndex}', '${subject}', '{}'
                 FROM content.repositories r, generate_series(1, 1500) AS n WHERE r.registry_id = $1 AND r.name = 'full'`);
  });
  afterAll(() => listed?.installation.destroy());

  const lists: Record<string, { path: string; key: string }> = {
    catalog: { path: '/v2/_catalog', key: 'repositories' },
    tags: { path: '/v2/full/tags/list', key: 'tags' },
    referrers: { path: `/v2/full/referrers/${subject}`, key: 'manifests' },
  };
  it.each(Object.entries(lists))('give %s in pages of at most 1,000, whatever n says', async (_name, { path, key }) => {
    for (const size of sizes) {
      const answer = await listed.client.send('GET', `${path}?n=${encodeURIComponent(size)}`);
      expect([200, 400], shown(size)).toContain(answer.status);
      if (answer.status === 400) expect(answer.code(), shown(size)).toBe('PAGINATION_NUMBER_INVALID');
      else expect(answer.json<Record<string, unknown[]>>()[key]!.length, shown(size)).toBeLessThanOrEqual(most);
    }
    expect((await listed.client.send('GET', `${path}?n=1000000`)).json<Record<string, unknown[]>>()[key]).toHaveLength(most);
  });
});

describe('the lists of the management API', () => {
  let management: Management;
  beforeAll(async () => {
    management = managementOf(await sharedService());
  });

  it('clamp $top or refuse it, whatever it says', async () => {
    const lists = [
      '/subscriptions?api-version=2022-12-01',
      `${management.subscription}/resourceGroups?api-version=2024-11-01`,
      `${management.subscription}/resources?api-version=2024-11-01`,
      `${management.subscription}/providers/Microsoft.ContainerRegistry/registries?api-version=2025-11-01`,
      `${management.subscription}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01`,
      `/regatta/v1/servicePrincipals?subscriptionId=${management.credentials.subscriptionId}`,
    ];
    for (const list of lists) {
      expect((await management.send('GET', list)).status, list).toBe(200);
      for (const size of sizes) {
        const answer = await management.send('GET', `${list}&$top=${encodeURIComponent(size)}`);
        expect([200, 400], `${list} ${shown(size)}`).toContain(answer.status);
        if (answer.status === 200) expect(answer.json<{ value: unknown[] }>().value.length).toBeLessThanOrEqual(most);
      }
    }
  });
});
