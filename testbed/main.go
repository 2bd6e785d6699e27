// Testbed runs a real Kubernetes control plane for tests: etcd, kube-apiserver, kube-controller-manager and
// kube-scheduler, on loopback, with throw-away certificates and a throw-away data folder, and nothing of it is left
// when it ends. There are no nodes: pods are run by whoever registers as one.
//
//	testbed                  starts, prints KUBECONFIG=… when all is ready, stays until SIGINT or SIGTERM, or until
//	                         its standard input ends where that is a pipe: the death of who holds the other end
//	testbed -- COMMAND…      starts, runs COMMAND with KUBECONFIG set, ends with its exit code
//
// It moves into a network namespace of its own first, in which pod addresses belong to this machine: a real API server
// takes no loopback addresses for endpoints.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// The exit code where the machine allows no network namespace; the tests are then skipped, not failed.
const exitNoNamespace = 77

func init() {
	// Children are told of the death of the thread that made them, so the main goroutine makes them and stays where
	// it is.
	runtime.LockOSThread()
}

// component gives the server of Kubernetes that this process is to be; none for the testbed itself.
func component(name string) *cobra.Command {
	switch name {
	case "kube-apiserver":
		return apiserver.NewAPIServerCommand()
	case "kube-controller-manager":
		return controllers.NewControllerManagerCommand()
	case "kube-scheduler":
		return scheduler.NewSchedulerCommand()
	}
	return nil
}

func main() {
	arguments := os.Args[1:]
	if len(arguments) > 0 {
		if server := component(arguments[0]); server != nil {
			server.SetArgs(arguments[1:])
			os.Exit(cli.Run(server))
		}
		if arguments[0] != "--" || len(arguments) == 1 {
			fmt.Fprintln(os.Stderr, "usage: testbed [-- COMMAND…]")
			os.Exit(2)
		}
		arguments = arguments[1:]
	}
	if err := enterNamespace(); err != nil {
		fmt.Fprintf(os.Stderr, "testbed: THE TESTBED DOES NOT RUN HERE: %v\n", err)
		os.Exit(exitNoNamespace)
	}
	code, err := run(arguments)
	if err != nil {
		fmt.Fprintf(os.Stderr, "testbed: %v\n", err)
	}
	os.Exit(code)
}

// run has the control plane up for as long as the command runs, or until a signal where there is none.
func run(command []string) (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	folder, err := newFolder()
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder)
	plane, err := startPlane(ctx, folder)
	defer plane.stop()
	if err != nil {
		return 1, err
	}
	if len(command) == 0 {
		fmt.Printf("KUBECONFIG=%s\n", plane.kubeconfig)
		select {
		case <-ctx.Done():
			return 0, nil
		case <-abandoned():
			return 0, nil
		case err := <-plane.lost:
			return 1, err
		}
	}
	return runCommand(ctx, plane, command)
}

// abandoned tells when the other end of a pipe on standard input is closed; it never does where there is no pipe.
func abandoned() <-chan struct{} {
	information, err := os.Stdin.Stat()
	if err != nil || information.Mode()&os.ModeNamedPipe == 0 {
		return nil
	}
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	return closed
}

// runCommand gives the command's exit code, or 1 when the control plane ended before it.
func runCommand(ctx context.Context, plane *plane, words []string) (int, error) {
	command := exec.Command(words[0], words[1:]...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.Env = append(os.Environ(), "KUBECONFIG="+plane.kubeconfig, "MASTOFERRY_TESTBED="+plane.folder)
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if err := command.Start(); err != nil {
		return 127, err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var lost error
	select {
	case err := <-ended:
		return exitCode(err)
	case lost = <-plane.lost:
	case <-ctx.Done():
	}
	// A terminal's interrupt has reached the command already; it then ends by itself.
	_ = command.Process.Signal(syscall.SIGTERM)
	code, err := exitCode(<-ended)
	if lost != nil {
		return 1, lost
	}
	return code, err
}

func exitCode(err error) (int, error) {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit) && exit.Exited():
		return exit.ExitCode(), nil
	default:
		return 1, err
	}
}
