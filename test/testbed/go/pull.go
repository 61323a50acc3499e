package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/crane"
	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
	"k8s.io/kubernetes/pkg/util/parsers"
)

// pullReport is what `pull` prints, as one line of JSON, on success and on failure.
type pullReport struct {
	Digest   string    `json:"digest,omitempty"`
	Username string    `json:"username,omitempty"`
	Matched  int       `json:"matched"`
	Layers   int       `json:"layers,omitempty"`
	Attempts []attempt `json:"attempts,omitempty"`
	Error    string    `json:"error,omitempty"`
}

type attempt struct {
	Username string `json:"username"`
	Secret   string `json:"secret,omitempty"`
	Error    string `json:"error,omitempty"`
}

// runPull pulls one image as a node would: the kubelet's own keyring chooses the entries of the given Secrets, and
// each is tried in that order until one works. Only when nothing matches is the pull anonymous.
func runPull() int {
	flags := flag.NewFlagSet("pull", flag.ExitOnError)
	image := flags.String("image", "", "image reference as in a pod")
	timeout := flags.Duration("timeout", time.Minute, "limit for the whole pull")
	resolve := resolver{}
	flags.Var(resolve, "resolve", "host=address: where to connect for an image host (repeatable)")
	_ = flags.Parse(os.Args[1:])

	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	report, err := pull(ctx, *image, flags.Args(), resolve)
	if err != nil {
		report.Error = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(report)
	if err != nil {
		return 1
	}
	return 0
}

func pull(ctx context.Context, image string, files []string, resolve resolver) (pullReport, error) {
	report := pullReport{}
	list, err := readSecrets(files)
	if err != nil {
		return report, err
	}
	// An empty keyring instead of the node's: a developer's own docker login must never help a test.
	keyring, err := secrets.MakeDockerKeyring(list, &credentialprovider.BasicDockerKeyring{})
	if err != nil {
		return report, err
	}
	repository, _, _, err := parsers.ParseImageName(image)
	if err != nil {
		return report, err
	}
	entries, _ := keyring.Lookup(repository)
	report.Matched = len(entries)
	if len(entries) == 0 {
		report.Digest, report.Layers, err = fetch(ctx, image, authn.Anonymous, resolve)
		return report, err
	}
	var failures []error
	for _, entry := range entries {
		digest, layers, err := fetch(ctx, image, authn.FromConfig(authn.AuthConfig{
			Username:      entry.Username,
			Password:      entry.Password,
			Auth:          entry.Auth,
			IdentityToken: entry.IdentityToken,
			RegistryToken: entry.RegistryToken,
		}), resolve)
		tried := attempt{Username: entry.Username, Secret: origin(entry)}
		if err == nil {
			report.Digest, report.Layers, report.Username = digest, layers, entry.Username
			report.Attempts = append(report.Attempts, tried)
			return report, nil
		}
		tried.Error = err.Error()
		report.Attempts = append(report.Attempts, tried)
		failures = append(failures, err)
	}
	return report, errors.Join(failures...)
}

func origin(entry credentialprovider.TrackedAuthConfig) string {
	if entry.Source == nil || entry.Source.Secret == nil {
		return ""
	}
	return entry.Source.Secret.Namespace + "/" + entry.Source.Secret.Name
}

// fetch reads the manifest and every layer to its end; the client compares each with its digest.
func fetch(ctx context.Context, image string, auth authn.Authenticator, resolve resolver) (string, int, error) {
	pulled, err := crane.Pull(image, clientOptions(ctx, auth, resolve)...)
	if err != nil {
		return "", 0, err
	}
	digest, err := pulled.Digest()
	if err != nil {
		return "", 0, err
	}
	layers, err := pulled.Layers()
	if err != nil {
		return "", 0, err
	}
	for _, layer := range layers {
		content, err := layer.Compressed()
		if err != nil {
			return "", 0, err
		}
		_, err = io.Copy(io.Discard, content)
		if err = errors.Join(err, content.Close()); err != nil {
			return "", 0, err
		}
	}
	return digest.String(), len(layers), nil
}

// readSecrets reads files ("-" is standard input) that hold a Secret, a list or array of Secrets, or the bare
// content of a .dockerconfigjson key.
func readSecrets(files []string) ([]v1.Secret, error) {
	var all []v1.Secret
	for _, file := range files {
		content, err := readInput(file)
		if err != nil {
			return nil, err
		}
		found, err := parseSecrets(content)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

func readInput(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(os.Stdin)
	}
	return os.ReadFile(file)
}

func parseSecrets(content []byte) ([]v1.Secret, error) {
	var array []v1.Secret
	if json.Unmarshal(content, &array) == nil {
		return array, nil
	}
	var shape struct {
		Auths json.RawMessage `json:"auths"`
		Items []v1.Secret     `json:"items"`
	}
	if err := json.Unmarshal(content, &shape); err != nil {
		return nil, err
	}
	if shape.Items != nil {
		return shape.Items, nil
	}
	secret := v1.Secret{}
	if shape.Auths != nil {
		secret.Type = v1.SecretTypeDockerConfigJson
		secret.Data = map[string][]byte{v1.DockerConfigJsonKey: content}
		return []v1.Secret{secret}, nil
	}
	err := json.Unmarshal(content, &secret)
	return []v1.Secret{secret}, err
}
