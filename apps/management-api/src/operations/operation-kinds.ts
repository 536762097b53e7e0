/** How a client follows operations of one kind. */
export interface OperationKind {
  /** True: it waits at `Location` (POST, DELETE). False: it asks for the state (PUT, PATCH). */
  waitedFor: boolean;
  /** The last answer at `Location` when the operation succeeded and has no result. */
  ends: 200 | 204;
}

const kinds: Readonly<Record<string, OperationKind>> = {
  CreateRegistry: { waitedFor: false, ends: 200 },
  DeleteRegistry: { waitedFor: true, ends: 204 },
  // SDKs of Microsoft.Resources take nothing but 200.
  DeleteResourceGroup: { waitedFor: true, ends: 200 },
};

/** What is not listed was begun by a POST. */
const action: OperationKind = { waitedFor: true, ends: 200 };

export const operationKind = (kind: string): OperationKind => kinds[kind] ?? action;
