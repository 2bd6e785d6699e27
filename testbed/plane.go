package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// startBound is how long a control plane may take to be ready on a busy machine of two cores.
	startBound = 3 * time.Minute
	// stopBound is how long a server may take to end before it is killed.
	stopBound = 5 * time.Second
)

// plane is a running control plane.
type plane struct {
	folder     string
	kubeconfig string
	etcd       *embed.Etcd
	servers    []*server
	// lost tells of the first server that ended by itself.
	lost chan error
}

// server is one of the plane's processes: this program again, being what its first argument says.
type server struct {
	name    string
	command *exec.Cmd
	log     string
	ended   chan struct{}
}

// startPlane returns when the API server is ready and the controllers are at work. The plane is to be stopped in any
// case.
func startPlane(ctx context.Context, folder string) (*plane, error) {
	ctx, cancel := context.WithTimeout(ctx, startBound)
	defer cancel()
	p := &plane{folder: folder, lost: make(chan error, 8)}
	ports, err := freePorts(3)
	if err != nil {
		return p, err
	}
	certificates, err := newAuthority(folder)
	if err != nil {
		return p, err
	}
	if err := errors.Join(certificates.serving(), certificates.kubelet(), certificates.serviceAccounts()); err != nil {
		return p, err
	}
	if err := p.startEtcd(ctx, ports[0], ports[1]); err != nil {
		return p, err
	}
	address := fmt.Sprintf("https://127.0.0.1:%d", ports[2])
	if p.kubeconfig, err = certificates.writeKubeconfig("kubeconfig", address, "admin", "system:masters"); err != nil {
		return p, err
	}
	if err := p.startAPIServer(certificates, ports[0], ports[2]); err != nil {
		return p, err
	}
	client, err := p.ready(ctx)
	if err != nil {
		return p, err
	}
	if err := p.startControllers(certificates, address); err != nil {
		return p, err
	}
	return p, p.populated(ctx, client)
}

// freePorts gives ports on loopback that nobody listened on a moment ago.
func freePorts(count int) ([]int, error) {
	ports := make([]int, 0, count)
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func (p *plane) startEtcd(ctx context.Context, clientPort, peerPort int) error {
	config := embed.NewConfig()
	config.Name = "testbed"
	config.Dir = filepath.Join(p.folder, "etcd")
	// Nothing here is to survive a crash.
	config.UnsafeNoFsync = true
	config.LogLevel = "error"
	config.LogOutputs = []string{filepath.Join(p.folder, "etcd.log")}
	loopback := func(port int) []url.URL {
		return []url.URL{{Scheme: "http", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port))}}
	}
	config.ListenClientUrls, config.AdvertiseClientUrls = loopback(clientPort), loopback(clientPort)
	config.ListenPeerUrls, config.AdvertisePeerUrls = loopback(peerPort), loopback(peerPort)
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return fmt.Errorf("etcd: %w", err)
	}
	p.etcd = etcd
	select {
	case <-etcd.Server.ReadyNotify():
		return nil
	case err := <-etcd.Err():
		return fmt.Errorf("etcd: %w", err)
	case <-ctx.Done():
		return fmt.Errorf("etcd is not ready: %w", ctx.Err())
	}
}

func (p *plane) startAPIServer(certificates *authority, etcdPort, port int) error {
	return p.start("kube-apiserver",
		"--etcd-servers=http://127.0.0.1:"+strconv.Itoa(etcdPort),
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		"--secure-port="+strconv.Itoa(port),
		"--tls-cert-file="+certificates.path("server.crt"),
		"--tls-private-key-file="+certificates.path("server.key"),
		"--client-ca-file="+certificates.path("ca.crt"),
		"--kubelet-client-certificate="+certificates.path("kubelet.crt"),
		"--kubelet-client-key="+certificates.path("kubelet.key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+certificates.path("accounts.key"),
		"--service-account-signing-key-file="+certificates.path("accounts.key"),
		"--service-cluster-ip-range="+serviceNetwork,
		// The Service `kubernetes` would have to lead to loopback, which the server itself refuses.
		"--endpoint-reconciler-type=none",
		"--authorization-mode=Node,RBAC",
		"--allow-privileged=true",
		"--profiling=false",
	)
}

func (p *plane) startControllers(certificates *authority, address string) error {
	controllers, err := certificates.writeKubeconfig("controllers", address, "system:kube-controller-manager", "")
	if err != nil {
		return err
	}
	err = p.start("kube-controller-manager",
		"--kubeconfig="+controllers,
		"--secure-port=0",
		"--leader-elect=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file="+certificates.path("accounts.key"),
		"--root-ca-file="+certificates.path("ca.crt"),
		"--allocate-node-cidrs=true",
		"--cluster-cidr="+podNetwork,
		"--service-cluster-ip-range="+serviceNetwork,
		"--profiling=false",
	)
	if err != nil {
		return err
	}
	scheduler, err := certificates.writeKubeconfig("scheduler", address, "system:kube-scheduler", "")
	if err != nil {
		return err
	}
	return p.start("kube-scheduler", "--kubeconfig="+scheduler, "--secure-port=0", "--leader-elect=false",
		"--profiling=false")
}

// start starts this program again as one of the servers of Kubernetes.
func (p *plane) start(name string, arguments ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	path := filepath.Join(p.folder, name+".log")
	log, err := os.Create(path)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(self, append([]string{name}, arguments...)...)
	command.Stdout, command.Stderr = log, log
	// In a process group of its own, for a terminal's interrupt is not for it; and it does not outlive this one.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s := &server{name: name, command: command, log: path, ended: make(chan struct{})}
	p.servers = append(p.servers, s)
	go func() {
		err := command.Wait()
		close(s.ended)
		p.lost <- fmt.Errorf("%s ended (%v); the end of its log:\n%s", name, err, tail(path))
	}()
	return nil
}

func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// ready waits for /readyz.
func (p *plane) ready(ctx context.Context) (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", p.kubeconfig)
	if err != nil {
		return nil, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return client, p.until(ctx, "kube-apiserver is not ready", func() error {
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// populated waits until pods can be made: until the controllers have given the first namespace its service account.
func (p *plane) populated(ctx context.Context, client *kubernetes.Clientset) error {
	return p.until(ctx, "kube-controller-manager does nothing", func() error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("service account: %w", err)
		}
		return err
	})
}

// until asks again and again, for the servers tell nobody when they are up.
func (p *plane) until(ctx context.Context, otherwise string, met func() error) error {
	for {
		err := met()
		if err == nil {
			return nil
		}
		select {
		case lost := <-p.lost:
			return lost
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", otherwise, errors.Join(ctx.Err(), err))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// stop ends the servers in the reverse order of their start.
func (p *plane) stop() {
	for at := len(p.servers) - 1; at >= 0; at-- {
		p.servers[at].stop()
	}
	if p.etcd != nil {
		p.etcd.Close()
	}
}

func (s *server) stop() {
	// Of what a server saves at its end nothing is wanted, and the API server would wait for its watchers.
	_ = s.command.Process.Kill()
	select {
	case <-s.ended:
	case <-time.After(stopBound):
	}
}
