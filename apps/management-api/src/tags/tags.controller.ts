import { Body, Delete, Get, Param, Patch, Put } from '@nestjs/common';
import { ok, resourceGroupId, type ArmReply, type Tags } from '#lib/arm';
import { registryId } from '#lib/control';
import { Call, type ArmCall } from '../arm-http/arm-call.js';
import { ArmController, Verb } from '../arm-http/arm-controller.js';
import { RegistriesService } from '../registries/registries.service.js';
import { ResourceGroupsService } from '../resources/resource-groups.service.js';
import { patchedTags, renderTags, tagsPatch, tagsPut, tagsView, type TagsPatch, type TagsPut } from './tags.resource.js';

const action = 'Microsoft.Resources/tags';
const group = 'subscriptions/:subscriptionId/resourceGroups/:resourceGroupName';

/** The same four verbs at everything that has tags. */
function tagsAt(scope: string, suffix: string) {
  @ArmController({ area: 'resources', type: 'tags', tag: 'Tags', path: `${scope}/providers/Microsoft.Resources/tags/default` })
  class ScopeTagsController {
    constructor(
      readonly groups: ResourceGroupsService,
      readonly registries: RegistriesService,
    ) {}

    @Get()
    @Verb({
      id: `Tags_GetFor${suffix}`,
      description: 'Shows the tags of the resource, and nothing else of it.',
      summary: 'The tags at this scope.',
      action: `${action}/read`,
      answers: { 200: tagsView },
    })
    async get(@Call() call: ArmCall, @Param('registryName') registry?: string): Promise<ArmReply> {
      if (registry === undefined) return answer(call, call.resourceGroup!);
      return answer(call, await this.registries.get(call, registry), registry);
    }

    @Put()
    @Verb({
      id: `Tags_PutFor${suffix}`,
      description: 'Tags that are not sent are removed.',
      summary: 'Replaces the tags at this scope.',
      action: `${action}/write`,
      answers: { 200: tagsView },
    })
    put(@Call() call: ArmCall, @Body({ schema: tagsPut }) body: TagsPut, @Param('registryName') registry?: string): Promise<ArmReply> {
      return this.#change(call, registry, () => body.properties.tags);
    }

    @Patch()
    @Verb({
      id: `Tags_UpdateFor${suffix}`,
      description: '`operation` says how the tags that are sent meet those that are there: Merge, Replace or Delete.',
      summary: 'Merges, deletes or replaces tags at this scope.',
      action: `${action}/write`,
      answers: { 200: tagsView },
    })
    patch(
      @Call() call: ArmCall,
      @Body({ schema: tagsPatch }) body: TagsPatch,
      @Param('registryName') registry?: string,
    ): Promise<ArmReply> {
      return this.#change(call, registry, (present) => patchedTags(body, present));
    }

    @Delete()
    @Verb({
      id: `Tags_DeleteFor${suffix}`,
      description: 'Removes all tags. The resource itself stays.',
      summary: 'Deletes the tags at this scope.',
      action: `${action}/delete`,
      answers: { 200: null },
    })
    async delete(@Call() call: ArmCall, @Param('registryName') registry?: string): Promise<ArmReply> {
      await this.#change(call, registry, () => ({}));
      return ok(undefined);
    }

    async #change(call: ArmCall, registry: string | undefined, change: (present: Tags) => Tags): Promise<ArmReply> {
      if (registry === undefined) return answer(call, await this.groups.tag(call, change));
      return answer(call, await this.registries.tag(call, registry, change), registry);
    }
  }
  return ScopeTagsController;
}

function answer(call: ArmCall, { tags }: { tags: Tags }, registry?: string): ArmReply {
  const subscriptionId = call.subscription!.id;
  const resourceGroup = call.resourceGroup!.name;
  const scope =
    registry === undefined ? resourceGroupId(subscriptionId, resourceGroup) : registryId({ subscriptionId, resourceGroup, name: registry });
  return ok(renderTags(scope, tags));
}

export const tagsControllers = [
  tagsAt(group, 'ResourceGroup'),
  tagsAt(`${group}/providers/Microsoft.ContainerRegistry/registries/:registryName`, 'Registry'),
];
