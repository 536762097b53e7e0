import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalNames } from './local-names.js';
import type { Management } from './management.js';
import { RegistryClient } from './registry-client.js';
import { caOf, managementOf, type ServiceFacts } from './service-process.js';
import { sharedService } from './shared-service.js';

/** A registry of one spec file in the service all spec files share, and a folder for what its clients write. */
export interface TestRegistry {
  readonly service: ServiceFacts;
  readonly management: Management;
  readonly group: string;
  readonly name: string;
  readonly loginServer: string;
  readonly password: string;
  readonly ca: string;
  readonly folder: string;
  /** A folder with `ca.crt`, as the container tools want it. */
  readonly certificates: string;
  /** Runs programs that can resolve the login server. */
  readonly names: LocalNames;
  /** A plain client, to look at what the others did. */
  readonly client: RegistryClient;
  /** What stands before the repository in an image name when this registry is addressed that way. */
  prefix(way: Way): string;
  remove(): Promise<void>;
}

/** A scheme and a form of address. */
export interface Way {
  readonly title: string;
  readonly https: boolean;
  readonly pathStyle: boolean;
}

/** Every way a client can name a registry. */
export const ways: readonly Way[] = [
  { title: 'over HTTPS with our CA, the registry as host', https: true, pathStyle: false },
  { title: 'over HTTP, the registry as host', https: false, pathStyle: false },
  { title: 'over HTTPS with our CA, the registry as first path segment', https: true, pathStyle: true },
  { title: 'over HTTP, the registry as first path segment', https: false, pathStyle: true },
];

export async function testRegistry(what: string): Promise<TestRegistry> {
  const service = await sharedService();
  const management = managementOf(service);
  const name = `${what}${randomBytes(4).toString('hex')}`;
  const group = `group-${name}`;
  const { properties } = await management.createRegistry(group, name);
  const { loginServer } = properties;
  const password = await management.adminPassword(group, name);
  const ca = caOf(service);
  const folder = await mkdtemp(join(tmpdir(), `regatta-${what}-`));
  const certificates = join(folder, 'certificates');
  await mkdir(certificates);
  await cp(service.caFile, join(certificates, 'ca.crt'));
  const { http, https } = service.regions.eastus;
  const host = loginServer.split(':')[0] as string;
  return {
    service,
    management,
    group,
    name,
    loginServer,
    password,
    ca,
    folder,
    certificates,
    names: new LocalNames(folder, [host]),
    client: new RegistryClient({ url: `http://127.0.0.1:${http}`, loginServer, username: name, password }),
    prefix: (way) => {
      const port = way.https ? https : http;
      return way.pathStyle ? `localhost:${port}/${name}` : `${host}:${port}`;
    },
    remove: async () => {
      await management.deleteRegistry(group, name);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
