import type { ManagementConfig } from '../config.js';

/**
 * True if the name is not for a registry: its login server could be taken for a host of the installation. These are the labels of
 * the management API's own host that the suffix of login servers does not have, and the names of `REGATTA_RESERVED_NAMES`.
 */
export function isReserved(
  name: string,
  config: Pick<ManagementConfig, 'REGATTA_MANAGEMENT_URL' | 'REGATTA_LOGIN_SERVER_SUFFIX' | 'REGATTA_RESERVED_NAMES'>,
): boolean {
  const ofSuffix = new Set(labelsOf(config.REGATTA_LOGIN_SERVER_SUFFIX));
  const hosts = labelsOf(new URL(config.REGATTA_MANAGEMENT_URL).hostname).filter((label) => !ofSuffix.has(label));
  return [...hosts, ...config.REGATTA_RESERVED_NAMES].some((reserved) => reserved.toLowerCase() === name.toLowerCase());
}

const labelsOf = (host: string): string[] => host.replace(/:\d+$/, '').toLowerCase().split('.');
