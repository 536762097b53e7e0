import { Get, Query } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { ArmReply } from '#lib/arm';
import { ArmController, FilterQuery, Verb } from '../arm-http/arm-controller.js';
import { Call, type ArmCall } from '../arm-http/arm-call.js';
import { Pages } from '../arm-http/pages.js';
import { resourcePage } from './resource-list.schemas.js';
import { expansionOf, renderResourceRow, ResourceListsService } from './resource-lists.service.js';

const literal = String.raw`'([^']|'')*'`;
const comparison = String.raw`((resourceType|name|resourceGroup|location) (eq|ne) ${literal}|tagName eq ${literal}( and tagValue eq ${literal})?|substringof\(${literal}, ?(name|resourceType|resourceGroup|location)\))`;
const FilterOfResources = () =>
  FilterQuery(
    "Comparisons joined by and: resourceType eq '…', name eq '…', resourceGroup eq '…', location eq '…', substringof('…', name), tagName eq '…' and tagValue eq '…'.",
    `${comparison}( and ${comparison})*`,
  );
const ExpandQuery = () =>
  ApiQuery({
    name: '$expand',
    required: false,
    description: 'Members to show as well: createdTime, changedTime, provisioningState, joined by commas.',
    schema: { type: 'string', pattern: '^(createdTime|changedTime|provisioningState)(, ?(createdTime|changedTime|provisioningState))*$' },
  });

/** Resources of all kinds. */
@ArmController({ area: 'resources', type: 'resources', tag: 'Resources', path: 'subscriptions/:subscriptionId' })
export class ResourceListsController {
  constructor(
    private readonly resources: ResourceListsService,
    private readonly pages: Pages,
  ) {}

  @Get('resources')
  @FilterOfResources()
  @ExpandQuery()
  @Verb({
    id: 'Resources_List',
    description: 'Filter by type and name to find a registry without knowing its resource group.',
    paged: true,
    summary: 'Resources of a subscription.',
    action: 'Microsoft.Resources/subscriptions/resources/read',
    answers: { 200: resourcePage },
  })
  ofSubscription(@Call() call: ArmCall, @Query('$filter') filter?: unknown, @Query('$expand') expand?: unknown): Promise<ArmReply> {
    return this.#list(call, filter, expand);
  }

  @Get('resourceGroups/:resourceGroupName/resources')
  @FilterOfResources()
  @ExpandQuery()
  @Verb({
    id: 'Resources_ListByResourceGroup',
    description: 'Shows everything in the group, page by page.',
    paged: true,
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
