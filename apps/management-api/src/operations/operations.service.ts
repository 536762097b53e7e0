import { Injectable } from '@nestjs/common';
import { accepted, foldId, isTerminal, noContent, ok, renderOperationStatus, sameId, type ArmReply } from '#lib/arm';
import { ControlStore, type OperationEntity } from '#lib/control';
import { Fault } from '#lib/domain';
import type { ArmCall } from '../arm-http/arm-call.js';
import { RecordedFailure } from '../arm-http/recorded-failure.js';
import { operationKind } from './operation-kinds.js';

/** Long-running operations as clients follow them; they outlive what they are about. */
@Injectable()
export class OperationsService {
  constructor(private readonly control: ControlStore) {}

  /**
   * `…/operationStatuses/{name}`: 200 with its state, also for an operation that failed. Under the resource itself this is where
   * deletions and actions are waited for.
   */
  async status(call: ArmCall, name: string): Promise<ArmReply> {
    const { operation, scope } = await this.#find(call, name);
    if (sameId(scope, operation.resourceId) && operationKind(operation.kind).waitedFor) {
      return this.#waited(call, operation, `${scope}/operationStatuses`);
    }
    const self = encodeURI(`${call.baseUrl}${scope}/operationStatuses/${operation.name}`);
    const headers: Record<string, string> = { 'azure-asyncoperation': `${self}?api-version=${call.apiVersion.value}` };
    if (!isTerminal(operation.status)) headers['retry-after'] = '1';
    return ok(renderOperationStatus({ ...operation, scope }), { headers });
  }

  /** `…/operationResults/{name}`: where its end is waited for. */
  async result(call: ArmCall, name: string, segment = 'operationResults'): Promise<ArmReply> {
    const { operation, scope } = await this.#find(call, name);
    return this.#waited(call, operation, `${scope}/${segment}`);
  }

  /** 202 while it runs, then what the operation itself would have answered. */
  #waited(call: ArmCall, operation: OperationEntity, collection: string): ArmReply {
    if (!isTerminal(operation.status)) {
      const self = encodeURI(`${call.baseUrl}${collection}/${operation.name}`);
      return accepted({ headers: { location: `${self}?api-version=${call.apiVersion.value}`, 'retry-after': '1' } });
    }
    if (operation.status !== 'Succeeded') {
      throw new RecordedFailure(operation.error ?? { code: 'OperationFailed', message: 'The operation did not succeed.' });
    }
    if (operation.result !== null) return ok(operation.result);
    return operationKind(operation.kind).ends === 200 ? ok(undefined) : noContent();
  }

  /** The operation, if the URL names the scope it belongs to. */
  async #find(call: ArmCall, name: string): Promise<{ operation: OperationEntity; scope: string }> {
    const operation = name.length <= 128 ? await this.control.operations.byName(name) : null;
    const scope = scopeOf(call.url);
    if (!operation || operation.subscriptionId !== call.subscription?.id || !belongs(operation, scope)) {
      throw new Fault('OperationNotFound', `The operation '${name.slice(0, 128)}' was not found.`);
    }
    return { operation, scope };
  }
}

/** Path before `/operationStatuses/…` or `/operationResults/…`, decoded. */
function scopeOf(url: string): string {
  return decodeURIComponent(url.split('?', 1)[0]!.replace(/\/operation(statuses|results)\/[^/]+\/?$/i, ''));
}

/** Under its own resource, or under the subscription or a location of it, where every operation of it is found. */
function belongs(operation: OperationEntity, scope: string): boolean {
  const folded = foldId(scope);
  if (folded === foldId(operation.resourceId)) return true;
  const subscription = `/subscriptions/${operation.subscriptionId}`.toLowerCase();
  return folded === subscription || /^\/providers\/microsoft\.containerregistry\/locations\/[^/]+$/.test(folded.slice(subscription.length));
}
