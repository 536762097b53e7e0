import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ControlStore, type RegistryEntity, registryId, type RegistrySettings } from '#lib/control';
import type { RoleName, SkuName } from '#lib/domain';
import { KeyRing, Principals, PrincipalTokens, RoleAssignments } from '#lib/identity';
import { Broadcast, readConfig, SecretBox } from '#lib/platform';
import { testDatabase, type TestDatabase } from '#lib/testkit';
import { dataPlaneSettings } from '../src/config.js';
import { type RunningDataPlane, startDataPlane } from '../src/data-plane.js';
import { selfSigned } from './certificate.js';
import { HttpClient } from './http-client.js';

const managementUrl = 'https://localhost:8443';
export const suffix = 'localhost:5443';

/** A registry made for a test, with what its owner knows. */
export interface TestRegistry {
  row: RegistryEntity;
  id: string;
  name: string;
  host: string;
  resourceId: string;
  passwords: [string, string];
}

/** One running data plane process and clients of its two listeners. */
export interface TestRegion {
  http: HttpClient;
  https: HttpClient;
  stop(): Promise<void>;
  /** Stops as SIGTERM does, while clients hold their connections. */
  drain(): Promise<void>;
}

/** An installation with one running region and one registry. */
export async function oneRegistry(name: string): Promise<{ installation: Installation; region: TestRegion; registry: TestRegistry }> {
  const installation = await Installation.create();
  return { installation, region: await installation.start(), registry: await installation.registry(name) };
}

