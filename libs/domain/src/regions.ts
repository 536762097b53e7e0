import { z } from 'zod';

/** Region names we know a display name for. An installation may use any of these and any name of its own. */
const displayNames: Readonly<Record<string, string>> = {
  australiaeast: 'Australia East',
  australiasoutheast: 'Australia Southeast',
  brazilsouth: 'Brazil South',
  canadacentral: 'Canada Central',
  canadaeast: 'Canada East',
  centralindia: 'Central India',
  centralus: 'Central US',
  eastasia: 'East Asia',
  eastus: 'East US',
  eastus2: 'East US 2',
  francecentral: 'France Central',
  germanywestcentral: 'Germany West Central',
  italynorth: 'Italy North',
  japaneast: 'Japan East',
  japanwest: 'Japan West',
  koreacentral: 'Korea Central',
  northcentralus: 'North Central US',
  northeurope: 'North Europe',
  norwayeast: 'Norway East',
  polandcentral: 'Poland Central',
  qatarcentral: 'Qatar Central',
  southafricanorth: 'South Africa North',
  southcentralus: 'South Central US',
  southeastasia: 'Southeast Asia',
  southindia: 'South India',
  spaincentral: 'Spain Central',
  swedencentral: 'Sweden Central',
  switzerlandnorth: 'Switzerland North',
  uaenorth: 'UAE North',
  uksouth: 'UK South',
  ukwest: 'UK West',
  westcentralus: 'West Central US',
  westeurope: 'West Europe',
  westindia: 'West India',
  westus: 'West US',
  westus2: 'West US 2',
  westus3: 'West US 3',
};

/** A region in its one true form: lower case, no blanks, 2 to 40 letters and digits. */
export const regionName = z
  .string()
  .regex(/^[a-z][a-z0-9]{1,39}$/, 'A region is named by 2 to 40 lower-case letters and digits, such as "westeurope".');
export type RegionName = string;

/** `West Europe` and `westeurope` are the same location (ARM: location ignores case and blanks). */
export function normalizeRegion(text: string): RegionName {
  return text.toLowerCase().replaceAll(/\s+/g, '');
}

/** The name people read: `westeurope` → `West Europe`; a name of the installation's own stays as it is. */
export function regionDisplayName(region: RegionName): string {
  return displayNames[region] ?? region;
}
