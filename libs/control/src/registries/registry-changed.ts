/**
 * The broadcast channel on which a change of a registry is announced, once for each key it is found by: its name in lower case and
 * the first label of its login server. The payload is the key.
 */
export const registryChanged = 'registry-changed';
