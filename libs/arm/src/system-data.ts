import { z } from 'zod';

/** Who acted, as ARM names it in `systemData`. */
export interface Actor {
  /** Application id or user name. */
  name: string;
  type: 'User' | 'Application' | 'ManagedIdentity' | 'Key';
}

const identityType = z.enum(['User', 'Application', 'ManagedIdentity', 'Key']);

/** Read-only top-level member of every resource: who made it, who changed it last. */
export const systemData = z
  .object({
    createdBy: z.string().meta({ description: 'The identity that created the resource.' }),
    createdByType: identityType,
    createdAt: z.iso.datetime().meta({ description: 'When it was created (UTC).' }),
    lastModifiedBy: z.string().meta({ description: 'The identity that last changed the resource.' }),
    lastModifiedByType: identityType,
    lastModifiedAt: z.iso.datetime().meta({ description: 'When it was last changed (UTC).' }),
  })
  .partial()
  .meta({ id: 'SystemData', description: 'Who created and who last changed the resource.' });

export type SystemData = Required<z.infer<typeof systemData>>;

/** `systemData` of what `actor` makes now. */
export function createdBy(actor: Actor, now: Date = new Date()): SystemData {
  const at = now.toISOString();
  return {
    createdBy: actor.name,
    createdByType: actor.type,
    createdAt: at,
    lastModifiedBy: actor.name,
    lastModifiedByType: actor.type,
    lastModifiedAt: at,
  };
}

/** `systemData` after `actor` changed what it describes. */
export function modifiedBy(before: SystemData, actor: Actor, now: Date = new Date()): SystemData {
  return { ...before, lastModifiedBy: actor.name, lastModifiedByType: actor.type, lastModifiedAt: now.toISOString() };
}
