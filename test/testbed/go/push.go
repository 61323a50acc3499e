package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// resolver maps an image host (with its port, if it has one) to the address to connect to.
type resolver map[string]string

func (r resolver) String() string { return "" }

func (r resolver) Set(value string) error {
	host, address, ok := strings.Cut(value, "=")
	if !ok {
		return fmt.Errorf("%q is not host=address", value)
	}
	r[host] = address
	return nil
}

// dial connects to loopback only: a test image whose host nobody mapped must not reach a real registry.
func (r resolver) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{address, host} {
		if target, ok := r[name]; ok {
			return (&net.Dialer{}).DialContext(ctx, network, target)
		}
	}
	if host == "localhost" {
		// The testbed's servers listen on IPv4 only.
		host, address = "127.0.0.1", net.JoinHostPort("127.0.0.1", port)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%s is not on loopback and no --resolve names it", net.JoinHostPort(host, port))
	}
	return (&net.Dialer{}).DialContext(ctx, network, address)
}

func clientOptions(ctx context.Context, auth authn.Authenticator, resolve resolver) []crane.Option {
	transport := &http.Transport{DialContext: resolve.dial}
	return []crane.Option{crane.WithContext(ctx), crane.WithAuth(auth), crane.Insecure, crane.WithTransport(transport)}
}

// runPush makes an image of two small layers and pushes it. The same seed gives the same digest.
func runPush() int {
	flags := flag.NewFlagSet("push", flag.ExitOnError)
	image := flags.String("image", "", "where to push")
	username := flags.String("username", "", "user; without one the push is anonymous")
	seed := flags.Int64("seed", 1, "content of the image")
	timeout := flags.Duration("timeout", time.Minute, "limit for the whole push")
	resolve := resolver{}
	flags.Var(resolve, "resolve", "host=address: where to connect for an image host (repeatable)")
	_ = flags.Parse(os.Args[1:])

	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	digest, err := push(ctx, *image, *username, *seed, resolve)
	result := map[string]string{"digest": digest}
	if err != nil {
		result = map[string]string{"error": err.Error()}
	}
	_ = json.NewEncoder(os.Stdout).Encode(result)
	if err != nil {
		return 1
	}
	return 0
}

// push reads the password from standard input: arguments are visible to every user of the machine.
func push(ctx context.Context, image, username string, seed int64, resolve resolver) (string, error) {
	auth := authn.Anonymous
	if username != "" {
		password, err := io.ReadAll(os.Stdin)
		if err != nil {
			return "", err
		}
		auth = &authn.Basic{Username: username, Password: string(password)}
	}
	made, err := random.Image(1024, 2, random.WithSource(rand.NewSource(seed)))
	if err != nil {
		return "", err
	}
	if err := crane.Push(made, image, clientOptions(ctx, auth, resolve)...); err != nil {
		return "", err
	}
	digest, err := made.Digest()
	return digest.String(), err
}
