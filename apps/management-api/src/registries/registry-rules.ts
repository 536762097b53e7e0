import type { RegistrySettings } from '#lib/control';
import { Fault, featureName, requireFeature, skuNames, skuRow, type SkuFeature, type SkuLimit, type SkuName } from '#lib/domain';
import { setOnce } from './registry-properties.js';

/** How much of each limited thing a registry has. */
export type UsedLimits = Partial<Record<SkuLimit, number>>;

/** What a setting needs its SKU to have. One row per setting; the first column is how people find it. */
const needs: readonly { property: string; feature: SkuFeature; wanted: (settings: RegistrySettings) => boolean }[] = [
  { property: 'anonymousPullEnabled', feature: 'anonymousPull', wanted: (s) => s.anonymousPullEnabled },
  { property: 'dataEndpointEnabled', feature: 'dataEndpoints', wanted: (s) => s.dataEndpointEnabled },
  { property: 'publicNetworkAccess', feature: 'privateLink', wanted: (s) => s.publicNetworkAccess === 'Disabled' },
  { property: 'networkRuleSet.defaultAction', feature: 'ipAccessRules', wanted: (s) => s.networkRuleSet.defaultAction === 'Deny' },
  { property: 'networkRuleSet.ipRules', feature: 'ipAccessRules', wanted: (s) => s.networkRuleSet.ipRules.length > 0 },
  {
    property: 'networkRuleSet.virtualNetworkRules',
    feature: 'ipAccessRules',
    wanted: (s) => s.networkRuleSet.virtualNetworkRules.length > 0,
  },
  { property: 'policies.quarantinePolicy', feature: 'quarantine', wanted: (s) => s.policies.quarantinePolicy.status === 'enabled' },
  { property: 'policies.trustPolicy', feature: 'contentTrust', wanted: (s) => s.policies.trustPolicy.status === 'enabled' },
  { property: 'policies.retentionPolicy', feature: 'retentionPolicy', wanted: (s) => s.policies.retentionPolicy.status === 'enabled' },
  { property: 'policies.exportPolicy', feature: 'exportPolicy', wanted: (s) => s.policies.exportPolicy.status === 'disabled' },
  { property: 'regionalEndpoints', feature: 'regionalEndpoints', wanted: (s) => s.regionalEndpoints === 'Enabled' },
];

/** What the limits count, in words for a refusal. */
const limitNames: Partial<Record<SkuLimit, string>> = {
  storage: 'bytes of storage',
  webhooks: 'webhooks',
  geoReplications: 'regions (geo-replications, home included)',
  privateEndpoints: 'private endpoint connections',
  ipRules: 'IP rules (networkRuleSet.ipRules)',
  virtualNetworkRules: 'virtual network rules (networkRuleSet.virtualNetworkRules)',
  tokens: 'tokens',
  scopeMaps: 'scope maps',
  cacheRules: 'cache rules',
};

/** Throws unless a registry of this SKU may have these settings. */
export function requireAllowed(sku: SkuName, settings: RegistrySettings): void {
  for (const { feature, wanted } of needs) if (wanted(settings)) requireFeature(sku, feature);
  const { ipRules, virtualNetworkRules } = settings.networkRuleSet;
  for (const [limit, used] of Object.entries({ ipRules: ipRules.length, virtualNetworkRules: virtualNetworkRules.length })) {
    const most = skuRow(sku)[limit as SkuLimit];
    if (used <= most) continue;
    throw new Fault('SkuLimitReached', `The SKU ${sku} allows ${most} ${limitNames[limit as SkuLimit]}; ${used} are asked for.`, {
      target: `networkRuleSet.${limit}`,
    });
  }
}

/** Throws unless the settings go together (data-loss-prevention and endpoint-reference of ACR's documentation). */
export function requireConsistent(settings: RegistrySettings): void {
  const refuse = (target: string, message: string) => {
    throw new Fault('InvalidParameter', message, { target: `properties.${target}` });
  };
  if (settings.policies.exportPolicy.status === 'disabled' && settings.publicNetworkAccess !== 'Disabled') {
    refuse(
      'policies.exportPolicy',
      'policies.exportPolicy can be disabled only together with publicNetworkAccess: set publicNetworkAccess to Disabled.',
    );
  }
  if (settings.endpointProtocol === 'IPv4AndIPv6' && !settings.dataEndpointEnabled) {
    refuse('endpointProtocol', 'endpointProtocol IPv4AndIPv6 needs dedicated data endpoints: set dataEndpointEnabled to true.');
  }
  // A registry must not look encrypted with a key that nothing uses.
  if (settings.encryption.status === 'enabled') {
    refuse('encryption.status', 'Customer-managed keys are not supported: encryption.status must be disabled.');
  }
}

/** Throws when the change touches what is fixed since the registry was made. */
export function requireUnchanged(present: RegistrySettings, next: RegistrySettings): void {
  for (const key of Object.keys(setOnce) as (keyof typeof setOnce)[]) {
    if (present[key] === next[key]) continue;
    throw new Fault('PropertyImmutable', `${key} cannot be changed after the registry was created: it is ${present[key]}.`, {
      target: `properties.${key}`,
    });
  }
}

/** Whether the change is to a SKU with less. */
export const isDowngrade = (from: SkuName, to: SkuName): boolean => skuNames.indexOf(to) < skuNames.indexOf(from);

/** Throws, naming everything that stands in the way, unless a registry with these settings and contents fits the lower SKU. */
export function requireDowngradable(to: SkuName, settings: RegistrySettings, used: UsedLimits): void {
  const obstacles = needs
    .filter(({ feature, wanted }) => wanted(settings) && !skuRow(to)[feature])
    .map(({ property, feature }) => ({ target: property, message: `${property} uses ${featureName(feature)}, which ${to} does not have` }));
  for (const [limit, count] of Object.entries(used) as [SkuLimit, number][]) {
    const most = skuRow(to)[limit];
    if (most < 0 || count <= most || obstacles.some(({ target }) => target.endsWith(`.${limit}`))) continue;
    obstacles.push({ target: limit, message: `${count} ${limitNames[limit] ?? limit} are in use, and ${to} allows ${most}` });
  }
  if (obstacles.length === 0) return;
  throw new Fault(
    'SkuDowngradeBlocked',
    `The registry cannot be changed to the SKU ${to}: ${obstacles.map(({ message }) => message).join('; ')}. Remove what stands in the way, then change the SKU.`,
    { target: 'sku', details: obstacles.map((obstacle) => ({ code: 'SkuDowngradeBlocked', ...obstacle })) },
  );
}
