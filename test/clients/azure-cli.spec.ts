import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireProgram } from '#lib/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalNames, requireLocalNames } from '../support/local-names.js';
import { imageOf, RegistryClient } from '../support/registry-client.js';
import { credentialsOf, type ServiceFacts } from '../support/service-process.js';
import { sharedService } from '../support/shared-service.js';

const nobody = '00000000-0000-0000-0000-000000000000';

/** The steps build on each other, as a person's do. */
describe.skipIf(!requireProgram('az') || !requireLocalNames())('the Azure CLI', () => {
  const unique = randomBytes(4).toString('hex');
  const group = `cli-${unique}`;
  const name = `cli${unique}`;
  let service: ServiceFacts;
  let folder: string;
  let names: LocalNames;

  beforeAll(async () => {
    service = await sharedService();
    folder = await mkdtemp(join(tmpdir(), 'regatta-az-'));
    names = new LocalNames(folder, [`${name}.localhost`]);
    const { managementUrl: url, loginServerSuffix: suffix } = service;
    await az(
      ...['cloud', 'register', '--name', 'Local', '--endpoint-resource-manager', url, '--endpoint-management', url],
      ...['--endpoint-active-directory', `${url}/adfs`, '--endpoint-active-directory-resource-id', `${url}/`],
      ...['--endpoint-active-directory-graph-resource-id', `${url}/`, '--suffix-acr-login-server-endpoint', suffix],
    );
    await az('cloud', 'set', '--name', 'Local');
  }, 60_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function az<T>(...args: string[]): Promise<T> {
    const printed = await names.run('az', [...args, '--output', 'json', '--only-show-errors'], {
      env: {
        AZURE_CONFIG_DIR: join(folder, 'azure'),
        AZURE_CORE_COLLECT_TELEMETRY: 'false',
        REQUESTS_CA_BUNDLE: service.caFile,
        HOME: folder,
      },
    });
    return (printed.trim() === '' ? undefined : JSON.parse(printed)) as T;
  }

  it('logs in as a service principal', { timeout: 60_000 }, async () => {
    const { clientId, clientSecret, tenantId, subscriptionId } = credentialsOf(service);
    const subscriptions = await az<{ id: string; state: string }[]>(
      ...['login', '--service-principal', '--username', clientId, '--password', clientSecret, '--tenant', tenantId],
    );
    expect(subscriptions).toContainEqual(expect.objectContaining({ id: subscriptionId, state: 'Enabled' }));
  });

  it('creates a group and a registry', { timeout: 60_000 }, async () => {
    expect(await az('group', 'create', '--name', group, '--location', 'eastus')).toMatchObject({ name: group });
    const created = await az('acr', 'create', '--resource-group', group, '--name', name, '--sku', 'Standard', '--admin-enabled', 'true');
    expect(created).toMatchObject({ name, sku: { name: 'Standard' }, adminUserEnabled: true, provisioningState: 'Succeeded' });
  });

  it('lists and shows it', { timeout: 60_000 }, async () => {
    expect(await az('acr', 'list', '--resource-group', group)).toMatchObject([{ name }]);
    // Without the group, az looks the registry up among all resources of the subscription first.
    expect(await az('acr', 'show', '--name', name)).toMatchObject({ name, loginServer: `${name}.${service.loginServerSuffix}` });
  });

  it('shows the admin credentials, and they open the registry', { timeout: 60_000 }, async () => {
    const { username, passwords } = await az<{ username: string; passwords: { value: string }[] }>(
      'acr',
      'credential',
      'show',
      '--name',
      name,
    );
    const client = clientOf(username, passwords[0]?.value ?? '');
    await client.pushImage('cli/app', 'v1', imageOf([randomBytes(100)]));
    expect((await client.manifest('cli/app', 'v1')).status).toBe(200);
  });

  it('gets a token that docker could log in with', { timeout: 60_000 }, async () => {
    const { accessToken, loginServer } = await az<{ accessToken: string; loginServer: string }>(
      'acr',
      'login',
      '--name',
      name,
      '--expose-token',
    );
    expect(loginServer).toBe(`${name}.${service.loginServerSuffix}`);
    const client = clientOf(nobody, accessToken);
    expect((await client.token(['repository:cli/app:pull'])).split('.')).toHaveLength(3);
    expect((await client.manifest('cli/app', 'v1')).status).toBe(200);
  });

  it('changes the SKU and deletes the registry', { timeout: 90_000 }, async () => {
    expect(await az('acr', 'update', '--name', name, '--sku', 'Premium')).toMatchObject({ sku: { name: 'Premium' } });
    await az('acr', 'delete', '--name', name, '--resource-group', group, '--yes');
    expect(await az('acr', 'list', '--resource-group', group)).toEqual([]);
  });

  function clientOf(username: string, password: string): RegistryClient {
    const url = `http://127.0.0.1:${service.regions.eastus.http}`;
    return new RegistryClient({ url, loginServer: `${name}.${service.loginServerSuffix}`, username, password });
  }
});
