import { Get, Query } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { ArmReply } from '#lib/arm';
import { ArmController, Verb } from '../arm-http/arm-controller.js';
import { Call, type ArmCall } from '../arm-http/arm-call.js';
import { Pages } from '../arm-http/pages.js';
import { resourcePage } from './resource-list.schemas.js';
import { expansionOf, renderResourceRow, ResourceListsService } from './resource-lists.service.js';

const filterQuery = {
  name: '$filter',
  required: false,
  description:
    "Comparisons joined by and: resourceType eq '…', name eq '…', resourceGroup eq '…', location eq '…', substringof('…', name), tagName eq '…' and tagValue eq '…'.",
};
const expandQuery = { name: '$expand', required: false, description: 'createdTime, changedTime, provisioningState' };
const topQuery = {
  name: '$top',
  required: false,
  description: 'How many a page holds at the most.',
  schema: { type: 'integer', minimum: 1 },
} as const;

/** Resources of all kinds. */
@ArmController({ area: 'resources', type: 'resources', tag: 'Resources', path: 'subscriptions/:subscriptionId' })
export class ResourceListsController {
  constructor(
    private readonly resources: ResourceListsService,
    private readonly pages: Pages,
  ) {}

  @Get('resources')
  @ApiQuery(filterQuery)
  @ApiQuery(expandQuery)
  @ApiQuery(topQuery)
  @Verb({
    id: 'Resources_List',
    summary: 'Resources of a subscription.',
    action: 'Microsoft.Resources/subscriptions/resources/read',
    answers: { 200: resourcePage },
  })
  ofSubscription(@Call() call: ArmCall, @Query('$filter') filter?: unknown, @Query('$expand') expand?: unknown): Promise<ArmReply> {
    return this.#list(call, filter, expand);
  }

  @Get('resourceGroups/:resourceGroupName/resources')
  @ApiQuery(filterQuery)
  @ApiQuery(expandQuery)
  @ApiQuery(topQuery)
  @Verb({
    id: 'Resources_ListByResourceGroup',
    summary: 'Resources of a resource group.',
    action: 'Microsoft.Resources/subscriptions/resourceGroups/resources/read',
    answers: { 200: resourcePage },
  })
  ofGroup(@Call() call: ArmCall, @Query('$filter') filter?: unknown, @Query('$expand') expand?: unknown): Promise<ArmReply> {
    return this.#list(call, filter, expand);
  }

  async #list(call: ArmCall, filter: unknown, expandText: unknown): Promise<ArmReply> {
    const expand = expansionOf(expandText);
    const slice = await this.resources.list(call, this.pages.read(call), filter);
    return this.pages.reply(call, slice, (row) => renderResourceRow(row, expand));
  }
}
