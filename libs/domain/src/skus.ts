import { z } from 'zod';
import { Fault } from './faults.js';

const GiB = 1024 ** 3;
const TiB = 1024 ** 4;

/** Data-plane requests per minute of a whole registry and of one identity in it (token buckets). */
export interface RateLimit {
  registry: number;
  identity: number;
}

/** One row of the SKU table. Sizes are bytes, counts are pieces, `-1` means no limit. */
export interface SkuRow {
  includedStorage: number;
  storage: number;
  layerSize: number;
  manifestSize: number;
  webhooks: number;
  geoReplications: number;
  privateEndpoints: number;
  ipRules: number;
  virtualNetworkRules: number;
  tokens: number;
  scopeMaps: number;
  actionsPerScopeMap: number;
  cacheRules: number;
  /** Features a registry of this SKU may switch on. */
  anonymousPull: boolean;
  geoReplication: boolean;
  dataEndpoints: boolean;
  contentTrust: boolean;
  customerManagedKey: boolean;
  connectedRegistries: boolean;
  artifactStreaming: boolean;
  ipAccessRules: boolean;
  privateLink: boolean;
  retentionPolicy: boolean;
  exportPolicy: boolean;
  agentPools: boolean;
  artifactCache: boolean;
  regionalEndpoints: boolean;
  quarantine: boolean;
  rates: { read: RateLimit; write: RateLimit; delete: RateLimit; referrers: RateLimit; oauth: { registry: number } };
}

const lowerRates = {
  read: { registry: 10_000, identity: 5_000 },
  write: { registry: 2_000, identity: 1_000 },
  delete: { registry: 1_000, identity: 500 },
  referrers: { registry: 500, identity: 250 },
  oauth: { registry: 10_000 },
} as const;

const lowerFeatures = {
  geoReplications: 1,
  privateEndpoints: 0,
  ipRules: 0,
  virtualNetworkRules: 0,
  actionsPerScopeMap: 500,
  geoReplication: false,
  dataEndpoints: false,
  contentTrust: false,
  customerManagedKey: false,
  connectedRegistries: false,
  artifactStreaming: false,
  ipAccessRules: false,
  privateLink: false,
  retentionPolicy: false,
  exportPolicy: false,
  agentPools: false,
  regionalEndpoints: false,
  quarantine: false,
  layerSize: 200 * GiB,
  manifestSize: 4 * 1024 ** 2,
  rates: lowerRates,
} as const;

/**
 * One row per SKU. Every limit and feature in the service is read from here.
 * Source: ACR limits of 2026-02-10 and rate limits of 2026-03-25 (docs: container-registry-skus).
 */
export const skus = {
  Basic: {
    ...lowerFeatures,
    includedStorage: 10 * GiB,
    storage: 40 * TiB,
    webhooks: 2,
    tokens: 100,
    scopeMaps: 100,
    cacheRules: 1_000,
    anonymousPull: false,
    artifactCache: true,
  },
  Standard: {
    ...lowerFeatures,
    includedStorage: 100 * GiB,
    storage: 40 * TiB,
    webhooks: 10,
    tokens: 500,
    scopeMaps: 500,
    cacheRules: 1_000,
    anonymousPull: true,
    artifactCache: true,
  },
  Premium: {
    includedStorage: 500 * GiB,
    storage: 100 * TiB,
    layerSize: 200 * GiB,
    manifestSize: 4 * 1024 ** 2,
    webhooks: 500,
    geoReplications: -1,
    privateEndpoints: 200,
    ipRules: 200,
    virtualNetworkRules: 100,
    tokens: 50_000,
    scopeMaps: 50_000,
    actionsPerScopeMap: 500,
    cacheRules: 1_000,
    anonymousPull: true,
    geoReplication: true,
    dataEndpoints: true,
    contentTrust: true,
    customerManagedKey: true,
    connectedRegistries: true,
    artifactStreaming: true,
    ipAccessRules: true,
    privateLink: true,
    retentionPolicy: true,
    exportPolicy: true,
    agentPools: true,
    artifactCache: true,
    regionalEndpoints: true,
    quarantine: true,
    rates: {
      read: { registry: 20_000, identity: 10_000 },
      write: { registry: 4_000, identity: 2_000 },
      delete: { registry: 4_000, identity: 2_000 },
      referrers: { registry: 2_000, identity: 1_000 },
      oauth: { registry: 20_000 },
    },
  },
} as const satisfies Record<string, SkuRow>;

export type SkuName = keyof typeof skus;
export const skuNames = Object.keys(skus) as [SkuName, ...SkuName[]];
export const skuName = z.enum(skuNames);

type KeysOf<T> = { [K in keyof SkuRow]: SkuRow[K] extends T ? K : never }[keyof SkuRow];
/** The columns that say yes or no. */
export type SkuFeature = KeysOf<boolean>;
/** The columns that say how much or how many. */
export type SkuLimit = KeysOf<number>;

/** What people call each feature; used in the sentence of a refusal. */
const featureNames: Record<SkuFeature, string> = {
  anonymousPull: 'anonymous pull (anonymousPullEnabled)',
  geoReplication: 'geo-replication',
  dataEndpoints: 'dedicated data endpoints (dataEndpointEnabled)',
  contentTrust: 'content trust (policies.trustPolicy)',
  customerManagedKey: 'a customer-managed key (encryption)',
  connectedRegistries: 'connected registries',
  artifactStreaming: 'artifact streaming',
  ipAccessRules: 'IP access rules (networkRuleSet)',
  privateLink: 'private endpoints and disabled public network access',
  retentionPolicy: 'the retention policy (policies.retentionPolicy)',
  exportPolicy: 'a disabled export policy (policies.exportPolicy)',
  agentPools: 'agent pools',
  artifactCache: 'artifact cache rules',
  regionalEndpoints: 'regional endpoints (regionalEndpoints)',
  quarantine: 'quarantine (policies.quarantinePolicy)',
};

export function skuRow(sku: SkuName): SkuRow {
  return skus[sku];
}

export function featureName(feature: SkuFeature): string {
  return featureNames[feature];
}

/** The SKUs that have `feature`, for the sentence that says what would be right. */
export function skusWith(feature: SkuFeature): SkuName[] {
  return skuNames.filter((sku) => skuRow(sku)[feature]);
}

/** Throws `SkuFeatureNotAvailable` unless the SKU has the feature. */
export function requireFeature(sku: SkuName, feature: SkuFeature): void {
  if (skuRow(sku)[feature]) return;
  throw new Fault(
    'SkuFeatureNotAvailable',
    `The SKU ${sku} does not support ${featureName(feature)}. It is available in: ${skusWith(feature).join(', ')}.`,
    { target: feature },
  );
}

/** Throws `SkuLimitReached` unless one more fits: `used` are there already. */
export function requireRoom(sku: SkuName, limit: SkuLimit, used: number, more = 1): void {
  const most = skuRow(sku)[limit];
  if (most < 0 || used + more <= most) return;
  throw new Fault('SkuLimitReached', `The SKU ${sku} allows ${most} ${limit}; ${used} are in use.`, { target: limit });
}
