import { testDatabase, type TestDatabase } from '#lib/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ControlStore } from '../control-store.js';
import type { RegistryEncryption, RegistryIdentity } from '../registries/registry-settings.js';
import { newRegistry, plainSettings } from '../testing/new-registry.js';
import { RegistriesAsTheyAre1764000300400 } from './20261124-clients-registries-as-they-are.js';

let db: TestDatabase;
let control: ControlStore;

beforeAll(async () => {
  db = await testDatabase();
  control = new ControlStore(db.dataSource);
});
afterAll(() => db.drop());

describe('registries from before', () => {
  it('lose the key and the identities that they never had, and nothing else', async () => {
    const assigned = { '/subscriptions/a/resourceGroups/b/providers/Microsoft.ManagedIdentity/userAssignedIdentities/c': {} };
    const encryption: RegistryEncryption = { status: 'enabled', keyVaultProperties: { keyIdentifier: 'https://k/keys/a', identity: 'i' } };
    const system = { principalId: 'p', tenantId: 't' };
    const cases: [RegistryIdentity | null, RegistryIdentity | null][] = [
      [
        { type: 'SystemAssigned, UserAssigned', ...system, userAssignedIdentities: assigned },
        { type: 'SystemAssigned', ...system },
      ],
      [{ type: 'UserAssigned', userAssignedIdentities: assigned }, { type: 'None' }],
      [
        { type: 'SystemAssigned', ...system },
        { type: 'SystemAssigned', ...system },
      ],
      [null, null],
    ];
    const names = await Promise.all(
      cases.map(async ([identity]) => {
        const row = await control.registries.insert(newRegistry({ identity, settings: { ...plainSettings, encryption } }));
        return row!.name;
      }),
    );
    await new RegistriesAsTheyAre1764000300400().up(db.dataSource.createQueryRunner());
    for (const [index, [, expected]] of cases.entries()) {
      const row = await control.registries.byName(names[index]!);
      expect(row!.identity).toEqual(expected);
      expect(row!.settings).toEqual({ ...plainSettings, encryption: { ...encryption, status: 'disabled' } });
    }
  });
});
