// Does with a client that oapi-codegen made (the package generated/regatta) what its spec expects, and prints it as JSON.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"time"

	"generated/regatta"

	"github.com/google/uuid"
)

const (
	apiVersion      = "2025-11-01"
	groupApiVersion = "2024-11-01"
)

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM(must(os.ReadFile(os.Getenv("CA_FILE"))))
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authorities}}
	client := must(regatta.NewClientWithResponses(
		os.Getenv("URL"),
		regatta.WithHTTPClient(&http.Client{Transport: transport}),
		regatta.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+os.Getenv("TOKEN"))
			return nil
		}),
	))
	subscription := uuid.MustParse(os.Getenv("SUBSCRIPTION"))
	group, name := os.Getenv("GROUP"), os.Getenv("REGISTRY")
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	list := func() []string {
		params := regatta.RegistriesListByResourceGroupParams{ApiVersion: apiVersion}
		listed := must(client.RegistriesListByResourceGroupWithResponse(ctx, subscription, group, &params))
		names := []string{}
		for _, registry := range listed.JSON200.Value {
			names = append(names, *registry.Name)
		}
		return names
	}
	get := func() *regatta.RegistriesGetResponse {
		params := regatta.RegistriesGetParams{ApiVersion: apiVersion}
		return must(client.RegistriesGetWithResponse(ctx, subscription, group, name, &params))
	}

	createdGroup := must(client.ResourceGroupsCreateOrUpdateWithResponse(
		ctx, subscription, group, &regatta.ResourceGroupsCreateOrUpdateParams{ApiVersion: groupApiVersion},
		regatta.ResourceGroupPut{Location: "eastus"},
	))
	created := must(client.RegistriesCreateWithResponse(
		ctx, subscription, group, name, &regatta.RegistriesCreateParams{ApiVersion: apiVersion},
		regatta.RegistryPut{Location: "eastus", Sku: regatta.RegistrySku{Name: "Basic"}},
	))
	for get().JSON200.Properties.ProvisioningState != regatta.RegistryPropertiesProvisioningStateSucceeded {
		time.Sleep(100 * time.Millisecond)
	}
	listed := list()
	deleted := must(client.RegistriesDeleteWithResponse(
		ctx, subscription, group, name, &regatta.RegistriesDeleteParams{ApiVersion: apiVersion},
	))
	for get().StatusCode() != http.StatusNotFound {
		time.Sleep(100 * time.Millisecond)
	}

	result := map[string]any{
		"group":    createdGroup.StatusCode(),
		"registry": created.StatusCode(),
		"sku":      created.JSON201.Sku.Name,
		"listed":   listed,
		"deleted":  deleted.StatusCode(),
		"error":    get().JSON404.Error.Code,
		"left":     list(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		log.Fatal(err)
	}
}
