"""Rules that hold for valid requests too, because JSON Schema cannot say them. What is refused with 400 otherwise is a violation."""

import schemathesis

# By code of the error, and by target where the code says too little.
RULES = {
    # Depend on what there is.
    "InvalidSkipToken": "a list takes the tokens that it gave out, and no others",
    "PrincipalNotFound": "the principal must exist",
    "RoleDefinitionDoesNotExist": "the role must exist",
    "RoleAssignmentUpdateNotPermitted": "a role assignment cannot become another one",
    # Relations between members.
    "InvalidParameter secretExpiresOn": "a time to come, at most ten years from now",
    "InvalidParameter expiresOn": "a time to come, at most ten years from now",
    "InvalidParameter properties.encryption.status": "keys of customers are not supported",
    "InvalidParameter properties.encryption.keyVaultProperties.keyIdentifier": "a URL that can be read",
    # Letters and digits of all alphabets are one range in the document, because not every engine knows \\p{L}.
    "InvalidResourceGroup": "letters and digits of all alphabets",
}
# Of the token endpoint: an authority, client or secret that does not exist, or is not given (it may be in the form or in a header).
SIGN_IN = {90002, 900144, 500011, 70011, 7000215, 700016, 7000216, 90014, 70003}


@schemathesis.check
def valid_data_is_refused_by_a_rule(_ctx, response, case):
    if response.status_code != 400 or case.meta is None or not case.meta.generation.mode.is_positive:
        return None
    body = response.json()
    if isinstance(body["error"], str):
        assert set(body["error_codes"]) <= SIGN_IN, f"Not a rule: {body}"
        return None
    code, target = body["error"]["code"], body["error"].get("target", "")
    assert code in RULES or f"{code} {target}" in RULES, f"Not a rule: {code} {target}: {body['error']['message']}"
    return None
