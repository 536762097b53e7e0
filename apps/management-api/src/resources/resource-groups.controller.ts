import { Body, Delete, Get, Head, HttpCode, Param, Patch, Put, Query } from '@nestjs/common';
import { accepted, created, noContent, ok, type ArmReply } from '#lib/arm';
import { ArmController, FilterQuery, Verb } from '../arm-http/arm-controller.js';
import { Call, type ArmCall } from '../arm-http/arm-call.js';
import { Pages } from '../arm-http/pages.js';
import {
  resourceGroupPage,
  resourceGroupPatch,
  resourceGroupPut,
  resourceGroupView,
  type ResourceGroupPatch,
  type ResourceGroupPut,
} from './resource-group.schemas.js';
import { etagOfGroup, renderGroup, ResourceGroupsService } from './resource-groups.service.js';

const actions = 'Microsoft.Resources/subscriptions/resourceGroups';

/** Resource groups: what registries are kept in. */
@ArmController({
  area: 'resources',
  type: 'resourceGroups',
  tag: 'Resource groups',
  path: 'subscriptions/:subscriptionId/resourcegroups',
  needsGroup: false,
})
export class ResourceGroupsController {
  constructor(
    private readonly groups: ResourceGroupsService,
    private readonly pages: Pages,
  ) {}

  @Get()
  @FilterQuery("tagName eq 'x' and tagValue eq 'y'", String.raw`tagName eq '([^']|'')*'( and tagValue eq '([^']|'')*')?`)
  @Verb({
    id: 'ResourceGroups_List',
    description: 'Page by page. Use `$filter` to ask for a tag.',
    paged: true,
    summary: 'Resource groups of a subscription.',
    action: `${actions}/read`,
    answers: { 200: resourceGroupPage },
  })
  async list(@Call() call: ArmCall, @Query('$filter') filter?: unknown): Promise<ArmReply> {
    return this.pages.reply(call, await this.groups.list(call, this.pages.read(call), filter), renderGroup);
  }

  // Before the GET: Fastify makes a HEAD of every GET that has none yet.
  @Head(':resourceGroupName')
  @HttpCode(204)
  @Verb({
    id: 'ResourceGroups_CheckExistence',
    description: 'Answers 204 if it exists, 404 if not, both without a body.',
    summary: 'Whether a resource group exists.',
    action: `${actions}/read`,
    answers: { 204: null, 404: null },
  })
  async exists(@Call() call: ArmCall, @Param('resourceGroupName') name: string): Promise<ArmReply> {
    await this.groups.get(call, name);
    return noContent();
  }

  @Get(':resourceGroupName')
  @Verb({
    id: 'ResourceGroups_Get',
    description: 'Shows location, tags and state.',
    summary: 'One resource group.',
    action: `${actions}/read`,
    answers: { 200: resourceGroupView },
  })
  async get(@Call() call: ArmCall, @Param('resourceGroupName') name: string): Promise<ArmReply> {
    const group = await this.groups.get(call, name);
    return ok(renderGroup(group), { etag: etagOfGroup(group) });
  }

  @Put(':resourceGroupName')
  @Verb({
    id: 'ResourceGroups_CreateOrUpdate',
    description: 'The location of a group cannot change. Its registries may be in other regions.',
    summary: 'Creates a resource group, or replaces its tags.',
    action: `${actions}/write`,
    answers: { 200: resourceGroupView, 201: resourceGroupView },
  })
  async put(
    @Call() call: ArmCall,
    @Param('resourceGroupName') name: string,
    @Body({ schema: resourceGroupPut }) body: ResourceGroupPut,
  ): Promise<ArmReply> {
    const { group, isNew } = await this.groups.put(call, name, body);
    return (isNew ? created : ok)(renderGroup(group), { etag: etagOfGroup(group) });
  }

  @Patch(':resourceGroupName')
  @Verb({
    id: 'ResourceGroups_Update',
    description: 'Members that are not sent stay as they are.',
    summary: 'Replaces the tags of a resource group.',
    action: `${actions}/write`,
    answers: { 200: resourceGroupView },
  })
  async patch(
    @Call() call: ArmCall,
    @Param('resourceGroupName') name: string,
    @Body({ schema: resourceGroupPatch }) body: ResourceGroupPatch,
  ): Promise<ArmReply> {
    const group = await this.groups.patch(call, name, body);
    return ok(renderGroup(group), { etag: etagOfGroup(group) });
  }

  @Delete(':resourceGroupName')
  @Verb({
    id: 'ResourceGroups_Delete',
    description: 'Deletes the registries in it with all content and cannot be undone. Follow Location until it answers 200.',
    summary: 'Deletes a resource group and everything in it.',
    action: `${actions}/delete`,
    answers: { 202: null },
    longRunning: true,
  })
  async delete(@Call() call: ArmCall, @Param('resourceGroupName') name: string): Promise<ArmReply> {
    const operation = await this.groups.delete(call, name);
    return accepted({ operation: { name: operation.name, result: `/subscriptions/${operation.subscriptionId}/operationresults` } });
  }
}
