import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalCa } from '#lib/platform';
import { ArmClient, publishedContract } from './arm-client.js';

/** A management API that answers what the test says: what the client does with it is the question. */
let server: ReturnType<typeof createServer>;
let baseUrl: string;
let ca: string;
let polls = 0;

beforeAll(async () => {
  const authority = await LocalCa.make();
  ca = authority.cert;
  const pair = await (await LocalCa.open(authority)).issue(['localhost', '127.0.0.1'], 1);
  server = createServer({ cert: pair.cert, key: pair.key }, (request, response) => {
    const reply = (status: number, body: unknown, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-ms-request-id': 'a', ...headers });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    };
    const url = request.url ?? '';
    if (url.includes('/operationStatuses/')) return reply(200, { name: 'one', status: (polls += 1) < 3 ? 'Creating' : 'Succeeded' });
    if (url.includes('/operationResults/'))
      return (polls += 1) < 3 ? reply(202, undefined, { location: baseUrl + url }) : reply(204, undefined);
    if (url.includes('/wrong')) return reply(200, { value: [], surprise: true });
    if (url.includes('page=2')) return reply(200, { value: [] });
    return reply(200, { value: [], nextLink: `${baseUrl}/providers/Microsoft.ContainerRegistry/operations?page=2&api-version=2025-11-01` });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe('the ARM client', () => {
  it('speaks https with an authority of our own', async () => {
    const arm = new ArmClient({ baseUrl, ca, token: null, contracts: [] });
    expect((await arm.get('/providers/Microsoft.ContainerRegistry/operations')).status).toBe(200);
  });

  it('polls until an operation has ended, by either header', async () => {
    const arm = new ArmClient({ baseUrl, ca, token: null, contracts: [] });
    const reply = { status: 201, body: undefined, text: '', url: baseUrl };
    polls = 0;
    expect(
      (await arm.ended({ ...reply, headers: { 'azure-asyncoperation': `${baseUrl}/r/operationStatuses/one?api-version=1` } })).body.status,
    ).toBe('Succeeded');
    expect(polls).toBe(3);
    polls = 0;
    expect((await arm.ended({ ...reply, headers: { location: `${baseUrl}/r/operationResults/one?api-version=1` } })).status).toBe(204);
    expect(polls).toBe(3);
    expect(await arm.ended({ ...reply, headers: {} })).toMatchObject({ status: 201 });
  });

  it('follows every page', async () => {
    const arm = new ArmClient({ baseUrl, ca, token: null, contracts: [] });
    expect(await arm.pages('/providers/Microsoft.ContainerRegistry/operations')).toEqual([[], []]);
  });

  it.skipIf(!publishedContract())(
    'throws when an answer breaks the published contract (skipped: ../shared/specs/acr is not beside the project)',
    async () => {
      const arm = new ArmClient({ baseUrl, ca, token: null });
      const path =
        '/subscriptions/7e8b0a7e-2a53-4c2c-9c52-3a0b0e9d7a11/resourceGroups/wrong/providers/Microsoft.ContainerRegistry/registries';
      await expect(arm.get(path)).rejects.toThrow(/breaks the published contract:\n- .*surprise/);
      expect(arm.judged).toBe(1);
    },
  );
});
