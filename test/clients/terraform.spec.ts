import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { AzurermRegistry, defaultArguments, type RegistryArguments } from '../support/azurerm-registry.js';
import { managementOf, type ServiceFacts } from '../support/service-process.js';
import { sharedService } from '../support/shared-service.js';
import { TerraformFolder, terraformPrograms } from '../support/terraform-folder.js';

const premium: RegistryArguments = { ...defaultArguments, sku: 'Premium' };
/** What is still there after a configuration that says nothing of rules. */
const openRules = { default_action: 'Allow', ip_range: [] };

/** Every argument that can change in place, each away from its default. */
const changes: Partial<RegistryArguments>[] = [
  { admin_enabled: true },
  { public_network_access_enabled: false },
  { public_network_access_enabled: false, export_policy_enabled: false },
  { identity: 'SystemAssigned' },
  { network_rule_set: { default_action: 'Deny', ip_range: ['203.0.113.7/32', '198.51.100.0/24'] } },
  { quarantine_policy_enabled: true },
  { retention_policy_in_days: 30 },
  { azuread_authentication_as_arm_policy_enabled: false },
  { anonymous_pull_enabled: true },
  { data_endpoint_enabled: true },
  { network_rule_bypass_option: 'None' },
  { network_rule_bypass_for_tasks_enabled: true },
  { role_assignment_mode: 'AbacRepositoryPermissions' },
  { tags: { team: 'a', stage: 'test' } },
];
const titleOf = (change: Partial<RegistryArguments>) => Object.keys(change).join(' and ');

let service: ServiceFacts;
const group = `tf-${randomBytes(4).toString('hex')}`;

beforeAll(async () => {
  service = await sharedService();
  await managementOf(service).createGroup(group);
});

describe('what the azurerm provider of Terraform asks for', () => {
  const registry = () => {
    const management = managementOf(service);
    return new AzurermRegistry(management, management.registryPath(group, `tf${randomBytes(6).toString('hex')}`));
  };

  it.each(['Basic', 'Standard', 'Premium'] as const)('creates a %s registry, plans nothing, and destroys it', async (sku) => {
    const one = registry();
    const wanted = { ...defaultArguments, sku };
    await one.create(wanted);
    expect(await one.plan(wanted)).toEqual([]);
    await one.destroy();
    expect(await one.read()).toBeNull();
  });

  it('creates a registry with every argument, and plans nothing', async () => {
    const one = registry();
    const wanted = Object.assign({ ...premium, zone_redundancy_enabled: true }, ...changes) as RegistryArguments;
    await one.create(wanted);
    expect(await one.plan(wanted)).toEqual([]);
  });

  it('changes every argument and takes the change back, and plans nothing after each', async () => {
    const one = registry();
    let present = premium;
    await one.create(present);
    // Each step sets one argument and takes the one before it back; the last takes the last one back.
    for (const change of [...changes, { network_rule_set: openRules }]) {
      const wanted = { ...premium, ...change };
      await one.update(present, wanted);
      expect([titleOf(change), await one.plan(wanted)]).toEqual([titleOf(change), []]);
      present = wanted;
    }
  });

  it('changes the SKU up and down, and plans nothing after each', async () => {
    const one = registry();
    let present = defaultArguments;
    await one.create(present);
    for (const sku of ['Standard', 'Premium', 'Basic', 'Premium', 'Standard', 'Basic'] as const) {
      const wanted = { ...present, sku };
      await one.update(present, wanted);
      expect([sku, await one.plan(wanted)]).toEqual([sku, []]);
      present = wanted;
    }
  });

  it('changes the SKU up together with what only the higher one has, and down without it', async () => {
    const one = registry();
    await one.create(defaultArguments);
    const wanted: RegistryArguments = { ...premium, retention_policy_in_days: 7, data_endpoint_enabled: true };
    await one.update(defaultArguments, wanted);
    expect(await one.plan(wanted)).toEqual([]);
    await one.update(wanted, defaultArguments);
    expect(await one.plan(defaultArguments)).toEqual([]);
  });

  it('imports a registry that somebody else made, and plans nothing', async () => {
    const management = managementOf(service);
    const name = `tf${randomBytes(6).toString('hex')}`;
    await management.createRegistry(group, name, { sku: 'Standard', adminUserEnabled: true });
    const one = new AzurermRegistry(management, management.registryPath(group, name));
    expect(await one.read()).toEqual({ ...defaultArguments, sku: 'Standard', admin_enabled: true });
  });
});

// On demand: none where TERRAFORM and AZURERM name no programs.
describe.each(terraformPrograms())('$terraform with $azurerm', (programs) => {
  const name = `tf${randomBytes(6).toString('hex')}`;

  it('creates, updates every argument, moves between SKUs, imports and destroys; plans nothing after each', async () => {
    const folder = await TerraformFolder.make(programs, service, group);
    const apply = async (what: string, wanted: RegistryArguments) => {
      await folder.apply(name, wanted);
      expect([what, await folder.plan()]).toEqual([what, 'nothing']);
    };
    try {
      await apply('created', defaultArguments);
      for (const sku of ['Standard', 'Premium', 'Basic', 'Premium'] as const) await apply(sku, { ...defaultArguments, sku });
      for (const change of changes) await apply(titleOf(change), { ...premium, ...change });
      await apply('everything taken back', { ...premium, network_rule_set: openRules });
      await folder.forget();
      await folder.import(name);
      expect(await folder.plan()).toBe('nothing');
      await apply('made again in several zones', { ...premium, zone_redundancy_enabled: true });
      await folder.destroy();
      expect((await managementOf(service).send('GET', managementOf(service).registryPath(group, name))).status).toBe(404);
    } finally {
      await folder.remove();
    }
  }, 1_800_000);
});
