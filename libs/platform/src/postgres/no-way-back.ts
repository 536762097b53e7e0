/** Migrations go forward only: what was wrong is mended by the next one. */
export async function noWayBack(): Promise<never> {
  throw new Error('Migrations go forward only: restore a backup, or write the next migration.');
}
