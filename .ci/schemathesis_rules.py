"""Rules that hold for valid requests too, because JSON Schema cannot say them. What is refused with 400 otherwise is a violation."""

import os
import re

import schemathesis

# The code of an error, with its target where there is one, and what its message says.
RULES = [
    # Depend on what there is.
    ("InvalidSkipToken.*", ".*"),
    ("PrincipalNotFound.*", ".*"),
    ("RoleAssignmentUpdateNotPermitted", ".* are not allowed to be updated."),
    ("InvalidParameter identity.userAssignedIdentities", "The user-assigned identity .* was not found: .*"),
    # Relations between members, and to the present time.
    ("InvalidParameter (secretExpiresOn|expiresOn)", ".* must be a time to come, at most ten years from now."),
    ("InvalidParameter identity.userAssignedIdentities", ".* must name at least one identity when identity.type is .*"),
    ("InvalidParameter identity.type", ".* when identities are named."),
    ("InvalidParameter properties.encryption.status", "Customer-managed keys are not supported: .*"),
    ("InvalidParameter properties.endpointProtocol", ".* needs dedicated data endpoints: .*"),
    ("InvalidParameter properties.policies.exportPolicy", ".* can be disabled only together with publicNetworkAccess: .*"),
    ("InvalidParameter (properties.)?tags.*", r".* names the tag .* twice \(tag names compare without regard to case\)\..*"),
    # A pattern says how the URL begins; not every text that begins so is one.
    ("InvalidParameter properties.encryption.keyVaultProperties.keyIdentifier", ".* must be the https URL of a key."),
    # Letters and digits of all alphabets are one range in the document, because not every engine knows \\p{L}.
    ("InvalidResourceGroup.*", ".*"),
    # Of the token endpoint: what does not exist; and a client may be named in a header, so that the form need not name it.
    ("90002|500011", ".* not found.*"),
    ("900144", ".* must contain the following parameter: 'client_id'. .*"),
]
# OpenAPI 3.0 has no schema for the names in an object.
if os.environ["DOCUMENT"] == "openapi-3.0.json":
    RULES += [
        ("InvalidParameter (properties.)?tags.*", r".* has a tag (without a name|name )\b.*"),
        ("InvalidParameter identity.userAssignedIdentities.*", ".* must be named by the resource id of a user-assigned identity.*"),
    ]


@schemathesis.check
def valid_data_is_refused_by_a_rule(_ctx, response, case):
    if response.status_code != 400 or case.meta is None or not case.meta.generation.mode.is_positive:
        return None
    # Made wrong on purpose, and taken for valid again because schemathesis judges a path as it is encoded.
    if getattr(case.meta.phase.data, "mutations", None):
        return None
    body = response.json()
    error = body["error"]
    if isinstance(error, str):
        name, message = "|".join(map(str, body["error_codes"])), body["error_description"]
    else:
        name, message = " ".join(filter(None, [error["code"], error.get("target")])), error["message"]
    known = any(re.fullmatch(one, name, re.DOTALL) and re.fullmatch(says, message, re.DOTALL) for one, says in RULES)
    assert known, f"Not a rule: {name}: {message}"
    return None
