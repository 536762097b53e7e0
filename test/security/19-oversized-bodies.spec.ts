import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RawRequest } from '../support/raw-request.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';

const MiB = 1024 * 1024;
/** More than any small body may have, less than what is read of a body that is not wanted. */
const size = 8 * MiB;

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry('oversized');
});
afterAll(() => registry?.remove());

const routes: Record<string, { plane: 'data' | 'management'; method: string; path: () => string; type: string }> = {
  'a manifest': { plane: 'data', method: 'PUT', path: () => '/v2/app/manifests/v1', type: 'application/vnd.oci.image.manifest.v1+json' },
  'a form for the token service': { plane: 'data', method: 'POST', path: () => '/oauth2/token', type: 'application/x-www-form-urlencoded' },
  'a form for the token issuer': {
    plane: 'management',
    method: 'POST',
    path: () => '/organizations/oauth2/v2.0/token',
    type: 'application/x-www-form-urlencoded',
  },
  'a registry': {
    plane: 'management',
    method: 'PATCH',
    path: () => `${registry.management.registryPath(registry.group, registry.name)}?api-version=2025-11-01`,
    type: 'application/json',
  },
};

async function head(route: (typeof routes)[string]): Promise<{ port: number; lines: string[] }> {
  const { service, loginServer, name, password, management } = registry;
  const data = route.plane === 'data';
  const port = data ? service.regions.eastus.http : service.managementHttpPort;
  const authorization = data ? `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` : `Bearer ${await management.token()}`;
  const signedIn = route.path().includes('/oauth2/') ? [] : [`Authorization: ${authorization}`];
  const lines = [`${route.method} ${route.path()} HTTP/1.1`, `Host: ${data ? loginServer : `localhost:${port}`}`, ...signedIn];
  return { port, lines: [...lines, `Content-Type: ${route.type}`] };
}

describe.each(Object.entries(routes))('A body that is too large for %s', (_what, route) => {
  it('is refused from its length, before a byte of it', async () => {
    const { port, lines } = await head(route);
    const request = new RawRequest(port, [...lines, `Content-Length: ${size}`]);
    expect(await request.status()).toBe(413);
    request.destroy();
  });

  it('is refused while it comes, where it does not say how long it is', async () => {
    const { port, lines } = await head(route);
    const request = new RawRequest(port, [...lines, 'Transfer-Encoding: chunked']);
    // It never ends: who gathered all of it first would never answer.
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'x'), Buffer.from('\r\n')]);
    for (let sent = 0; sent < size && !request.socket.destroyed; sent += 65_536) await request.write(chunk);
    // A client that goes on sending may find the connection closed before it has seen the answer.
    expect([413, 0]).toContain(await request.status());
    request.destroy();
  });
});
