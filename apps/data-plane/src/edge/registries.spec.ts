import { expect, it } from 'vitest';
import type { RegistrySnapshots } from '#lib/control';
import { HostNames } from './host-names.js';
import { Registries } from './registries.js';

const known = { name: 'MyReg', loginServer: 'myreg-abcd.localhost:5443', regions: ['eastus'] };
const snapshots = {
  byName: async (name: string) => (['myreg', 'myreg-abcd'].includes(name) ? known : null),
} as unknown as RegistrySnapshots;
const registries = new Registries({ snapshots, region: 'eastus', reachable: new Set(['eastus']) });
const hosts = new HostNames('localhost:5443');

it('a registry has endpoints under its login label alone, in its own regions alone', async () => {
  const cases = {
    'myreg-abcd.localhost': true,
    'myreg-abcd.eastus.geo.localhost': true,
    'myreg-abcd.eastus.data.localhost': true,
    'myreg-abcd.westeurope.geo.localhost': false,
    'myreg.localhost': false,
    'other.localhost': false,
    'a.myreg-abcd.localhost': false,
    localhost: false,
  };
  for (const [host, exists] of Object.entries(cases)) expect([host, await registries.existsAt(hosts.place(host))]).toEqual([host, exists]);
});
