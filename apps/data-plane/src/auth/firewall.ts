import type { RegistrySnapshot } from '#lib/control';
import { Fault } from '#lib/domain';
import { AddressRanges } from '../edge/address-ranges.js';

/** Ranges are made once per rule set: a changed registry comes with a new snapshot and a new rule set. */
const ranges = new WeakMap<RegistrySnapshot['networkRuleSet'], AddressRanges>();

/** Whether the registry's network settings let this address in: public access at all, and the IP rules where others are denied. */
export function letsIn({ publicNetworkAccess, networkRuleSet }: RegistrySnapshot, address: string): boolean {
  if (publicNetworkAccess === 'Disabled') return false;
  return networkRuleSet.defaultAction !== 'Deny' || rangesOf(networkRuleSet).has(address);
}

/** Refuses with the sentence ACR uses, before credentials are looked at (ACR data plane, section 1.2). */
export function requireLetIn(registry: RegistrySnapshot, address: string): void {
  if (letsIn(registry, address)) return;
  throw new Fault('Denied', `client with IP '${address}' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.`);
}

function rangesOf(rules: RegistrySnapshot['networkRuleSet']): AddressRanges {
  let known = ranges.get(rules);
  if (!known) ranges.set(rules, (known = new AddressRanges(rules.ipRules.map((rule) => rule.value))));
  return known;
}
