import { setTimeout as sleep } from 'node:timers/promises';
import type { Management } from './management.js';
import type { Answer } from './wire.js';

type Sku = 'Basic' | 'Standard' | 'Premium';

/** The arguments of `azurerm_container_registry`, as a configuration names them. */
export interface RegistryArguments {
  sku: Sku;
  admin_enabled: boolean;
  public_network_access_enabled: boolean;
  /** Its type; null where there is no block. */
  identity: string | null;
  /** Null where a configuration says nothing: then whatever is there is right. */
  network_rule_set: { default_action: string; ip_range: string[] } | null;
  quarantine_policy_enabled: boolean;
  /** 0: none. */
  retention_policy_in_days: number;
  export_policy_enabled: boolean;
  azuread_authentication_as_arm_policy_enabled: boolean;
  zone_redundancy_enabled: boolean;
  anonymous_pull_enabled: boolean;
  data_endpoint_enabled: boolean;
  network_rule_bypass_option: string;
  network_rule_bypass_for_tasks_enabled: boolean;
  role_assignment_mode: string;
  tags: Record<string, string>;
}

/** What a configuration with nothing but a tier means. */
export const defaultArguments: RegistryArguments = {
  sku: 'Basic',
  admin_enabled: false,
  public_network_access_enabled: true,
  identity: null,
  network_rule_set: null,
  quarantine_policy_enabled: false,
  retention_policy_in_days: 0,
  export_policy_enabled: true,
  azuread_authentication_as_arm_policy_enabled: true,
  zone_redundancy_enabled: false,
  anonymous_pull_enabled: false,
  data_endpoint_enabled: false,
  network_rule_bypass_option: 'AzureServices',
  network_rule_bypass_for_tasks_enabled: false,
  role_assignment_mode: 'LegacyRegistryPermissions',
  tags: {},
};

type Json = Record<string, any>;

const switched = (on: boolean) => ({ status: on ? 'enabled' : 'disabled' });
const access = (on: boolean) => (on ? 'Enabled' : 'Disabled');
const identityOf = (type: string | null) => ({ type: type ?? 'None', userAssignedIdentities: null });
const rulesOf = ({ default_action: defaultAction, ip_range }: NonNullable<RegistryArguments['network_rule_set']>) => ({
  defaultAction,
  ipRules: ip_range.map((value) => ({ action: 'Allow', value })),
});
const isUnchanged = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/**
 * Asks for a registry as the `azurerm` provider of Terraform does (container_registry_resource.go, api-version 2025-11-01):
 * the same requests in the same order, and only what it sends.
 */
export class AzurermRegistry {
  constructor(
    readonly management: Management,
    readonly path: string,
  ) {}

  async create(wanted: RegistryArguments): Promise<void> {
    expectStatus(await this.management.send('GET', this.path), 404);
    const retention = wanted.retention_policy_in_days;
    const put = await this.management.send('PUT', this.path, {
      identity: identityOf(wanted.identity),
      location: 'eastus',
      properties: {
        adminUserEnabled: wanted.admin_enabled,
        anonymousPullEnabled: wanted.anonymous_pull_enabled,
        dataEndpointEnabled: wanted.data_endpoint_enabled,
        networkRuleBypassAllowedForTasks: wanted.network_rule_bypass_for_tasks_enabled,
        networkRuleBypassOptions: wanted.network_rule_bypass_option,
        ...(wanted.network_rule_set && { networkRuleSet: rulesOf(wanted.network_rule_set) }),
        policies: {
          azureADAuthenticationAsArmPolicy: switched(wanted.azuread_authentication_as_arm_policy_enabled),
          exportPolicy: switched(wanted.export_policy_enabled),
          quarantinePolicy: switched(wanted.quarantine_policy_enabled),
          retentionPolicy: retention > 0 ? { days: retention, status: 'enabled' } : {},
        },
        publicNetworkAccess: access(wanted.public_network_access_enabled),
        roleAssignmentMode: wanted.role_assignment_mode,
        zoneRedundancy: access(wanted.zone_redundancy_enabled),
      },
      sku: { name: wanted.sku, tier: wanted.sku },
      tags: wanted.tags,
    });
    await this.#poll(put);
  }

