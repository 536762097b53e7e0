import { setTimeout as sleep } from 'node:timers/promises';
import { call, type Answer } from './wire.js';

/** The bootstrap service principal as the service writes it to `credentials.json`. */
export interface Credentials {
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Properties of a registry the tests read. */
export interface RegistryResource {
  readonly id: string;
  readonly name: string;
  readonly sku: { readonly name: string };
  readonly properties: { readonly loginServer: string; readonly provisioningState: string; readonly adminUserEnabled: boolean };
}

const apiVersion = '2025-11-01';
const groupApiVersion = '2024-11-01';

/** Speaks ARM as the bootstrap principal. */
export class Management {
  #token: { readonly value: string; readonly until: number } | null = null;

  constructor(
    readonly url: string,
    readonly credentials: Credentials,
    readonly ca: string,
  ) {}

  get subscription(): string {
    return `/subscriptions/${this.credentials.subscriptionId}`;
  }

  registryPath(group: string, name: string): string {
    return `${this.subscription}/resourceGroups/${group}/providers/Microsoft.ContainerRegistry/registries/${name}`;
  }

  async token(): Promise<string> {
    if (this.#token && this.#token.until > Date.now()) return this.#token.value;
    const { tenantId, clientId, clientSecret } = this.credentials;
    const answer = await call(`${this.url}/${tenantId}/oauth2/v2.0/token`, {
      method: 'POST',
      ca: this.ca,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${this.url}/.default`,
      }).toString(),
    });
    const { access_token: value, expires_in: seconds } = this.#expect(answer, [200], 'POST token').json<{
      access_token: string;
      expires_in: number;
    }>();
    this.#token = { value, until: Date.now() + (Number(seconds) - 30) * 1000 };
    return value;
  }

  /** One ARM request. `path` without api-version gets the registries' own. */
  async send(method: string, path: string, body?: unknown): Promise<Answer> {
    const url = path.startsWith('http') ? path : `${this.url}${path}`;
    const versioned = url.includes('api-version=') ? url : `${url}${url.includes('?') ? '&' : '?'}api-version=${apiVersion}`;
    return call(versioned, {
      method,
      ca: this.ca,
      headers: { authorization: `Bearer ${await this.token()}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async createGroup(name: string, location = 'eastus'): Promise<void> {
    const answer = await this.send('PUT', `${this.subscription}/resourceGroups/${name}?api-version=${groupApiVersion}`, { location });
    this.#expect(answer, [200, 201], `PUT resource group ${name}`);
  }

  async startRegistry(
    group: string,
    name: string,
    settings: { sku?: string; adminUserEnabled?: boolean; location?: string } = {},
  ): Promise<Answer> {
    const { sku = 'Premium', adminUserEnabled = true, location = 'eastus' } = settings;
    return this.send('PUT', this.registryPath(group, name), { location, sku: { name: sku }, properties: { adminUserEnabled } });
  }

  /** Creates the group and a registry in it, and waits until the registry is ready. */
  async createRegistry(
    group: string,
    name: string,
    settings: { sku?: string; adminUserEnabled?: boolean; location?: string } = {},
  ): Promise<RegistryResource> {
    await this.createGroup(group);
    this.#expect(await this.startRegistry(group, name, settings), [200, 201], `PUT registry ${name}`);
    return this.registryReady(group, name);
  }

  async registryReady(group: string, name: string, seconds = 60): Promise<RegistryResource> {
    const end = Date.now() + seconds * 1000;
    for (;;) {
      const answer = await this.send('GET', this.registryPath(group, name));
      const registry = this.#expect(answer, [200], `GET registry ${name}`).json<RegistryResource>();
      if (registry.properties.provisioningState === 'Succeeded') return registry;
      if (registry.properties.provisioningState === 'Failed') throw new Error(`Registry ${name} failed.`);
      if (Date.now() > end) throw new Error(`Registry ${name} is still ${registry.properties.provisioningState} after ${seconds} s.`);
      await sleep(100);
    }
  }

  /** Starts the deletion and waits until the registry is gone. */
  async deleteRegistry(group: string, name: string, seconds = 60): Promise<void> {
    this.#expect(await this.send('DELETE', this.registryPath(group, name)), [200, 202, 204], `DELETE registry ${name}`);
    await this.registryGone(group, name, seconds);
  }

  async registryGone(group: string, name: string, seconds = 60): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while ((await this.send('GET', this.registryPath(group, name))).status !== 404) {
      if (Date.now() > end) throw new Error(`Registry ${name} still exists after ${seconds} s.`);
      await sleep(100);
    }
  }

  /** Waits until the resource group is gone. */
  async groupGone(name: string, seconds = 60): Promise<void> {
    const end = Date.now() + seconds * 1000;
    while ((await this.send('HEAD', `${this.subscription}/resourceGroups/${name}?api-version=${groupApiVersion}`)).status !== 404) {
      if (Date.now() > end) throw new Error(`The resource group ${name} still exists after ${seconds} s.`);
      await sleep(100);
    }
  }

  async adminPassword(group: string, name: string): Promise<string> {
    const answer = await this.send('POST', `${this.registryPath(group, name)}/listCredentials`);
    const { passwords } = this.#expect(answer, [200], `listCredentials of ${name}`).json<{ passwords: { value: string }[] }>();
    const value = passwords[0]?.value;
    if (!value) throw new Error(`Registry ${name} has no admin password.`);
    return value;
  }

  /** Unique bytes the registry holds, as `listUsages` counts them. */
  async usedBytes(group: string, name: string): Promise<number> {
    const answer = await this.send('GET', `${this.registryPath(group, name)}/listUsages`);
    const { value } = this.#expect(answer, [200], `listUsages of ${name}`).json<{ value: { name: string; currentValue: number }[] }>();
    const size = value.find((usage) => usage.name === 'Size');
    if (!size) throw new Error('listUsages names no Size.');
    return size.currentValue;
  }

  #expect(answer: Answer, statuses: readonly number[], what: string): Answer {
    if (!statuses.includes(answer.status))
      throw new Error(`${what} was answered ${answer.status}: ${answer.body.toString('utf8').slice(0, 500)}`);
    return answer;
  }
}
