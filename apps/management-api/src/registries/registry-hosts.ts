import type { RegistryEntity } from '#lib/control';

/** The host names of a registry besides its login server, one per region, for what is switched on. */
export function regionalHostNames(row: RegistryEntity, suffix: string): { data: string[]; regional: string[] } {
  const regions = [row.location];
  const { dataEndpointEnabled, regionalEndpoints } = row.settings;
  return {
    data: dataEndpointEnabled ? regions.map((region) => `${row.loginLabel}.${region}.data.${suffix}`) : [],
    regional: regionalEndpoints === 'Enabled' ? regions.map((region) => `${row.loginLabel}.${region}.geo.${suffix}`) : [],
  };
}
