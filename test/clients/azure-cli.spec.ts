import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonEnvironments, pythonVenv, requireProgram, requireTool } from '#lib/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OwnNetwork, requireOwnNetwork } from '../support/own-network.js';
import { imageOf, RegistryClient } from '../support/registry-client.js';
import { credentialsOf, type ServiceFacts } from '../support/service-process.js';
import { sharedService } from '../support/shared-service.js';

const nobody = '00000000-0000-0000-0000-000000000000';

interface AzureCli {
  program(): Promise<string>;
  available: boolean;
  /** What it cannot learn from the address of the management API. */
  flags(service: ServiceFacts): string[];
  /** Commands that not every one of them has. */
  more: string[][];
}

const hasNetwork = requireOwnNetwork();
const clients: Record<string, AzureCli> = {
  'of Debian': {
    program: async () => 'az',
    available: hasNetwork && requireProgram('az'),
    flags: ({ loginServerSuffix }) => ['--suffix-acr-login-server-endpoint', `.${loginServerSuffix}`],
    // Its `az role` does not work with the SDK of the same Debian: it misses an attribute before it asks anything.
    more: [],
  },
  [`from PyPI (${pythonEnvironments.azureCli.join()})`]: {
    program: async () => join(await pythonVenv(pythonEnvironments.azureCli), 'az'),
    available: hasNetwork && requireTool('python3'),
    flags: () => [],
    more: [['role', 'assignment', 'list']],
  },
};

/** The steps build on each other, as a person's do. */
describe.each(Object.entries(clients))('the Azure CLI %s', (_which, { program, available, flags, more }) => {
  describe.skipIf(!available)('in a network without anything else', () => {
    const unique = randomBytes(4).toString('hex');
    const group = `cli-${unique}`;
    const name = `cli${unique}`;
    let command: string;
    let service: ServiceFacts;
    let folder: string;
    let network: OwnNetwork;

    beforeAll(async () => {
      [command, service] = await Promise.all([program(), sharedService()]);
      folder = await mkdtemp(join(tmpdir(), 'regatta-az-'));
      const ports = [service.managementHttpsPort, service.regions.eastus.https];
      network = await OwnNetwork.make(folder, ports, [`${name}.localhost`]);
    }, 600_000);

    afterAll(async () => {
      await network?.close();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    async function az<T>(...args: string[]): Promise<T> {
      const printed = await network.run(command, [...args, '--output', 'json', '--only-show-errors'], {
        env: {
          AZURE_CONFIG_DIR: join(folder, 'azure'),
          AZURE_CORE_COLLECT_TELEMETRY: 'false',
          AZURE_CORE_CHECK_FOR_UPDATES: 'false',
          AZURE_CORE_NO_COLOR: 'true',
          REQUESTS_CA_BUNDLE: service.caFile,
          HOME: folder,
        },
      });
      return (printed.trim() === '' ? undefined : JSON.parse(printed)) as T;
    }

    it('learns everything from the address of the management API', { timeout: 60_000 }, async () => {
      await az('cloud', 'register', '--name', 'Local', '--endpoint-resource-manager', service.managementUrl, ...flags(service));
      await az('cloud', 'set', '--name', 'Local');
      const { endpoints, suffixes } = await az<Record<string, Record<string, string>>>('cloud', 'show', '--name', 'Local');
      expect(endpoints).toMatchObject({ activeDirectory: `${service.managementUrl}/adfs`, resourceManager: service.managementUrl });
      expect(suffixes).toMatchObject({ acrLoginServerEndpoint: `.${service.loginServerSuffix}` });
    });

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

    it('lists and shows it', { timeout: 90_000 }, async () => {
      const loginServer = `${name}.${service.loginServerSuffix}`;
      expect(await az('acr', 'list', '--resource-group', group)).toMatchObject([{ name }]);
      // Without the group, az looks the registry up among all resources of the subscription first.
      expect(await az('acr', 'show', '--name', name)).toMatchObject({ name, loginServer });
      const byType = ['--resource-group', group, '--name', name, '--resource-type', 'Microsoft.ContainerRegistry/registries'];
      expect(await az('resource', 'show', ...byType)).toMatchObject({ name, properties: { loginServer } });
    });

    it('tags it', { timeout: 90_000 }, async () => {
      const { id } = await az<{ id: string }>('acr', 'show', '--resource-group', group, '--name', name);
      await az('tag', 'create', '--resource-id', id, '--tags', 'team=web', 'stage=test');
      await az('tag', 'update', '--resource-id', id, '--operation', 'merge', '--tags', 'stage=live');
      expect(await az('tag', 'list', '--resource-id', id)).toMatchObject({ properties: { tags: { team: 'web', stage: 'live' } } });
      expect(await az('acr', 'show', '--resource-group', group, '--name', name)).toMatchObject({ tags: { team: 'web', stage: 'live' } });
    });

    it.each(more)('knows %s %s %s', { timeout: 60_000 }, async (...words) => {
      const scope = `/subscriptions/${credentialsOf(service).subscriptionId}`;
      expect(await az(...words, '--scope', scope)).toContainEqual(expect.objectContaining({ roleDefinitionName: 'Owner' }));
    });

    it('shows the admin credentials, and they open the registry', { timeout: 60_000 }, async () => {
      const { username, passwords } = await az<{ username: string; passwords: { value: string }[] }>(
        ...['acr', 'credential', 'show', '--name', name],
      );
      const client = clientOf(username, passwords[0]?.value ?? '');
      await client.pushImage('cli/app', 'v1', imageOf([randomBytes(100)]));
      expect((await client.manifest('cli/app', 'v1')).status).toBe(200);
    });

    it('gets a token that docker could log in with', { timeout: 60_000 }, async () => {
      const { accessToken, loginServer } = await az<{ accessToken: string; loginServer: string }>(
        ...['acr', 'login', '--name', name, '--expose-token'],
      );
      expect(loginServer).toBe(`${name}.${service.loginServerSuffix}`);
      const client = clientOf(nobody, accessToken);
      expect((await client.token(['repository:cli/app:pull'])).split('.')).toHaveLength(3);
      expect((await client.manifest('cli/app', 'v1')).status).toBe(200);
    });

    it('lists the tags of a repository', { timeout: 60_000 }, async () => {
      expect(await az('acr', 'repository', 'show-tags', '--name', name, '--repository', 'cli/app')).toEqual(['v1']);
    });

    it('changes the SKU and deletes the registry', { timeout: 90_000 }, async () => {
      expect(await az('acr', 'update', '--name', name, '--sku', 'Premium')).toMatchObject({ sku: { name: 'Premium' } });
      await az('acr', 'delete', '--name', name, '--resource-group', group, '--yes');
      expect(await az('acr', 'list', '--resource-group', group)).toEqual([]);
    });

    it('can reach nothing else in that network', async () => {
      const links = JSON.parse(await network.run('ip', ['-json', 'link'])) as { ifname: string }[];
      expect(links.map(({ ifname }) => ifname)).toEqual(['lo']);
      expect((await network.finish('curl', ['--silent', 'https://192.0.2.1/'])).code).not.toBe(0); // RFC 5737: nobody's.
    });

    function clientOf(username: string, password: string): RegistryClient {
      const url = `http://127.0.0.1:${service.regions.eastus.http}`;
      return new RegistryClient({ url, loginServer: `${name}.${service.loginServerSuffix}`, username, password });
    }
  });
});