/** A database, buckets and keys, as an installation has them; the control plane's part is played through its libs. */
export class Installation {
  readonly tenantId = randomUUID();
  readonly subscriptionId = randomUUID();
  readonly secretKey = randomBytes(32).toString('base64');
  readonly broadcast: Broadcast;
  readonly principals: Principals;
  readonly roles: RoleAssignments;
  readonly keys: KeyRing;
  readonly principalTokens: PrincipalTokens;
  readonly #running: TestRegion[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly folder: string,
    readonly tls: { certFile: string; keyFile: string; ca: string },
  ) {
    const { dataSource, url } = database;
    this.broadcast = new Broadcast({ url, applicationName: 'spec' });
    this.principals = new Principals({ dataSource, broadcast: this.broadcast });
    this.roles = new RoleAssignments({ dataSource, broadcast: this.broadcast });
    this.keys = new KeyRing({ dataSource, broadcast: this.broadcast, secrets: new SecretBox(this.secretKey) });
    this.principalTokens = new PrincipalTokens({ keys: this.keys, authority: managementUrl });
  }

  static async create(): Promise<Installation> {
    const folder = await mkdtemp(join(tmpdir(), 'regatta-data-plane-'));
    const installation = new Installation(await testDatabase(), folder, await selfSigned(folder));
    await installation.keys.start();
    return installation;
  }

  async destroy(): Promise<void> {
    for (const region of this.#running) await region.stop();
    await this.keys.close();
    await this.broadcast.close();
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Starts one more process of a region on ports of its own. */
  async start(region = 'eastus', environment: Record<string, string> = {}): Promise<TestRegion> {
    const bucket = (name: string) => pathToFileURL(join(this.folder, 'buckets', name)).href;
    const config = readConfig(dataPlaneSettings, {
      DATABASE_URL: this.database.url,
      REGATTA_SECRET_KEY: this.secretKey,
      REGATTA_REGIONS: 'eastus,westeurope,northeurope',
      REGATTA_REGION: region,
      REGATTA_LOGIN_SERVER_SUFFIX: suffix,
      REGATTA_MANAGEMENT_URL: managementUrl,
      REGATTA_BUCKETS: JSON.stringify({ eastus: bucket('eastus'), westeurope: bucket('westeurope') }),
      REGATTA_LISTEN: '127.0.0.1',
      REGATTA_DRAIN_SECONDS: '5',
      HTTP_PORT: '0',
      HTTPS_PORT: '0',
      TLS_CERT_FILE: this.tls.certFile,
      TLS_KEY_FILE: this.tls.keyFile,
      LOG_LEVEL: 'error',
      ...environment,
    });
    const running: RunningDataPlane = await startDataPlane(config);
    const started: TestRegion = {
      http: new HttpClient(running.ports.http!),
      https: new HttpClient(running.ports.https!, this.tls.ca),
      async stop() {
        started.http.close();
        started.https.close();
        await started.drain();
      },
      drain: once(() => running.stop()),
    };
    this.#running.push(started);
    return started;
  }

  get store(): ControlStore {
    return new ControlStore(this.database.dataSource);
  }

  async registry(
    name: string,
    wanted: {
      sku?: SkuName;
      location?: string;
      resourceGroup?: string;
      settings?: Partial<RegistrySettings>;
      state?: RegistryEntity['provisioningState'];
    } = {},
  ): Promise<TestRegistry> {
    const passwords: [string, string] = [newPassword(), newPassword()];
    const now = new Date().toISOString();
    const row = await this.store.registries.insert({
      tenantId: this.tenantId,
      subscriptionId: this.subscriptionId,
      resourceGroup: wanted.resourceGroup ?? 'group',
      name,
      loginLabel: name.toLowerCase(),
      location: wanted.location ?? 'eastus',
      sku: wanted.sku ?? 'Premium',
      tags: {},
      identity: null,
      settings: { ...defaultSettings(now), ...wanted.settings },
      adminPasswords: sealed(passwords),
      provisioningState: wanted.state ?? 'Succeeded',
      systemData: {
        createdBy: 'spec',
        createdByType: 'Application',
        createdAt: now,
        lastModifiedBy: 'spec',
        lastModifiedByType: 'Application',
        lastModifiedAt: now,
      },
    });
    if (!row) throw new Error(`There is a registry named ${name} already.`);
    await this.store.announceRegistry(row);
    return { row, id: row.id, name, host: `${row.loginLabel}.${suffix}`, resourceId: registryId(row), passwords };
  }

  /** Changes a registry as the management API does. */
  async change(registry: TestRegistry, change: Parameters<ControlStore['registries']['change']>[1]): Promise<void> {
    const row = await this.store.registries.byId(registry.id);
    if (!row || !(await this.store.registries.change(row, change))) throw new Error('The registry could not be changed.');
    await this.store.announceRegistry(row);
  }

  /** Deletes the row of a registry, so that another one can take its name. */
  async forget(registry: TestRegistry): Promise<void> {
    await this.change(registry, { provisioningState: 'Deleting' });
    await this.store.registries.delete(registry.id);
    await this.store.announceRegistry(registry.row);
  }

  /** A service principal with a role at a registry. */
  async principal(...roles: [RoleName, TestRegistry][]): Promise<{ id: string; clientId: string; tenantId: string; secret: string }> {
    const { principal, secret } = await this.principals.create({
      tenantId: this.tenantId,
      homeSubscriptionId: this.subscriptionId,
      displayName: 'spec',
    });
    for (const [role, registry] of roles) await this.roles.assign(principal.id, role, registry.resourceId);
    return { id: principal.id, clientId: principal.clientId, tenantId: principal.tenantId, secret };
  }
}

export function newPassword(): string {
  return randomBytes(39).toString('base64url');
}

export function sealed([password, password2]: readonly [string, string]): RegistryEntity['adminPasswords'] {
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  return [
    { name: 'password', sealed: '', sha256: sha256(password) },
    { name: 'password2', sealed: '', sha256: sha256(password2) },
  ];
}

function defaultSettings(now: string): RegistrySettings {
  return {
    adminUserEnabled: true,
    networkRuleSet: { defaultAction: 'Allow', ipRules: [], virtualNetworkRules: [] },
    policies: {
      quarantinePolicy: { status: 'disabled' },
      trustPolicy: { type: 'Notary', status: 'disabled' },
      retentionPolicy: { days: 7, status: 'disabled', lastUpdatedTime: now },
      exportPolicy: { status: 'enabled' },
      azureADAuthenticationAsArmPolicy: { status: 'enabled' },
      softDeletePolicy: { retentionDays: 7, status: 'disabled', lastUpdatedTime: now },
    },
    encryption: { status: 'disabled' },
    dataEndpointEnabled: false,
    publicNetworkAccess: 'Enabled',
    networkRuleBypassOptions: 'AzureServices',
    networkRuleBypassAllowedForTasks: false,
    zoneRedundancy: 'Disabled',
    anonymousPullEnabled: false,
    roleAssignmentMode: 'LegacyRegistryPermissions',
    metadataSearch: 'Disabled',
    regionalEndpoints: 'Disabled',
    endpointProtocol: 'IPv4',
    writableCacheRepos: 'Disabled',
    autoGeneratedDomainNameLabelScope: 'Unsecure',
  };
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}
