package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"

	"github.com/vishvananda/netlink"
)

const (
	// podNetwork is where pods get their addresses, as kube-controller-manager hands it out to nodes.
	podNetwork = "10.244.0.0/16"
	// serviceNetwork is where Services get theirs. Nothing answers there: there is no kube-proxy.
	serviceNetwork = "10.96.0.0/16"
	// inside tells this program that it is in its own namespace.
	inside = "MASTOFERRY_TESTBED_INSIDE"
)

// enterNamespace starts this program again in a network namespace of its own and sets the network up there.
func enterNamespace() error {
	if os.Getenv(inside) != "" {
		return network()
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil {
		return errors.New("needs `unshare` of util-linux")
	}
	options := []string{"--net"}
	if os.Getuid() != 0 {
		options = []string{"--user", "--map-root-user", "--net"}
	}
	if out, err := exec.Command(unshare, append(options, "true")...).CombinedOutput(); err != nil {
		return fmt.Errorf("needs to be root, or leave to make a user namespace: %s", out)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	words := append(append([]string{"unshare"}, options...), append([]string{self}, os.Args[1:]...)...)
	return syscall.Exec(unshare, words, append(os.Environ(), inside+"=1"))
}

// network brings loopback up and makes every address of the pods' network this machine's own: what listens on
// 10.244.3.7 is reached at 10.244.3.7, and nothing leaves.
func network() error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	_, pods, err := net.ParseCIDR(podNetwork)
	if err != nil {
		return err
	}
	local := netlink.Route{
		LinkIndex: lo.Attrs().Index,
		Dst:       pods,
		Table:     syscall.RT_TABLE_LOCAL,
		Type:      syscall.RTN_LOCAL,
		Scope:     netlink.SCOPE_HOST,
	}
	if err := netlink.RouteReplace(&local); err != nil {
		return fmt.Errorf("route to %s: %w", podNetwork, err)
	}
	return nil
}