  async update(present: RegistryArguments, wanted: RegistryArguments): Promise<void> {
    const changed = (name: keyof RegistryArguments) => !isUnchanged(present[name], wanted[name]);
    if (changed('sku') && wanted.sku === 'Premium') await this.#patch({ sku: { name: wanted.sku, tier: wanted.sku } });
    const retention = wanted.retention_policy_in_days;
    const policies = {
      ...(changed('retention_policy_in_days') && {
        retentionPolicy: retention > 0 ? { days: retention, status: 'enabled' } : { status: 'disabled' },
      }),
      ...(changed('quarantine_policy_enabled') && { quarantinePolicy: switched(wanted.quarantine_policy_enabled) }),
      ...(changed('export_policy_enabled') && { exportPolicy: switched(wanted.export_policy_enabled) }),
      ...(changed('azuread_authentication_as_arm_policy_enabled') && {
        azureADAuthenticationAsArmPolicy: switched(wanted.azuread_authentication_as_arm_policy_enabled),
      }),
    };
    await this.#patch({
      ...(changed('identity') && { identity: identityOf(wanted.identity) }),
      properties: {
        ...(changed('admin_enabled') && { adminUserEnabled: wanted.admin_enabled }),
        ...(changed('anonymous_pull_enabled') && { anonymousPullEnabled: wanted.anonymous_pull_enabled }),
        ...(changed('data_endpoint_enabled') && { dataEndpointEnabled: wanted.data_endpoint_enabled }),
        ...(changed('network_rule_bypass_for_tasks_enabled') && {
          networkRuleBypassAllowedForTasks: wanted.network_rule_bypass_for_tasks_enabled,
        }),
        ...(changed('network_rule_bypass_option') && { networkRuleBypassOptions: wanted.network_rule_bypass_option }),
        ...(changed('network_rule_set') && wanted.network_rule_set && { networkRuleSet: rulesOf(wanted.network_rule_set) }),
        ...(Object.keys(policies).length > 0 && { policies }),
        ...(changed('public_network_access_enabled') && { publicNetworkAccess: access(wanted.public_network_access_enabled) }),
        ...(changed('role_assignment_mode') && { roleAssignmentMode: wanted.role_assignment_mode }),
      },
      ...(changed('tags') && { tags: wanted.tags }),
    });
    if (changed('sku') && wanted.sku !== 'Premium') await this.#patch({ sku: { name: wanted.sku, tier: wanted.sku } });
  }

  /** The state the provider keeps; null where the registry is gone. Throws where the provider would take a null apart. */
  async read(): Promise<RegistryArguments | null> {
    const answer = await this.management.send('GET', this.path);
    if (answer.status === 404) return null;
    const { identity, sku, properties, tags } = expectStatus(answer, 200).json<Json>();
    const rules = properties.networkRuleSet;
    const { policies } = properties;
    const retention = policies.retentionPolicy;
    if (properties.adminUserEnabled) {
      const { username, passwords } = expectStatus(await this.management.send('POST', `${this.path}/listCredentials`), 200).json<Json>();
      if (!username || !passwords[0].value) throw new Error('The admin account has no name or no password.');
    }
    const { value } = expectStatus(await this.management.send('GET', `${this.path}/replications`), 200).json<Json>();
    for (const replica of value) {
      if (replica.location !== 'eastus' || !replica.properties.zoneRedundancy)
        throw new Error(`A stray replica: ${JSON.stringify(replica)}`);
    }
    return {
      sku: sku.tier,
      admin_enabled: properties.adminUserEnabled,
      public_network_access_enabled: notNull(properties.publicNetworkAccess) === 'Enabled',
      identity: !identity || identity.type === 'None' ? null : identity.type,
      network_rule_set: rules
        ? {
            default_action: rules.defaultAction,
            ip_range: rules.ipRules.map(
              (rule: Json) => `${notNull(rule['action']) && rule['value']}${rule['value'].includes('/') ? '' : '/32'}`,
            ),
          }
        : null,
      quarantine_policy_enabled: notNull(policies.quarantinePolicy.status) === 'enabled',
      retention_policy_in_days: retention.status === 'enabled' ? retention.days : 0,
      export_policy_enabled: notNull(policies.exportPolicy.status) === 'enabled',
      azuread_authentication_as_arm_policy_enabled: notNull(policies.azureADAuthenticationAsArmPolicy.status) === 'enabled',
      zone_redundancy_enabled: notNull(properties.zoneRedundancy) === 'Enabled',
      anonymous_pull_enabled: properties.anonymousPullEnabled,
      data_endpoint_enabled: properties.dataEndpointEnabled,
      network_rule_bypass_option: properties.networkRuleBypassOptions,
      network_rule_bypass_for_tasks_enabled: properties.networkRuleBypassAllowedForTasks,
      role_assignment_mode: properties.roleAssignmentMode,
      tags,
    };
  }

  /** What a plan would change; empty where there is nothing to do. */
  async plan(wanted: RegistryArguments): Promise<(keyof RegistryArguments)[]> {
    const state = await this.read();
    if (!state) throw new Error('There is no registry to plan for.');
    const names = Object.keys(wanted) as (keyof RegistryArguments)[];
    // A configuration without rules takes what there is.
    return names.filter((name) => !(name === 'network_rule_set' && wanted[name] === null) && !isUnchanged(state[name], wanted[name]));
  }

  async destroy(): Promise<void> {
    await this.#poll(expectStatus(await this.management.send('DELETE', this.path), 202));
    expectStatus(await this.management.send('GET', this.path), 404);
  }

  async #patch(body: unknown): Promise<void> {
    await this.#poll(expectStatus(await this.management.send('PATCH', this.path, body), 200));
  }

  /** Follows an operation to its end. */
  async #poll(answer: Answer): Promise<void> {
    if (answer.status >= 400) expectStatus(answer, 200);
    const address = answer.headers['azure-asyncoperation'];
    if (typeof address !== 'string') return;
    for (let tries = 0; tries < 600; tries += 1) {
      const { status } = expectStatus(await this.management.send('GET', address), 200).json<{ status: string }>();
      if (status === 'Succeeded') return;
      if (status === 'Failed' || status === 'Canceled') throw new Error(`The operation has ended: ${status}`);
      await sleep(100);
    }
    throw new Error('The operation has not ended.');
  }
}

function notNull<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('The provider would crash: a value it takes for granted is absent.');
  return value;
}

function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status !== status) throw new Error(`${answer.status} instead of ${status}: ${answer.body.toString('utf8').slice(0, 500)}`);
  return answer;
}
