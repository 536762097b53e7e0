import { Injectable } from '@nestjs/common';
import type { RegistryEntity, RegistrySettings } from '#lib/control';
import { skuRow } from '#lib/domain';
import { RegistryContents } from './registry-contents.js';
import type { UsedLimits } from './registry-rules.js';

/** One line of `listUsages`. */
export interface Usage {
  name: string;
  limit: number;
  currentValue: number;
  unit: 'Count' | 'Bytes';
}

/** Names and limits as ACR lists them; `used` is what the line counts. */
const lines = [
  { name: 'Size', unit: 'Bytes', limit: 'includedStorage', used: 'storage' },
  { name: 'Webhooks', unit: 'Count', limit: 'webhooks', used: 'webhooks' },
  { name: 'Geo-replications', unit: 'Count', limit: 'geoReplications', used: 'geoReplications' },
  { name: 'IPRules', unit: 'Count', limit: 'ipRules', used: 'ipRules' },
  { name: 'VNetRules', unit: 'Count', limit: 'virtualNetworkRules', used: 'virtualNetworkRules' },
  { name: 'PrivateEndpointConnections', unit: 'Count', limit: 'privateEndpoints', used: 'privateEndpoints' },
  { name: 'ScopeMaps', unit: 'Count', limit: 'scopeMaps', used: 'scopeMaps' },
  { name: 'Tokens', unit: 'Count', limit: 'tokens', used: 'tokens' },
] as const;

/** How much a registry has of everything its SKU limits. */
@Injectable()
export class RegistryUsage {
  constructor(private readonly contents: RegistryContents) {}

  async list(row: RegistryEntity): Promise<Usage[]> {
    const counts = await this.counts(row);
    const sku = skuRow(row.sku);
    return lines.map(({ name, unit, limit, used }) => ({ name, limit: sku[limit], currentValue: counts[used], unit }));
  }

  /**
   * What is counted now, with the settings the registry has or would have. Kinds of children that nobody can make yet
   * have none: each kind counts its own table here when it gets one.
   */
  async counts(row: RegistryEntity, settings: RegistrySettings = row.settings) {
    return {
      storage: await this.contents.usageBytes(row.id),
      geoReplications: [row.location].length,
      ipRules: settings.networkRuleSet.ipRules.length,
      virtualNetworkRules: settings.networkRuleSet.virtualNetworkRules.length,
      webhooks: 0,
      privateEndpoints: 0,
      scopeMaps: 0,
      tokens: 0,
    } satisfies UsedLimits;
  }
}
