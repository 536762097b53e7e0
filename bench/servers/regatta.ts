import { caOf, managementOf, ServiceProcess } from '../../test/support/service-process.js';
import { RegistryClient } from '../../test/support/registry-client.js';
import type { Subject } from './subject.js';

const group = 'bench';
const registryName = 'benchregistry';

export interface RegattaOptions {
  folder: string;
  /** The folder of another built checkout; absent: this one. */
  checkout?: string;
  name?: string;
}

/**
 * Regatta as `npm start` runs it: all processes, embedded Postgres with its safe defaults, one Premium registry whose
 * admin account fetches the tokens. Requests go to the plain HTTP port of the first region, as the reference's do.
 */
export async function startRegatta({ folder, checkout, name = 'regatta' }: RegattaOptions): Promise<Subject> {
  const service = await ServiceProcess.start({ home: folder, env: { LOG_LEVEL: 'error' }, ...(checkout && { checkout }) });
  const { facts } = service;
  const management = managementOf(facts);
  const { properties } = await management.createRegistry(group, registryName);
  const port = facts.regions.eastus.http;
  const client = new RegistryClient({
    url: `http://127.0.0.1:${port}`,
    loginServer: properties.loginServer,
    username: registryName,
    password: await management.adminPassword(group, registryName),
    ca: caOf(facts),
  });
  return {
    name,
    durability: 'fdatasync of the blob file before its rename and of the directory after it, and a synchronous Postgres commit, before 201',
    pid: facts.pid,
    target: async (scopes) => ({
      address: '127.0.0.1',
      port,
      host: properties.loginServer,
      authorization: `Bearer ${await client.token(scopes)}`,
    }),
    stop: () => service.stop(),
  };
}
