import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageOf, RegistryClient } from '../support/registry-client.js';
import { testRegistry, type TestRegistry } from '../support/test-registry.js';
import { call } from '../support/wire.js';

let registry: TestRegistry;

beforeAll(async () => {
  registry = await testRegistry('again');
});
afterAll(() => registry?.remove());

describe('A registry that is created again under the name of one that was deleted', () => {
  it('takes no token, no refresh token and no password of the one before', async () => {
    const { client, management, group, name, loginServer, password } = registry;
    await client.pushImage('app', 'v1', imageOf([Buffer.from('before')]));
    const access = await client.token(['repository:app:pull,push']);
    const form = new URLSearchParams({
      grant_type: 'password',
      service: loginServer,
      scope: 'repository:app:pull',
      access_type: 'offline',
      username: name,
      password,
    });
    const signedIn = await client.send('POST', '/oauth2/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    const { refresh_token: refresh } = signedIn.json<{ refresh_token: string }>();
    expect(refresh).toEqual(expect.any(String));
    const pull = (token: string) =>
      call(`${client.registry.url}/v2/app/manifests/v1`, { headers: { host: loginServer, authorization: `Bearer ${token}` } });
    expect((await pull(access)).status).toBe(200);

    await management.deleteRegistry(group, name);
    await management.createRegistry(group, name);
    const fresh = new RegistryClient({ ...client.registry, password: await management.adminPassword(group, name) });
    await fresh.pushImage('app', 'v1', imageOf([Buffer.from('after')]));

    expect((await pull(await fresh.token(['repository:app:pull']))).status).toBe(200);
    expect((await pull(access)).status).toBe(401);
    expect((await client.manifest('app', 'v1')).status).toBe(401);
    const renewed = await fresh.send('POST', '/oauth2/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: '' },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        service: loginServer,
        scope: 'repository:app:pull',
        refresh_token: refresh,
      }).toString(),
    });
    expect(renewed.status).toBe(401);
  });
});
