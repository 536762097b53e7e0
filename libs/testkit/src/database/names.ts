/** The migrated database every spec file's own is copied from. */
export const templateDatabase = 'migrated';
