"""Does with a client that openapi-python-client made (the package regatta_client) what its spec expects, and prints it as JSON."""

import json
import os
import time
from uuid import UUID

from regatta_client.api.registries import registries_create, registries_delete, registries_get, registries_list_by_resource_group
from regatta_client.api.resource_groups import resource_groups_create_or_update
from regatta_client.client import AuthenticatedClient
from regatta_client.models import RegionName, RegistryPut, RegistrySku, RegistrySkuName, ResourceGroupPut

client = AuthenticatedClient(base_url=os.environ["URL"], token=os.environ["TOKEN"], verify_ssl=os.environ["CA_FILE"])
group = (UUID(os.environ["SUBSCRIPTION"]), os.environ["GROUP"])
registry = (*group, os.environ["REGISTRY"])


def names():
    return [one.name for one in registries_list_by_resource_group.sync(*group, client=client).value]


def until(is_done):
    end = time.monotonic() + 60
    while not is_done(registries_get.sync_detailed(*registry, client=client)):
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.1)


created_group = resource_groups_create_or_update.sync_detailed(
    *group, client=client, body=ResourceGroupPut(location=RegionName.EASTUS)
)
body = RegistryPut(location=RegionName.EASTUS, sku=RegistrySku(name=RegistrySkuName.BASIC))
created = registries_create.sync_detailed(*registry, client=client, body=body)
until(lambda answer: answer.status_code == 200 and answer.parsed.properties.provisioning_state == "Succeeded")
listed = names()
deleted = registries_delete.sync_detailed(*registry, client=client)
until(lambda answer: answer.status_code == 404)

print(
    json.dumps(
        {
            "group": created_group.status_code,
            "registry": created.status_code,
            "sku": created.parsed.sku.name,
            "listed": listed,
            "deleted": deleted.status_code,
            "error": registries_get.sync(*registry, client=client).error.code,
            "left": names(),
        }
    )
)
