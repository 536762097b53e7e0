import { ControlStore } from '#lib/control';
import { Principals } from '#lib/identity';
import type { INestApplication } from '@nestjs/common';
import type { ManagementConfig } from '../config.js';

/** What the document says of the one installation it describes, so that its examples succeed there as they are. */
export interface Place {
  managementUrl: string;
  regions: readonly string[];
  /** The oldest subscription. */
  subscriptionId: string;
  /** The oldest service principal of that subscription. */
  principalId: string;
}

/** Where there is no subscription or principal yet. */
const noId = '00000000-0000-0000-0000-000000000000';

/** Reads the place from the database. Null as long as there is no subscription yet. */
export async function readPlace(app: INestApplication, config: ManagementConfig): Promise<Place | null> {
  const subscription = await app.get(ControlStore, { strict: false }).subscriptions.oldest();
  if (!subscription) return null;
  const principal = await app.get(Principals, { strict: false }).oldest(subscription.id);
  return { ...placeOf(config), subscriptionId: subscription.id, principalId: principal?.id ?? noId };
}

/** The place before anything is in it. */
export const placeOf = (config: ManagementConfig): Place => ({
  managementUrl: config.REGATTA_MANAGEMENT_URL.replace(/\/$/, ''),
  regions: config.REGATTA_REGIONS,
  subscriptionId: noId,
  principalId: noId,
});
