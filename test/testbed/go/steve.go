package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rancher/dynamiclistener/server"
	stevecli "github.com/rancher/steve/pkg/server/cli"
)

// runSteve serves Steve over plain HTTP on loopback only: without an impersonation header it answers anybody as
// cluster administrator. It writes its SQL cache into the working directory.
func runSteve() int {
	flags := flag.NewFlagSet("steve", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "file with the cluster and an administrator's credential")
	port := flags.Int("http-port", 0, "port on 127.0.0.1 for plain HTTP")
	uiPath := flags.String("ui-path", "", "folder of a built dashboard to serve (default: none)")
	_ = flags.Parse(os.Args[1:])
	if *kubeconfig == "" || *port == 0 {
		fmt.Fprintln(os.Stderr, "steve: --kubeconfig and --http-port are required")
		return 2
	}

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	config := stevecli.Config{KubeConfig: *kubeconfig, UIPath: *uiPath, EnableHeaderAuthentication: true}
	steve, err := config.ToServer(ctx, true)
	if err == nil {
		err = steve.ListenAndServe(ctx, 0, *port, &server.ListenOpts{BindHost: "127.0.0.1", DisplayServerLogs: true})
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "steve:", err)
		return 1
	}
	return 0
}
