/** The broadcast channel on which a change of a registry is announced; the payload is its name in lower case. */
export const registryChanged = 'registry-changed';
