// A contender of the benchmark: a round-robin TCP balancer as one writes it in Go.
//
//	copy-proxy <port> <backend port>...
package main

import (
	"io"
	"log"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	backends := os.Args[2:]
	for next := 0; ; next++ {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(client.(*net.TCPConn), "127.0.0.1:"+backends[next%len(backends)])
	}
}

func serve(client *net.TCPConn, address string) {
	defer client.Close()
	dialled, err := net.Dial("tcp", address)
	if err != nil {
		client.SetLinger(0)
		return
	}
	backend := dialled.(*net.TCPConn)
	defer backend.Close()

	requestsDone := make(chan struct{})
	go func() {
		copyOneWay(backend, client)
		close(requestsDone)
	}()
	copyOneWay(client, backend)
	<-requestsDone
}

// copyOneWay passes the end of the data on as such, and ends both connections when either is broken.
func copyOneWay(to, from *net.TCPConn) {
	if _, err := io.Copy(to, from); err != nil {
		to.Close()
		from.Close()
		return
	}
	to.CloseWrite()
}
