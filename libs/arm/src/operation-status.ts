import { z } from 'zod';

/** Words an operation may answer while it runs; the three terminal ones are fixed by ARM. */
export const terminalStates = ['Succeeded', 'Failed', 'Canceled'] as const;
export type TerminalState = (typeof terminalStates)[number];

/** What `renderOperationStatus` needs to know of an operation. */
export interface OperationView {
  name: string;
  /** Resource id the operation is found under. */
  scope: string;
  status: string;
  startedAt: Date;
  endedAt: Date | null;
  percentComplete: number;
  error: { code: string; message: string } | null;
  properties?: unknown;
}

/** Body of `…/operationStatuses/{name}` (common-types OperationStatusResult); always sent with 200. */
export const operationStatus = z
  .object({
    id: z.string().meta({ description: 'Id of this operation.' }),
    name: z.string(),
    status: z.string().meta({ description: 'Succeeded, Failed and Canceled are final; anything else is under way.' }),
    startTime: z.iso.datetime(),
    endTime: z.iso.datetime().optional(),
    percentComplete: z.number().min(0).max(100),
    properties: z.unknown().optional(),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: 'OperationStatusResult', description: 'Where a long-running operation stands.' });

export type OperationStatus = z.infer<typeof operationStatus>;

/** Whether an operation has ended, one way or another. */
export const isTerminal = (status: string): status is TerminalState => (terminalStates as readonly string[]).includes(status);

/** The operation as a client polls it. */
export function renderOperationStatus(operation: OperationView): OperationStatus {
  return {
    id: `${operation.scope}/operationStatuses/${operation.name}`,
    name: operation.name,
    status: operation.status,
    startTime: operation.startedAt.toISOString(),
    ...(operation.endedAt && { endTime: operation.endedAt.toISOString() }),
    percentComplete: operation.percentComplete,
    ...(operation.properties !== undefined && { properties: operation.properties }),
    ...(operation.error && { error: operation.error }),
  };
}
